import { randomBytes, randomUUID } from 'node:crypto'
import { lazyKeyPair, signRs512, verifyRs512 } from '../simulation/rs512.ts'
import type {
  JsonObject,
  SimulatedVendor,
  VendorAnswer,
  VendorCall,
  VendorSimulator,
} from '../simulation/vendor-simulator.ts'
import { answer, bearerOf, formOf, lifetimeOf, secondsOf } from '../simulation/vendor-simulator.ts'

const STS = 'sts-demo.clearid.io'
const IDENTITY_SERVICE = 'identityservice-demo.clearid.io'
const ACCOUNT = 'acme'
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const HOUR = 3600
// Neither the longest life of an assertion nor how far clocks may differ is documented; the sample lives an hour.
const ASSERTION_SECONDS = 3600
const CLOCK_AHEAD_SECONDS = 60

/** The two API integrations there are: one signs in with its key, the other with its secret. */
const integrations = {
  demo: {
    clientId: `11111111-2222-4333-8444-555555555555:${ACCOUNT}`,
    kid: `66666666-7777-4888-8999-000000000000:${ACCOUNT}`,
  },
  secret: {
    clientId: `aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee:${ACCOUNT}`,
    clientSecret: 'local+simulator/clearid&secret=',
  },
} as const

const integrationKey = lazyKeyPair()
const stsKey = lazyKeyPair()

/** What "Download authentication key" gives, for each integration. The key is made anew in every process. */
export const clearidKeyFiles = {
  demo: (): JsonObject => ({ ...bases, clientId: integrations.demo.clientId, key: downloadedKey() }),
  secret: (): JsonObject => ({ ...bases, ...integrations.secret }),
} as const

const bases = {
  accountId: ACCOUNT,
  stsUrl: `https://${STS}`,
  identityServiceUrl: `https://${IDENTITY_SERVICE}`,
  principalServiceUrl: 'https://principalservice-demo.clearid.io',
  teamServiceUrl: 'https://teamservice-demo.clearid.io',
  roleServiceUrl: 'https://roleservice-demo.clearid.io',
  identityRequestServiceUrl: 'https://identityrequestservice-demo.clearid.io',
  webhooksServiceUrl: 'https://webhooksservice-demo.clearid.io',
}

/** Neither PEM nor JWK: members called as in .NET's RSAParameters, in Base64 as .NET writes bytes. */
function downloadedKey(): JsonObject {
  const { n, e, d, p, q, dp, dq, qi } = integrationKey().privateKey.export({ format: 'jwk' })
  const parts = { modulus: n, exponent: e, d, p, q, dp, dq, inverseQ: qi }
  const asBase64 = Object.entries(parts).map(([name, part]) => [
    name,
    Buffer.from(part ?? '', 'base64url').toString('base64'),
  ])
  return { kid: integrations.demo.kid, keyType: 'RSA', algorithm: 'RS512', ...Object.fromEntries(asBase64) }
}

export const connections: SimulatedVendor['connections'] = () => ({
  demo: clearidKeyFiles.demo(),
  secret: clearidKeyFiles.secret(),
})

/**
 * Source: Genetec ClearID developer guide, "Authenticate with JWT assertion token" and "with client secret", and its
 * sample token. Errors are not documented; they are those of IdentityServer, which the sample looks like: always 400.
 */
export function simulator(): VendorSimulator {
  const seen = new Set<unknown>()
  const live = new Map<string, number>()

  function grant(call: VendorCall): VendorAnswer {
    const form = formOf(call)
    if (!form) return oauthError('invalid_request')
    // The colon of the id would end it in a Basic header, so no client is found.
    if (call.headers.authorization !== undefined) return refusedClient
    if (form.scope !== undefined) return oauthError('invalid_scope')
    if (form.grant_type === 'client_credentials') return withSecret(call, form)
    if (form.grant_type === JWT_BEARER) return withAssertion(call, form)
    return oauthError(form.grant_type ? 'unsupported_grant_type' : 'invalid_request')
  }

  function withSecret(call: VendorCall, { client_id, client_secret }: Form): VendorAnswer {
    const { clientId, clientSecret } = integrations.secret
    const known = client_id === clientId && client_secret === clientSecret
    return known ? tokenAnswer(call, clientId, 'client_secret') : refusedClient
  }

  function withAssertion(call: VendorCall, { client_id, assertion }: Form): VendorAnswer {
    const { clientId, kid } = integrations.demo
    if (client_id !== clientId) return refusedClient
    if (!assertion) return oauthError('invalid_request')
    const jws = verifyRs512(assertion, integrationKey().publicKey)
    if (jws?.header.kid !== kid || jws.header.typ !== 'JWT') return oauthError('invalid_grant')
    const { iss, sub, aud, jti } = jws.claims
    const named = iss === clientId && sub === clientId && aud === 'iams-sts'
    if (!named || !isTimely(jws.claims, call.now) || seen.has(jti)) return oauthError('invalid_grant')
    if (typeof jti !== 'string' || !/^[0-9a-f]{32}$/i.test(jti)) return oauthError('invalid_grant')
    seen.add(jti)
    return tokenAnswer(call, clientId, 'assertion')
  }

  function tokenAnswer(call: VendorCall, clientId: string, method: string): VendorAnswer {
    const life = lifetimeOf(call, HOUR)
    const iat = secondsOf(call.now)
    const exp = iat + life.seconds
    const claims = {
      ...{ iss: `https://${STS}`, nbf: iat, iat, exp, client_id: clientId, sub: clientId.split(':')[0] },
      ...{ idp: 'local', role: 'Service', account_id: ACCOUNT, jti: randomBytes(16).toString('hex').toUpperCase() },
      ...{ scope: SCOPES, amr: [method] },
    }
    const token = signRs512({ kid: 'iams-sts-signing-credential', typ: 'at+jwt' }, claims, stsKey().privateKey)
    live.set(token, exp)
    const body = { access_token: token, expires_in: life.claimed, token_type: 'Bearer', scope: SCOPES.join(' ') }
    return answer(200, body, { 'Cache-Control': 'no-store, no-cache, max-age=0' })
  }

  function identities(call: VendorCall, account: string): VendorAnswer {
    const exp = live.get(bearerOf(call) ?? '') ?? 0
    if (exp <= secondsOf(call.now)) return answer(401, '', { 'WWW-Authenticate': 'Bearer error="invalid_token"' })
    if (account !== ACCOUNT) return answer(403, '')
    // Made up: the members of an identity are not in the guide's pages on authentication.
    const all = ['ada', 'grace'].map((name) => ({ identityId: randomUUID(), externalId: name, firstName: name }))
    const wanted = call.query.get('ExternalId')
    return answer(200, { items: all.filter(({ externalId }) => wanted === null || externalId === wanted) })
  }

  return {
    vendor: 'clearid',
    answersFor: (host) => host === STS || host === IDENTITY_SERVICE,
    isTokenPath: (path) => path === '/connect/token',
    respond(call) {
      const route = `${call.method} ${call.host}${call.path}`
      if (route === `POST ${STS}/connect/token`) return grant(call)
      const account = IDENTITIES.exec(route)?.[1]
      return account ? identities(call, account) : answer(404, '')
    },
    refusedClient,
    tokenMember: 'access_token',
    revoke: (token) => void live.delete(token),
    revokeAll: () => live.clear(),
  }
}

type Form = Partial<Record<string, string>>

const IDENTITIES = new RegExp(`^GET ${IDENTITY_SERVICE}/api/v2/accounts/([^/]+)/identities$`)
const SCOPES = ['iams-all-permissions-delegated', 'iams-api', 'iams-roles', 'openid']

const oauthError = (error: string) => answer(400, { error })
const refusedClient = oauthError('invalid_client')

function isTimely({ iat, nbf, exp }: JsonObject, now: Date): boolean {
  if (typeof iat !== 'number' || typeof nbf !== 'number' || typeof exp !== 'number') return false
  const clock = secondsOf(now)
  const begun = Math.max(iat, nbf) <= clock + CLOCK_AHEAD_SECONDS
  return begun && exp > clock && exp > iat && exp - iat <= ASSERTION_SECONDS
}
