import type { Context, Issued } from '../core/vendor.ts'
import type { ClientAuth } from './client-auth.ts'
import { expiryOf } from './expiry.ts'
import { readTokenAnswer, type TokenShape } from './token-answer.ts'
import { type Answer, tokenRequest } from './token-endpoint.ts'

interface TokenEndpoint {
  readonly url: URL
  readonly clientAuth: ClientAuth
  /** @default the names of RFC 6749 */
  readonly shape?: TokenShape
}

/** RFC 6749 section 4.4. `parameters` are sent beside `grant_type`; their `scope` is what the token is good for. */
export async function clientCredentialsGrant(
  { url, clientAuth, shape }: TokenEndpoint,
  parameters: Readonly<Record<string, string>>,
  context: Context,
): Promise<Issued> {
  const sentAt = context.now()
  const body = new URLSearchParams({ grant_type: 'client_credentials', ...parameters })
  const answer = await tokenRequest({ url, headers: clientAuth, body }, context)
  return issuedFrom(answer, { shape, sentAt, policy: context.policy, scope: parameters.scope })
}

interface Sent {
  readonly shape: TokenShape | undefined
  readonly sentAt: Date
  readonly policy: Context['policy']
  /** What was asked for. RFC 6749 section 5.1: the answer may leave it out when it is what was given. */
  readonly scope?: string | undefined
}

/** What an answer gives us, counted from when its request was sent. */
export function issuedFrom(answer: Answer, { shape, sentAt, policy, scope: asked }: Sent): Issued {
  const { accessToken: value, refreshToken, expiresIn, scope = asked, context } = readTokenAnswer(answer, shape)
  const { expiresAt, warnings } = expiryOf({ stated: expiresIn, token: value, sentAt, policy })
  return {
    accessToken: { value, issuedAt: sentAt, expiresAt, ...(scope && { scope }), context },
    ...(refreshToken && { refreshToken }),
    warnings,
  }
}
