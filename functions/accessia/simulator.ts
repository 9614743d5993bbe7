import { randomBytes, randomUUID } from 'node:crypto'
import { signHs256, verifyHs256 } from '../simulation/hs256.ts'
import type {
  JsonObject,
  SimulatedVendor,
  VendorAnswer,
  VendorCall,
  VendorSimulator,
} from '../simulation/vendor-simulator.ts'
import { answer, bearerOf, jsonObject, lifetimeOf, mediaTypeOf, secondsOf } from '../simulation/vendor-simulator.ts'

/** What the portal shows once when an integration is added, for the one integration there is. */
export const accessiaIntegration = {
  integrationId: 'int-0001',
  authenticationUrl: 'https://main.cloud.accessia.com/auth',
  secret: 'bG9jYWwtc2ltdWxhdG9yLWludGVncmF0aW9uLXNlY3I',
} as const

const DOMAIN = 'main.cloud.accessia.com'
const SIX_HOURS = 21_600
// How long a refresh token lives is not documented.
const REFRESH_SECONDS = 30 * 86_400
const CLOCK_AHEAD_SECONDS = 60
const IDENTITY_SECONDS = 600

export const connections: SimulatedVendor['connections'] = () => ({
  main: {
    authentication_url: accessiaIntegration.authenticationUrl,
    integration_id: accessiaIntegration.integrationId,
    secret: accessiaIntegration.secret,
  },
})

/** Source: docs.accessia.com/integrations. Statuses and bodies of errors are not documented; these are plain ones. */
export function simulator(): VendorSimulator {
  // The key is the decoded secret. Signing with its characters makes a well-formed token that nobody accepts.
  const integrationKey = Buffer.from(accessiaIntegration.secret, 'base64url')
  const seen = new Set<unknown>()
  const revoked = new Set<string>()
  let tokenKey = randomBytes(32)

  function issue(call: VendorCall, use: 'access' | 'refresh', seconds: number): string {
    const iat = secondsOf(call.now)
    return signHs256(
      { sub: accessiaIntegration.integrationId, use, iat, exp: iat + seconds, jti: randomUUID() },
      tokenKey,
    )
  }

  function isLive(token: unknown, use: 'access' | 'refresh', now: Date): boolean {
    if (typeof token !== 'string' || revoked.has(token)) return false
    const claims = verifyHs256(token, tokenKey)
    return claims?.use === use && Number(claims.exp) > secondsOf(now)
  }

  function tokenAnswer(call: VendorCall, refreshToken?: string): VendorAnswer {
    const life = lifetimeOf(call, SIX_HOURS)
    return answer(200, {
      accessToken: issue(call, 'access', life.seconds),
      ...(refreshToken && { refreshToken }),
      expiresIn: life.claimed,
      domain: DOMAIN,
      accessiaApisUrl: `https://${DOMAIN}/apis`,
    })
  }

  function exchange(call: VendorCall, body: JsonObject): VendorAnswer {
    if (typeof body.token !== 'string' || typeof body.integrationId !== 'string') return badRequest
    if (body.integrationId !== accessiaIntegration.integrationId) return refusedClient
    const identity = verifyHs256(body.token, integrationKey)
    if (!identity || !isTimely(identity, call.now) || seen.has(identity.jti)) return refusedClient
    if (identity.jti !== undefined) seen.add(identity.jti)
    return tokenAnswer(call, issue(call, 'refresh', REFRESH_SECONDS))
  }

  /** The answer names no refresh token, and the one that was sent can be used again. */
  function refresh(call: VendorCall, body: JsonObject): VendorAnswer {
    if (typeof body.refreshToken !== 'string') return badRequest
    return isLive(body.refreshToken, 'refresh', call.now) ? tokenAnswer(call) : refusedClient
  }

  function groups(call: VendorCall): VendorAnswer {
    if (!isLive(bearerOf(call), 'access', call.now)) return refusedClient
    const all = [
      { id: '1', name: 'Office' },
      { id: '2', name: 'Warehouse' },
    ]
    return answer(200, { groups: all.slice(0, Number(call.query.get('limit') ?? 25)) })
  }

  return {
    vendor: 'accessia',
    answersFor: (host) => host === DOMAIN,
    isTokenPath: (path) => path === '/auth/exchange/integration' || path === '/auth/refresh',
    respond(call) {
      const route = `${call.method} ${call.path}`
      if (route === 'GET /apis/groups') return groups(call)
      if (route !== 'POST /auth/exchange/integration' && route !== 'POST /auth/refresh') return notFound
      if (mediaTypeOf(call) !== 'application/json') return answer(415, { error: 'Unsupported Media Type' })
      const body = jsonObject(call.body)
      if (!body) return badRequest
      return route === 'POST /auth/refresh' ? refresh(call, body) : exchange(call, body)
    },
    refusedClient,
    tokenMember: 'accessToken',
    revoke: (token) => void revoked.add(token),
    // With another key no token signed so far verifies.
    revokeAll: () => {
      tokenKey = randomBytes(32)
    },
  }
}

const badRequest = answer(400, { error: 'Bad Request' })
const notFound = answer(404, { error: 'Not Found' })
const refusedClient = answer(401, { error: 'Unauthorized' })

/** `iat` and `exp` are required; the vendor asks for "a few minutes" between them. */
function isTimely({ iat, exp }: JsonObject, now: Date): boolean {
  if (typeof iat !== 'number' || typeof exp !== 'number') return false
  const clock = secondsOf(now)
  return iat <= clock + CLOCK_AHEAD_SECONDS && exp > clock && exp > iat && exp - iat <= IDENTITY_SECONDS
}
