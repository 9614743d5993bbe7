import { generateKeyPairSync } from 'node:crypto'
import type { KoaContext } from 'oidc-provider'
import type { Secret } from '../../../functions/kit/secret.ts'
import { type Client, REDIRECT_URI } from './client.ts'
import { JWT_BEARER, namesItsClient, whyNoAssertion } from './jwt-bearer.ts'
import { onLoopback, type Running, type Server } from './server.ts'

const HOST = 'oidc-provider.example'
const ISSUER = `https://${HOST}`
const RESOURCE = 'https://api.example/v1'
const INTROSPECTOR = { client_id: 'resource-server', client_secret: 'introspects' }
const LIFE = 1200

export const oidcProvider: Server = {
  name: 'oidc-provider 9.13.3',
  checks:
    'everything itself: clients, keys, jti, audience, PKCE, redirect URI, rotation, reuse, resource; jwt_bearer by a grant of ours that jsonwebtoken checks',
  host: HOST,
  endpoints: {
    tokenEndpoint: `${ISSUER}/token`,
    authorizationEndpoint: `${ISSUER}/auth`,
    revocationEndpoint: `${ISSUER}/token/revocation`,
  },
  issuer: ISSUER,
  sendsIssuer: true,
  resource: RESOURCE,
  detectsReuse: true,
  lifeSeconds: LIFE,
  scope: 'read',
  consentScope: 'openid offline_access read',
  missing: ({ grant, way }) =>
    grant === 'client_credentials' && way === 'none'
      ? 'RFC 6749 section 4.4: for confidential clients only'
      : undefined,
  describedAs: namesItsClient,
  deviations: [],
  start,
}

const TYPES = {
  client_credentials: 'client_credentials',
  authorization_code: 'authorization_code',
  jwt_bearer: JWT_BEARER,
} as const

const metadataOf = ({ combination: { grant, way, algorithm }, id, secret, publicKey, keyId }: Client) => ({
  client_id: id,
  grant_types: grant === 'authorization_code' ? ['authorization_code', 'refresh_token'] : [TYPES[grant]],
  response_types: grant === 'authorization_code' ? ['code'] : [],
  redirect_uris: grant === 'authorization_code' ? [REDIRECT_URI] : [],
  token_endpoint_auth_method: way,
  ...(secret && { client_secret: secret }),
  ...(way === 'private_key_jwt' &&
    publicKey && {
      token_endpoint_auth_signing_alg: algorithm,
      jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: keyId, alg: algorithm, use: 'sig' }] },
    }),
})

async function start(clients: readonly Client[]): Promise<Running> {
  const { default: Provider, errors } = await import('oidc-provider')
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const provider = new Provider(ISSUER, {
    clients: [...clients.map(metadataOf), { ...INTROSPECTOR, grant_types: [], response_types: [], redirect_uris: [] }],
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig' }] },
    cookies: { keys: ['a key for tests'] },
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
    enabledJWA: { clientAuthSigningAlgValues: ['RS256', 'PS256', 'ES256'] },
    features: {
      devInteractions: { enabled: true },
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: () => true },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => undefined,
        useGrantedResource: () => true,
        getResourceServerInfo: (_context: KoaContext, identifier: string) => {
          if (identifier !== RESOURCE) throw new errors.InvalidTarget('there is no such resource')
          return { scope: 'read', accessTokenFormat: 'opaque', accessTokenTTL: LIFE }
        },
      },
    },
    scopes: ['openid', 'offline_access', 'read'],
    pkce: { required: () => true },
    issueRefreshToken: () => true,
    rotateRefreshToken: true,
    ttl: { AccessToken: LIFE, ClientCredentials: LIFE },
  })
  provider.proxy = true

  const used = new Set<string>()
  provider.registerGrantType(
    JWT_BEARER,
    async (context) => {
      const { client, params } = context.oidc
      const known = clients.find(({ id }) => id === client.clientId)
      const why = whyNoAssertion(String(params.assertion), known, { audience: `${ISSUER}/token`, used })
      if (why !== undefined) throw new errors.InvalidGrant(why)
      const { resource } = params
      if (resource !== undefined && resource !== RESOURCE) throw new errors.InvalidTarget('there is no such resource')
      const token = new provider.ClientCredentials({ client, scope: String(params.scope) })
      if (resource !== undefined) token.aud = RESOURCE
      context.body = { access_token: await token.save(), expires_in: token.expiration, token_type: 'Bearer' }
    },
    ['assertion', 'scope', 'resource'],
  )

  const { http, close } = await onLoopback(provider.callback())

  async function introspected(token: Secret): Promise<{ readonly active?: boolean; readonly aud?: unknown }> {
    const body = new URLSearchParams({ ...INTROSPECTOR, token: token.reveal() })
    return Object(await (await http(`${ISSUER}/token/introspection`, { method: 'POST', body })).json())
  }

  return {
    http,
    close,
    consent: async (page) => {
      const go = browser(http)
      const login = await go(page)
      if (login.origin !== ISSUER) return login
      const question = await go(login, { prompt: 'login', login: 'ada', password: 'any' })
      return go(question, { prompt: 'consent' })
    },
    isActive: async (token) => (await introspected(token)).active === true,
    audienceOf: async (token) => (await introspected(token)).aud,
  }
}

/** A browser without scripts: follows redirects until one leaves the server, and keeps cookies by their names. */
function browser(http: typeof fetch) {
  const cookies = new Map<string, string>()
  return async function go(to: URL, form?: Record<string, string>): Promise<URL> {
    const answer = await http(to, {
      headers: { cookie: [...cookies].map((pair) => pair.join('=')).join('; ') },
      ...(form && { method: 'POST', body: new URLSearchParams(form) }),
    })
    for (const cookie of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
      cookies.set(name, value)
    }
    const location = answer.headers.get('location')
    if (location === null) return to
    const next = new URL(location, to)
    return next.origin === ISSUER ? go(next) : next
  }
}
