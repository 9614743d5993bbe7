import type {
  AuthorizationCode,
  AuthorizationCodeModel,
  ClientCredentialsModel,
  RefreshTokenModel,
  Client as Registered,
  Request,
  Response,
  Token,
} from '@node-oauth/oauth2-server'
import { type Client, REDIRECT_URI } from './client.ts'
import { JWT_BEARER, namesItsClient, whyNoAssertion } from './jwt-bearer.ts'
import { type Answered, type Asked, answering, bearer, onLoopback, type Running, type Server } from './server.ts'

const HOST = 'node-oauth.example'
const BASE = `https://${HOST}`
const LIFE = 1500

export const nodeOauth: Server = {
  name: '@node-oauth/oauth2-server 5.3.0',
  checks:
    'requests, grants of a client, codes and their redirect URI and PKCE, the end of each token; what is stored, and whether a secret is right, is ours; jwt_bearer by a grant of ours that jsonwebtoken checks',
  host: HOST,
  endpoints: { tokenEndpoint: `${BASE}/token`, authorizationEndpoint: `${BASE}/authorize` },
  lifeSeconds: LIFE,
  scope: 'read',
  consentScope: 'read',
  missing: ({ grant, way }) => {
    if (way === 'private_key_jwt') return 'it knows client secrets only'
    if (grant === 'client_credentials' && way === 'none') return 'RFC 6749 section 4.4: for confidential clients only'
    return undefined
  },
  describedAs: namesItsClient,
  deviations: [
    {
      check: 'a secret that needs form-encoding is known',
      on: ({ way }) => way === 'client_secret_basic',
      observed: 'credential_rejected',
      because: 'RFC 6749 section 2.3.1: it takes id and secret of the header without decoding them',
      mendedBy: { clientAuthentication: 'client_secret_post' },
    },
    {
      check: 'a code with another redirect URI is refused',
      observed: 'configuration',
      because: 'RFC 6749 section 5.2: it says invalid_request where invalid_grant is meant',
      mendedBy: { answer: { errors: { invalid_request: 'grant_rejected' } } },
    },
  ],
  start,
}

async function start(clients: readonly Client[]): Promise<Running> {
  const { default: OAuth2Server } = await import('@node-oauth/oauth2-server')
  const codes = new Map<string, AuthorizationCode>()
  const accessTokens = new Map<string, Token>()
  const refreshTokens = new Map<string, Token>()
  const model: AuthorizationCodeModel & RefreshTokenModel & ClientCredentialsModel = {
    getClient: async (id, secret) => {
      const client = clients.find((one) => one.id === id)
      // The page where a person consents asks with null: nobody proves anything there.
      if (!client || (secret !== null && secret !== client.secret)) return false
      return { id, grants: grantsOf(client), redirectUris: [REDIRECT_URI] }
    },
    getUserFromClient: async ({ id }) => ({ id }),
    validateScope: async (_user, _client, scope = []) => scope.every((one) => one === 'read') && scope,
    saveAuthorizationCode: async (code, client, user) => {
      const whole = { ...code, client, user }
      codes.set(code.authorizationCode, whole)
      return whole
    },
    getAuthorizationCode: async (code) => codes.get(code),
    revokeAuthorizationCode: async ({ authorizationCode }) => codes.delete(authorizationCode),
    saveToken: async (token, client, user) => {
      const whole = { ...token, client, user }
      accessTokens.set(token.accessToken, whole)
      if (token.refreshToken) refreshTokens.set(token.refreshToken, whole)
      return whole
    },
    getAccessToken: async (token) => accessTokens.get(token),
    getRefreshToken: async (token) => {
      const known = refreshTokens.get(token)
      return known && { ...known, refreshToken: token }
    },
    revokeToken: async ({ refreshToken }) => refreshTokens.delete(refreshToken),
  }

  const used = new Set<string>()
  class JwtBearer extends OAuth2Server.AbstractGrantType {
    override async handle(request: Request, client: Registered) {
      const known = clients.find(({ id }) => id === client.id)
      const why = whyNoAssertion(String(request.body.assertion), known, { audience: `${BASE}/token`, used })
      if (why !== undefined) throw new OAuth2Server.InvalidGrantError(why)
      const scope = this.getScope(request)
      const accessToken = await this.generateAccessToken(client, client, scope)
      const token = { accessToken, accessTokenExpiresAt: this.getAccessTokenExpiresAt(), scope, client, user: client }
      return model.saveToken(token, client, client)
    }
  }

  const server = new OAuth2Server({
    model,
    accessTokenLifetime: LIFE,
    requireClientAuthentication: { refresh_token: false, [JWT_BEARER]: false },
    extendedGrantTypes: { [JWT_BEARER]: JwtBearer },
    authenticateHandler: { handle: () => ({ id: 'ada' }) },
  })

  const routes: Readonly<Record<string, (request: Request, response: Response) => Promise<unknown>>> = {
    '/token': (request, response) => server.token(request, response),
    '/authorize': (request, response) => server.authorize(request, response),
    '/api': (request, response) => server.authenticate(request, response),
  }

  async function answer({ path, ...asked }: Asked): Promise<Answered> {
    const response = new OAuth2Server.Response()
    const came = await routes[path]?.(new OAuth2Server.Request(asked), response).then(
      () => undefined,
      (error: unknown) => error,
    )
    const { status = 200, headers = {}, body } = response
    // What a route has not put into its answer, it throws for who calls it.
    const refused = came instanceof OAuth2Server.OAuthError && status === 200
    return { status: refused ? (came.code ?? 500) : status, headers, body }
  }

  const { http, close } = await onLoopback(answering(answer))
  return {
    http,
    close,
    consent: async (page) => new URL((await http(page)).headers.get('location') ?? page),
    isActive: async (token) => (await http(`${BASE}/api`, { headers: bearer(token) })).status === 200,
  }
}

const grantsOf = ({ combination: { grant } }: Client): string[] =>
  ({
    client_credentials: ['client_credentials'],
    authorization_code: ['authorization_code', 'refresh_token'],
    jwt_bearer: [JWT_BEARER],
  })[grant]
