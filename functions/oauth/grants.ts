import type { Secret } from '../kit/secret.ts'
import type { Context, Issued } from '../kit/vendor.ts'
import { UNATTENDED } from './error-codes.ts'
import { expiryOf } from './expiry.ts'
import { grantEnd } from './grant-end.ts'
import type { Parameters } from './parameters.ts'
import { RFC_6749, readTokenAnswer, type TokenShape } from './token-answer.ts'
import { type Endpoint, type Presented, presentTo } from './token-endpoint.ts'
import type { Answer } from './whole-answer.ts'

export interface TokenEndpoint extends Endpoint {
  /** @default the names of RFC 6749 */
  readonly shape?: TokenShape
}

/** RFC 6749 section 4.4. `parameters` are sent beside `grant_type`; their `scope` is what the token is good for. */
export const clientCredentialsGrant = (
  endpoint: TokenEndpoint,
  parameters: Parameters,
  context: Context,
): Promise<Issued> =>
  unattendedGrant(endpoint, { parameters: { grant_type: 'client_credentials', ...parameters } }, context)

/** RFC 6749 section 6. The scope is left out, which asks for the one that was granted. */
export const refreshTokenGrant = (endpoint: TokenEndpoint, refreshToken: Secret, context: Context): Promise<Issued> =>
  grant(endpoint, { parameters: { grant_type: 'refresh_token', refresh_token: refreshToken } }, context)

export interface CodeGrant {
  readonly code: Secret
  /** The one the authorization request named. */
  readonly redirectUri: string
  /** RFC 7636 section 4.5, for a request that sent its challenge. */
  readonly codeVerifier?: Secret
  /** @default 'authorization_code' */
  readonly grantType?: string
}

/** RFC 6749 section 4.1.3. Sent once, whatever comes back: a code is good for one use. */
export const authorizationCodeGrant = (
  endpoint: TokenEndpoint,
  { code, redirectUri, codeVerifier, grantType = 'authorization_code' }: CodeGrant,
  context: Context,
): Promise<Issued> =>
  grant(
    endpoint,
    { parameters: { grant_type: grantType, code, redirect_uri: redirectUri, code_verifier: codeVerifier } },
    context,
  )

/** A grant of the client's own (RFC 6749 section 1.3.4): nobody has consented, so that nobody's consent ends or is renewed. */
export async function unattendedGrant(endpoint: TokenEndpoint, request: Presented, context: Context): Promise<Issued> {
  const shape: TokenShape = endpoint.shape ?? RFC_6749
  const unattended = { ...shape, means: { ...UNATTENDED, ...shape.means } }
  const { grantEndsAt: _, ...issued } = await grant({ ...endpoint, shape: unattended }, request, context)
  return issued
}

async function grant(endpoint: TokenEndpoint, request: Presented, context: Context): Promise<Issued> {
  const sentAt = context.now()
  const answer = await presentTo(endpoint, request, context)
  const { scope } = { ...request.parameters, ...endpoint.parameters }
  const requestedScope = typeof scope === 'string' ? scope : undefined
  return issuedFrom(answer, { shape: endpoint.shape, sentAt, scope: requestedScope }, context)
}

interface Sent {
  readonly shape: TokenShape | undefined
  readonly sentAt: Date
  /** RFC 6749 section 5.1: the answer may leave it out when it is what was given. */
  readonly scope?: string | undefined
}

/** What an answer gives us, counted from when its request was sent. */
export function issuedFrom(answer: Answer, { shape, sentAt, scope: requestedScope }: Sent, context: Context): Issued {
  const {
    accessToken: value,
    refreshToken,
    expiresIn,
    grantExpiresIn,
    scope = requestedScope,
    context: used,
  } = readTokenAnswer(answer, shape, context.received)
  const { expiresAt, warnings } = expiryOf({ stated: expiresIn, token: value, sentAt, policy: context.policy })
  const grantEndsAt = grantEnd(grantExpiresIn, sentAt)
  return {
    accessToken: { value, issuedAt: sentAt, expiresAt, ...(scope && { scope }), context: used },
    ...(refreshToken && { refreshToken }),
    ...(grantEndsAt && { grantEndsAt }),
    warnings,
  }
}
