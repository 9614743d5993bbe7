import { createServer, type Server } from 'node:http'
import { jest } from '@jest/globals'
import { codeChallengeOf, newCodeVerifier } from '../../functions/consent/pkce.ts'
import { Secret } from '../../functions/kit/secret.ts'
import type { Context } from '../../functions/kit/vendor.ts'
import { authorizationUrl } from '../../functions/oauth/authorization.ts'
import { clientSecretBasic } from '../../functions/oauth/client-auth.ts'
import { authorizationCodeGrant, clientCredentialsGrant, refreshTokenGrant } from '../../functions/oauth/grants.ts'
import { revokeToken } from '../../functions/oauth/revocation.ts'
import { failureOf } from '../support/fake-vendor.ts'

// The grants against an authorization server that nobody here has written.

const client = { client_id: 'vendomat', client_secret: new Secret('not-a-secret-at-all') }
const redirectUri = 'https://vend.example/callback'
const clientAuth = clientSecretBasic(client)
const endpoint = { url: new URL('https://idp.example/token'), clientAuth }
const revocation = { url: new URL('https://idp.example/token/revocation'), clientAuth }

let server: Server
let loopback: string

beforeAll(async () => {
  // What a real installation would have to set it says on the console, some of it as soon as it is loaded.
  for (const level of ['info', 'warn'] as const) jest.spyOn(console, level).mockImplementation(() => {})
  const { default: Provider } = await import('oidc-provider')
  server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('the server has no port')
  loopback = `http://127.0.0.1:${address.port}`
  const provider = new Provider(loopback, {
    clients: [
      {
        client_id: client.client_id,
        client_secret: client.client_secret.reveal(),
        grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
        redirect_uris: [redirectUri],
      },
    ],
    cookies: { keys: ['a key for tests'] },
    features: {
      devInteractions: { enabled: true },
      clientCredentials: { enabled: true },
      revocation: { enabled: true },
    },
    scopes: ['openid', 'read'],
    pkce: { required: () => true },
    issueRefreshToken: () => true,
    rotateRefreshToken: true,
  })
  server.on('request', provider.callback())
})

afterAll(() => {
  server.close()
  server.closeAllConnections()
  jest.restoreAllMocks()
})

/** Our own calls may go to public names over TLS only, so the one that the server has here is a name for loopback. */
const onLoopback = (url: string | URL) => String(url).replace(/^https:\/\/idp\.example(?=\/)/, loopback)

const context = (): Context => ({
  http: (input, init) => fetch(onLoopback(input instanceof Request ? input.url : input), init),
  now: () => new Date(),
  signal: AbortSignal.timeout(5000),
  hosts: ['idp.example'],
  policy: { storage: 'table', maxLifeSeconds: 86_400 },
})

/** A browser without scripts: follows redirects until one leaves the server, and keeps cookies by their names. */
function browser() {
  const cookies = new Map<string, string>()
  return async function go(to: string | URL, form?: Record<string, string>): Promise<URL> {
    const answer = await fetch(to, {
      redirect: 'manual',
      headers: { cookie: [...cookies].map((pair) => pair.join('=')).join('; ') },
      ...(form && { method: 'POST', body: new URLSearchParams(form) }),
    })
    await answer.text()
    for (const cookie of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
      cookies.set(name, value)
    }
    const location = answer.headers.get('location')
    if (location === null) return new URL(to)
    const next = new URL(location, to)
    return next.origin === loopback ? go(next) : next
  }
}

/** What a person does between our request and the code. Undefined where the server refuses the request. */
async function consent(changes: { codeChallenge?: string } = {}) {
  const page = authorizationUrl(new URL('https://idp.example/auth'), {
    clientId: client.client_id,
    redirectUri,
    state: 'a state & more',
    scope: 'openid read',
    ...changes,
  })
  const go = browser()
  const login = await go(onLoopback(page))
  if (login.origin !== loopback) return login
  const question = await go(login, { prompt: 'login', login: 'ada', password: 'any' })
  return go(question, { prompt: 'consent' })
}

async function connect() {
  const verifier = newCodeVerifier()
  const back = await consent({ codeChallenge: codeChallengeOf(verifier) })
  const grant = { code: new Secret(back.searchParams.get('code') ?? ''), redirectUri, codeVerifier: verifier }
  return { back, grant }
}

const refreshTokenOf = ({ refreshToken }: { refreshToken?: Secret }) => {
  if (!refreshToken) throw new Error('there is no refresh token')
  return refreshToken
}
const userinfo = async (token: Secret) =>
  (await fetch(`${loopback}/me`, { headers: { authorization: `Bearer ${token.reveal()}` } })).status

describe('client credentials', () => {
  it('get a token with Basic', async () => {
    const { accessToken, refreshToken } = await clientCredentialsGrant(endpoint, { scope: 'read' }, context())
    expect(accessToken.scope).toBe('read')
    expect(accessToken.expiresAt.getTime() - accessToken.issuedAt.getTime()).toBe(600_000)
    expect(refreshToken).toBeUndefined()
  })

  it('get nothing with a wrong secret', async () => {
    const stranger = clientSecretBasic({ ...client, client_secret: new Secret('wrong') })
    const error = await failureOf(clientCredentialsGrant({ ...endpoint, clientAuth: stranger }, {}, context()))
    expect(error).toMatchObject({ code: 'credential_rejected' })
  })
})

describe('an authorization code', () => {
  it('comes back with the state, and is good for a token with the verifier of its challenge', async () => {
    const { back, grant } = await connect()
    expect(`${back.origin}${back.pathname}`).toBe(redirectUri)
    expect(back.searchParams.get('state')).toBe('a state & more')
    const { accessToken, refreshToken } = await authorizationCodeGrant(endpoint, grant, context())
    expect(accessToken.scope).toBe('openid read')
    expect(await userinfo(accessToken.value)).toBe(200)
    expect(refreshToken).toBeInstanceOf(Secret)
  })

  it('is not given without a challenge', async () => {
    expect((await consent()).searchParams.get('error')).toBe('invalid_request')
  })

  it('is worth nothing with the verifier of another', async () => {
    const { grant } = await connect()
    const stolen = { ...grant, codeVerifier: newCodeVerifier() }
    expect(await failureOf(authorizationCodeGrant(endpoint, stolen, context()))).toMatchObject({
      code: 'grant_rejected',
    })
  })

  it('is worth nothing the second time', async () => {
    const { grant } = await connect()
    await authorizationCodeGrant(endpoint, grant, context())
    expect(await failureOf(authorizationCodeGrant(endpoint, grant, context()))).toMatchObject({
      code: 'grant_rejected',
    })
  })
})

describe('a refresh token', () => {
  it('gives a new one each time; an old one that is used again ends the grant', async () => {
    const { grant } = await connect()
    const first = refreshTokenOf(await authorizationCodeGrant(endpoint, grant, context()))
    const renewed = await refreshTokenGrant(endpoint, first, context())
    const second = refreshTokenOf(renewed)
    expect(second.reveal()).not.toBe(first.reveal())
    expect(renewed.accessToken.scope).toBe('openid read')
    expect(await userinfo(renewed.accessToken.value)).toBe(200)

    const third = refreshTokenOf(await refreshTokenGrant(endpoint, second, context()))
    for (const token of [first, third]) {
      expect(await failureOf(refreshTokenGrant(endpoint, token, context()))).toMatchObject({ code: 'grant_rejected' })
    }
  })
})

describe('revoking', () => {
  it('ends an access token, and is content with one that has ended', async () => {
    const { grant } = await connect()
    const { accessToken } = await authorizationCodeGrant(endpoint, grant, context())
    await revokeToken(revocation, accessToken.value, context())
    expect(await userinfo(accessToken.value)).toBe(401)
    await revokeToken(revocation, accessToken.value, context())
  })

  it('ends a refresh token', async () => {
    const { grant } = await connect()
    const refreshToken = refreshTokenOf(await authorizationCodeGrant(endpoint, grant, context()))
    await revokeToken(revocation, refreshToken, context())
    expect(await failureOf(refreshTokenGrant(endpoint, refreshToken, context()))).toMatchObject({
      code: 'grant_rejected',
    })
  })

  it('is for those who can say who they are', async () => {
    const stranger = clientSecretBasic({ ...client, client_secret: new Secret('wrong') })
    const error = await failureOf(revokeToken({ ...revocation, clientAuth: stranger }, new Secret('x'), context()))
    expect(error).toMatchObject({ code: 'credential_rejected' })
  })
})
