import { randomBytes } from 'node:crypto'
import type { SimulatedVendor, VendorAnswer, VendorCall, VendorSimulator } from '../simulation/vendor-simulator.ts'
import { answer, bearerOf, formOf, lifetimeOf, secondsOf } from '../simulation/vendor-simulator.ts'

/** The one deployment there is, and its two service applications. */
export const acceloDeployment = 'acme'
export const acceloClients = {
  hq: { clientId: 'hq1234@acme.accelo.com', clientSecret: 'hq-Secret.value_1' },
  ro: { clientId: 'ro5678@acme.accelo.com', clientSecret: 'ro-Secret.value_2' },
} as const

const TOKEN_PATHS = ['/oauth2/v0/token', '/oauth2/v0/token.json']
const THIRTY_DAYS = 2_592_000
const SCOPE = /^(read|write)\(\w+(,\w+)*\)(,(read|write)\(\w+(,\w+)*\))*$/
const HOURLY_QUOTA = 5000
const LOCK_SECONDS = 300
const FAILURES_ALLOWED = 100

/** One application that may do everything, and one that may only read. */
export const connections: SimulatedVendor['connections'] = () => ({
  hq: documentOf(acceloClients.hq, 'read(all),write(all)'),
  readonly: documentOf(acceloClients.ro, 'read(all)'),
})

const documentOf = ({ clientId, clientSecret }: { clientId: string; clientSecret: string }, scope: string) => ({
  deployment: acceloDeployment,
  client_id: clientId,
  client_secret: clientSecret,
  scope,
})

/** Source: Accelo API documentation, Authentication and Status Codes; its wiki page "Service Applications". */
export function simulator(): VendorSimulator {
  const secrets = new Map<string, string>(Object.values(acceloClients).map((c) => [c.clientId, c.clientSecret]))
  const tokens = new Map<string, { readonly clientId: string; readonly expiry: number }>()
  let failures: number[] = []
  let lockedUntil = 0
  let quota = { hour: 0, used: 0 }

  /** The client id, or the refusal to send. Each attempt during a lock-out starts the five minutes again. */
  function authenticate(call: VendorCall): string | VendorAnswer {
    const now = secondsOf(call.now)
    if (now < lockedUntil) {
      lockedUntil = now + LOCK_SECONDS
      // The documentation gives no status for this code, only Retry-After.
      const locked = oauthError(429, 'too_many_failed_logins', 'Too many failed logins, wait before trying again.')
      return { ...locked, headers: { 'Retry-After': String(LOCK_SECONDS) } }
    }
    const basic = /^Basic ([A-Za-z0-9+/]+={0,2})$/i.exec(call.headers.authorization ?? '')?.[1] ?? ''
    // Raw, as in the vendor's own samples: the @ of a client id is not percent-encoded.
    const pair = Buffer.from(basic, 'base64').toString()
    const clientId = pair.slice(0, Math.max(0, pair.indexOf(':')))
    if (clientId && secrets.get(clientId) === pair.slice(clientId.length + 1)) return clientId
    failures = [...failures.filter((at) => at > now - LOCK_SECONDS), now]
    if (failures.length > FAILURES_ALLOWED) lockedUntil = now + LOCK_SECONDS
    return refusedClient
  }

  function token(call: VendorCall): VendorAnswer {
    const form = formOf(call)
    if (!form) return oauthError(400, 'invalid_request', 'A form with each parameter once is required.')
    const client = authenticate(call)
    if (typeof client !== 'string') return client
    const { grant_type, scope = 'read(all)', expires_in = String(THIRTY_DAYS) } = form
    if (!grant_type) return oauthError(400, 'invalid_request', 'grant_type is required.')
    if (grant_type !== 'client_credentials')
      return oauthError(400, 'unsupported_grant_type', 'Only client_credentials.')
    if (!SCOPE.test(scope)) return oauthError(400, 'invalid_scope', 'The scope is malformed.')
    if (!/^[1-9]\d{0,9}$/.test(expires_in)) return oauthError(400, 'invalid_request', 'expires_in must be seconds.')

    const life = lifetimeOf(call, Number(expires_in))
    const accessToken = `${randomBytes(9).toString('base64url')}_${client.slice(0, 2)}`
    tokens.set(accessToken, { clientId: client, expiry: secondsOf(call.now) + life.seconds })
    return answer(200, {
      access_token: accessToken,
      token_type: 'bearer',
      // A string, as in the documented answer for service applications.
      expires_in: call.lifetime === undefined ? expires_in : life.claimed,
      deployment: acceloDeployment,
      deployment_name: 'Acme',
      deployment_uri: 'acme.accelo.com',
      account_id: '17',
      account_details: { firstname: 'Ada', surname: 'Acme', email: 'ada@acme.example', user_access: {}, locale: {} },
    })
  }

  function revokeToken(call: VendorCall): VendorAnswer {
    const form = formOf(call)
    if (!form?.token) return oauthError(400, 'invalid_request', 'token is required, once.')
    const client = authenticate(call)
    if (typeof client !== 'string') return client
    const owner = tokens.get(form.token)?.clientId
    if (owner !== client) return oauthError(400, 'invalid_request', 'Not a token of this client.')
    tokens.delete(form.token)
    return meta(200, 'ok', 'Everything executed as expected.', {})
  }

  function tokeninfo(call: VendorCall): VendorAnswer {
    const bearer = bearerOf(call)
    const twice = bearer && call.query.has('_bearer_token')
    if (twice) return meta(400, 'invalid_request', 'Send the token in one place only.')
    const held = tokens.get(bearer ?? '')
    const now = secondsOf(call.now)
    if (!held || held.expiry <= now) return meta(401, 'invalid_client', 'The access token is invalid or expired.')

    const hour = Math.floor(now / 3600)
    quota = quota.hour === hour ? { hour, used: quota.used + 1 } : { hour, used: 1 }
    const limits = {
      'X-RateLimit-Limit': String(HOURLY_QUOTA),
      'X-RateLimit-Remaining': String(Math.max(0, HOURLY_QUOTA - quota.used)),
      'X-RateLimit-Reset': String((hour + 1) * 3600),
    }
    const spent = quota.used > HOURLY_QUOTA
    if (spent) return { ...meta(429, 'too_many_requests', 'Hourly quota reached.'), headers: limits }
    const who = { email: 'ada@acme.example', firstname: 'Ada', surname: 'Acme', staff_id: '17', locale: 'en' }
    const info = { ...who, deployment: acceloDeployment, expiry_date: held.expiry }
    return { ...meta(200, 'ok', 'Everything executed as expected.', info), headers: limits }
  }

  return {
    vendor: 'accelo',
    answersFor: (host) => host.endsWith('.api.accelo.com'),
    isTokenPath: (path) => TOKEN_PATHS.includes(path),
    respond(call) {
      const deployment = call.host.replace('.api.accelo.com', '')
      // Seen live in 2026: 400 in the API's own form, where Status Codes of the documentation says 500.
      if (deployment !== acceloDeployment) return meta(400, 'invalid_request', `Deployment ${deployment} was not found`)
      if (call.method === 'POST' && TOKEN_PATHS.includes(call.path)) return token(call)
      if (call.method === 'POST' && call.path === '/oauth2/v0/revoke') return revokeToken(call)
      if (call.method === 'GET' && call.path === '/api/v0/tokeninfo') return tokeninfo(call)
      return answer(404, '<html><body><h1>Not Found</h1></body></html>', { 'Content-Type': 'text/html' })
    },
    refusedClient,
    tokenMember: 'access_token',
    revoke: (token) => void tokens.delete(token),
    revokeAll: () => tokens.clear(),
  }
}

const oauthError = (status: number, error: string, description: string) =>
  answer(status, { error, error_description: description })
const refusedClient = oauthError(401, 'invalid_client', 'Unknown client, or its secret is wrong.')

/** The form of Accelo's resource API, used for its errors too. */
const meta = (status: number, code: string, message: string, response: unknown = null) =>
  answer(status, { meta: { status: code, message, more_info: 'https://api.accelo.com/docs/#status-codes' }, response })
