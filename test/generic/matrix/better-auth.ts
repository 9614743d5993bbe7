import { type Client, REDIRECT_URI } from './client.ts'
import { JWT_BEARER, namesItsClient, whyNoAssertion } from './jwt-bearer.ts'
import { bearer, onLoopback, type Running, type Server } from './server.ts'

const HOST = 'better-auth.example'
const ORIGIN = `https://${HOST}`
const ISSUER = `${ORIGIN}/api/auth`
const METADATA = '/.well-known/oauth-authorization-server/api/auth'
const RESOURCE = 'https://api.example/v1'
const LIFE = 2100

export const betterAuth: Server = {
  name: '@better-auth/oauth-provider 1.7.5',
  checks:
    'everything itself: clients, keys, jti, audience, PKCE, redirect URI, rotation, reuse, resource; jwt_bearer by a grant of ours that jsonwebtoken checks',
  host: HOST,
  endpoints: {
    tokenEndpoint: `${ISSUER}/oauth2/token`,
    authorizationEndpoint: `${ISSUER}/oauth2/authorize`,
    revocationEndpoint: `${ISSUER}/oauth2/revoke`,
  },
  issuer: ISSUER,
  sendsIssuer: true,
  resource: RESOURCE,
  detectsReuse: true,
  lifeSeconds: LIFE,
  scope: 'read',
  consentScope: 'offline_access read',
  missing: ({ grant, way }) =>
    grant === 'client_credentials' && way === 'none'
      ? 'RFC 6749 section 4.4: for confidential clients only'
      : undefined,
  describedAs: namesItsClient,
  deviations: [
    {
      check: "a code with another request's verifier is refused",
      observed: 'configuration',
      because: 'RFC 7636 section 4.6: it says invalid_request where invalid_grant is meant',
      mendedBy: { answer: { errors: { invalid_request: 'grant_rejected' } } },
    },
  ],
  start,
}

const TYPES = {
  client_credentials: ['client_credentials'],
  authorization_code: ['authorization_code', 'refresh_token'],
  jwt_bearer: [JWT_BEARER],
}

const registrationOf = ({ combination: { grant, way, algorithm }, publicKey, keyId }: Client) => ({
  grant_types: TYPES[grant],
  redirect_uris: [REDIRECT_URI],
  token_endpoint_auth_method: way,
  skip_consent: true,
  ...(grant === 'client_credentials' && { client_credentials_scopes: ['read'] }),
  ...(way === 'private_key_jwt' &&
    publicKey && {
      jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: keyId, alg: algorithm, use: 'sig' }] },
    }),
})

async function start(clients: readonly Client[]): Promise<Running> {
  const { betterAuth: newServer } = await import('better-auth')
  const { createAuthEndpoint } = await import('better-auth/api')
  const { memoryAdapter } = await import('better-auth/adapters/memory')
  const { toNodeHandler } = await import('better-auth/node')
  const { jwt } = await import('better-auth/plugins/jwt')
  const { getOAuthProviderApi, oauthProvider } = await import('@better-auth/oauth-provider')

  const used = new Set<string>()
  let registering: Client | undefined
  const provider = oauthProvider({
    loginPage: '/login',
    consentPage: '/consent',
    scopes: ['openid', 'offline_access', 'read'],
    resources: [RESOURCE],
    enforcePerClientResources: false,
    clientPrivileges: () => true,
    accessTokenExpiresIn: LIFE,
    m2mAccessTokenExpiresIn: LIFE,
    generateClientId: () => registering?.id ?? '',
    generateClientSecret: () => registering?.secret ?? '',
    rateLimit: { token: false, authorize: false, introspect: false, revoke: false, register: false, userinfo: false },
    silenceWarnings: { oauthAuthServerConfig: true, openidConfig: true },
    extensions: [
      {
        grants: {
          [JWT_BEARER]: async ({ ctx, provider }) => {
            const { clientId, client } = await provider.authenticateClient({ requireCredentials: false })
            const known = clients.find(({ id }) => id === clientId)
            const audience = `${ISSUER}/oauth2/token`
            const why = whyNoAssertion(String(ctx.body.assertion), known, { audience, used })
            if (why !== undefined) throw ctx.error('BAD_REQUEST', { error: 'invalid_grant', error_description: why })
            const { resource } = ctx.body
            return provider.issueTokens({ client, scopes: ['read'], ...(resource && { resources: [resource] }) })
          },
        },
      },
    ],
  })
  const api = {
    id: 'api',
    endpoints: {
      read: createAuthEndpoint('/api', { method: 'GET' }, async (context) => {
        const token = context.headers?.get('authorization')?.slice('Bearer '.length) ?? ''
        return getOAuthProviderApi(context, provider.options).requireActiveAccessToken(token)
      }),
    },
  }
  const server = newServer({
    baseURL: ORIGIN,
    secret: 'what cookies of this test are signed with',
    database: memoryAdapter(Object.fromEntries(TABLES.map((table) => [table, []]))),
    emailAndPassword: { enabled: true },
    logger: { disabled: true },
    telemetry: { enabled: false },
    rateLimit: { enabled: false },
    plugins: [jwt(), provider, api],
  })
  const listener = toNodeHandler(server)
  const { http, close } = await onLoopback(async (request, response) => {
    if (request.url !== METADATA) return void listener(request, response)
    const metadata = await server.api.getOAuthServerConfig()
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(metadata))
  })

  const ada = { email: 'ada@example.com', password: 'a password', name: 'Ada' }
  const signedIn = await http(`${ISSUER}/sign-up/email`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: ORIGIN },
    body: JSON.stringify(ada),
  })
  const cookie = signedIn.headers
    .getSetCookie()
    .map((one) => one.split(';')[0])
    .join('; ')

  for (const client of clients) {
    registering = client
    await server.api.adminCreateOAuthClient({ headers: new Headers({ cookie }), body: registrationOf(client) })
  }

  const read = (token: Parameters<Running['isActive']>[0]) => http(`${ISSUER}/api`, { headers: bearer(token) })

  return {
    http,
    close,
    // It tells a script where to go on, and redirects what is none.
    consent: async (page) => new URL(Object(await (await http(page, { headers: { cookie } })).json()).url),
    isActive: async (token) => (await read(token)).status === 200,
    audienceOf: async (token) => Object(await (await read(token)).json()).aud,
  }
}

const TABLES = [
  'user',
  'session',
  'account',
  'verification',
  'jwks',
  'oauthClient',
  'oauthRefreshToken',
  'oauthAccessToken',
  'oauthConsent',
  'oauthClientAssertion',
  'oauthResource',
  'oauthClientResource',
]
