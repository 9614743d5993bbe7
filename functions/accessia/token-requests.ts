import { isFailure } from '../kit/errors.ts'
import type { Secret } from '../kit/secret.ts'
import type { Context, Issued } from '../kit/vendor.ts'
import { issuedFrom } from '../oauth/grants.ts'
import { jsonOf } from '../oauth/parameters.ts'
import { RFC_6749, type TokenShape } from '../oauth/token-answer.ts'
import { tokenRequest } from '../oauth/token-endpoint.ts'
import { presentInTime } from '../oauth/vendor-clock.ts'
import { joinPath } from '../oauth/vendor-url.ts'
import type { Answer } from '../oauth/whole-answer.ts'
import { identityJwt } from './identity-jwt.ts'

const REFRESH: TokenShape = {
  ...RFC_6749,
  accessToken: 'accessToken',
  refreshToken: 'refreshToken',
  expiresIn: 'expiresIn',
  context: { api_base_url: 'accessiaApisUrl', domain: 'domain' },
  advice: { configuration: 'check the Authentication URL' },
}

// Accessia documents no errors (docs.accessia.com/integrations, 2026-11). An exchange sends only our own proof, so a
// refusal is about our credentials.
const EXCHANGE: TokenShape = {
  ...REFRESH,
  means: { 400: 'credential_rejected', invalid_grant: 'credential_rejected' },
  advice: {
    ...REFRESH.advice,
    credential_rejected: 'was the secret regenerated? copy a new one from the integration in the Accessia portal',
  },
}

/** Returns undefined when the refresh token is refused: the secret can still obtain a new pair. */
export async function refresh(base: URL, refreshToken: Secret, context: Context): Promise<Issued | undefined> {
  const sentAt = context.now()
  const answer = await tokenRequest({ url: joinPath(base, '/refresh'), body: jsonOf({ refreshToken }) }, context)
  try {
    return issuedFrom(answer, { shape: REFRESH, sentAt }, context)
  } catch (error) {
    if (isRefused(error, answer)) return undefined
    throw error
  }
}

// Any 4xx is a refusal, except those about the address (404) or the moment (408, 425, 429).
const isRefused = (error: unknown, { status }: Answer): boolean =>
  isFailure(error, 'grant_rejected', 'credential_rejected') ||
  (isFailure(error, 'configuration') && status >= 400 && status !== 404)

interface Integration {
  readonly integration_id: string
  readonly secret: Secret
}

/** Exchanges an identity JWT for a token and a refresh token. */
export async function exchange(base: URL, { integration_id, secret }: Integration, context: Context): Promise<Issued> {
  const url = joinPath(base, '/exchange/integration')
  const present = async (now: Date): Promise<Answer> => {
    const token = await identityJwt(secret, now)
    return tokenRequest({ url, body: jsonOf({ token, integrationId: integration_id }) }, context)
  }
  const sentAt = context.now()
  const answer = await presentInTime({ present, isRefusal: ({ status }) => [400, 401, 403].includes(status), sentAt })
  return issuedFrom(answer, { shape: EXCHANGE, sentAt }, context)
}
