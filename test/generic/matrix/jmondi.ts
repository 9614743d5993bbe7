import { randomUUID } from 'node:crypto'
import type { OAuthAuthCode, OAuthClient, OAuthToken } from '@jmondi/oauth2-server'
import { type Client, REDIRECT_URI } from './client.ts'
import { type Answered, type Asked, answering, onLoopback, type Running, type Server } from './server.ts'

const HOST = 'jmondi.example'
const BASE = `https://${HOST}`
const INTROSPECTOR = { client_id: 'resource-server', client_secret: 'introspects' }
const LIFE = 1800

const GRANT_ERROR = {
  observed: 'configuration',
  because: 'RFC 6749 section 5.2: it says invalid_request where invalid_grant is meant',
  mendedBy: { answer: { errors: { invalid_request: 'grant_rejected' } } },
} as const

export const jmondi: Server = {
  name: '@jmondi/oauth2-server 4.3.7',
  checks:
    'requests, codes (a JWT of its own), redirect URI, PKCE, the end, revocation and introspection of each token; what is stored, and whether a secret is right, is ours',
  host: HOST,
  endpoints: {
    tokenEndpoint: `${BASE}/token`,
    authorizationEndpoint: `${BASE}/authorize`,
    revocationEndpoint: `${BASE}/token/revoke`,
  },
  lifeSeconds: LIFE,
  scope: 'read',
  consentScope: 'read',
  missing: ({ grant, way }) => {
    if (grant === 'jwt_bearer') return 'its grants are a closed list without this one'
    if (way === 'private_key_jwt') return 'it knows client secrets only'
    if (grant === 'client_credentials' && way === 'none') return 'RFC 6749 section 4.4: for confidential clients only'
    return undefined
  },
  deviations: [
    {
      check: 'a secret that needs form-encoding is known',
      on: ({ way }) => way === 'client_secret_basic',
      observed: 'credential_rejected',
      because: 'RFC 6749 section 2.3.1: it takes id and secret of the header without decoding them',
      mendedBy: { clientAuthentication: 'client_secret_post' },
    },
    { check: 'a code that was never given is refused', ...GRANT_ERROR },
    { check: "another client's code is refused", ...GRANT_ERROR },
    { check: 'a code with another redirect URI is refused', ...GRANT_ERROR },
    { check: 'a code is good once', ...GRANT_ERROR, observed: 'issued, configuration' },
    { check: 'a refresh token that was used is refused', ...GRANT_ERROR },
    { check: "another client's refresh token is refused", ...GRANT_ERROR },
    { check: 'a refresh token that was never given is refused', ...GRANT_ERROR },
    {
      check: 'a grant that was taken back is dead, and its token with it',
      observed: 'issued, alive',
      because: 'RFC 7009 section 2.1: without token_type_hint, which is optional, it answers 200 and ends nothing',
    },
  ],
  start,
}

async function start(clients: readonly Client[]): Promise<Running> {
  const { AuthorizationServer, DateInterval, OAuthException, OAuthRequest } = await import('@jmondi/oauth2-server')
  const registered = new Map<string, OAuthClient>(
    [...clients.map(asRegistered), resourceServer].map((client) => [client.id, client]),
  )
  const tokens = new Map<string, OAuthToken>()
  const codes = new Map<string, OAuthAuthCode>()
  const found = <Kind>(one: Kind | undefined): Kind => {
    if (one === undefined) throw OAuthException.badRequest('there is none')
    return one
  }

  const server = new AuthorizationServer(
    {
      getByIdentifier: async (id) => {
        const client = registered.get(id)
        if (!client) throw OAuthException.invalidClient()
        return client
      },
      isClientValid: async (grant, { secret, allowedGrants }, given) =>
        (secret ?? undefined) === given && allowedGrants.includes(grant),
    },
    {
      issueToken: async (client, scopes, user) => ({
        accessToken: randomUUID(),
        accessTokenExpiresAt: new Date(),
        client,
        scopes,
        ...(user && { user }),
      }),
      issueRefreshToken: async (token) => {
        Object.assign(token, { refreshToken: randomUUID(), refreshTokenExpiresAt: new DateInterval('1d').getEndDate() })
        return token
      },
      persist: async (token) => void tokens.set(token.accessToken, token),
      revoke: async ({ accessToken }) => void tokens.delete(accessToken),
      isRefreshTokenRevoked: async ({ accessToken }) => !tokens.has(accessToken),
      getByRefreshToken: async (id) => found([...tokens.values()].find(({ refreshToken }) => refreshToken === id)),
      getByAccessToken: async (id) => found(tokens.get(id)),
    },
    {
      getAllByIdentifiers: async (names) => names.filter((name) => name === 'read').map((name) => ({ name })),
      finalize: async (scopes) => scopes,
    },
    'a key that signs the tokens of this test',
  )
  const life = new DateInterval(`${LIFE}s`)
  server.enableGrantTypes(
    ['client_credentials', life],
    ['refresh_token', life],
    [
      {
        grant: 'authorization_code',
        userRepository: { getUserByCredentials: async (id) => ({ id }) },
        authCodeRepository: {
          getByIdentifier: async (code) => found(codes.get(code)),
          issueAuthCode: (client, user, scopes) => ({
            code: randomUUID(),
            expiresAt: new Date(),
            client,
            scopes,
            ...(user && { user }),
          }),
          persist: async (code) => void codes.set(code.code, code),
          isRevoked: async (code) => !codes.has(code),
          revoke: async (code) => void codes.delete(code),
        },
      },
      life,
    ],
  )

  async function route(path: string, request: InstanceType<typeof OAuthRequest>) {
    if (path === '/token') return server.respondToAccessTokenRequest(request)
    if (path === '/token/revoke') return server.revoke(request)
    if (path === '/token/introspect') return server.introspect(request)
    const authorization = await server.validateAuthorizationRequest(request)
    authorization.user = { id: 'ada' }
    authorization.isAuthorizationApproved = true
    return server.completeAuthorizationRequest(authorization)
  }

  async function answer({ path, ...asked }: Asked): Promise<Answered> {
    try {
      return await route(path, new OAuthRequest(asked))
    } catch (error) {
      if (!(error instanceof OAuthException)) throw error
      const { status, errorType, message } = error
      return { status, body: { error: errorType, error_description: message } }
    }
  }

  const { http, close } = await onLoopback(answering(answer))
  return {
    http,
    close,
    consent: async (page) => new URL((await http(page)).headers.get('location') ?? page),
    isActive: async (token) => {
      const body = new URLSearchParams({ ...INTROSPECTOR, token: token.reveal() })
      return Object(await (await http(`${BASE}/token/introspect`, { method: 'POST', body })).json()).active === true
    },
  }
}

const asRegistered = ({ id, secret, combination: { grant } }: Client): OAuthClient => ({
  id,
  name: id,
  ...(secret && { secret }),
  redirectUris: [REDIRECT_URI],
  // What revokes for a client it takes for a request of this grant.
  allowedGrants:
    grant === 'authorization_code'
      ? ['authorization_code', 'refresh_token', 'client_credentials']
      : ['client_credentials'],
  scopes: [],
})

const resourceServer: OAuthClient = {
  id: INTROSPECTOR.client_id,
  name: INTROSPECTOR.client_id,
  secret: INTROSPECTOR.client_secret,
  redirectUris: [],
  allowedGrants: ['client_credentials'],
  scopes: [],
}
