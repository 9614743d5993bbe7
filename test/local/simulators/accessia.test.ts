import { randomUUID } from 'node:crypto'
import { decodeJwt, SignJWT } from 'jose'
import { accessiaIntegration } from '../../../functions/accessia/simulator.ts'
import type { Loopback } from '../../../lib/local/loopback.ts'
import { startSimulators } from '../../../lib/local/simulators.ts'
import { control as controlOf } from '../../support/control.ts'
import { jsonOf } from '../json.ts'

interface Page {
  readonly groups: readonly unknown[]
}

interface Tokens {
  readonly accessToken: string
  readonly refreshToken?: string
  readonly expiresIn: number
}

const { integrationId, secret } = accessiaIntegration
const key = Buffer.from(secret, 'base64url')
let simulators: Loopback
let now: Date

beforeEach(async () => {
  now = new Date('2026-03-01T12:00:00Z')
  simulators = await startSimulators({ port: 0, now: () => now })
})
afterEach(() => simulators.close())

const clock = () => now.getTime() / 1000
const post = (path: string, body: unknown, type = 'application/json') =>
  fetch(`${simulators.url}/main.cloud.accessia.com/auth${path}`, {
    method: 'POST',
    headers: { 'content-type': type },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
const identity = (claims: object = {}, signingKey: Uint8Array = key, alg = 'HS256') =>
  new SignJWT({ iat: clock(), exp: clock() + 300, jti: randomUUID(), ...claims })
    .setProtectedHeader({ alg, typ: 'JWT' })
    .sign(signingKey)
const exchange = async (token: string | Promise<string> = identity(), id: string = integrationId) =>
  post('/exchange/integration', { token: await token, integrationId: id })
const tokens = () => jsonOf<Tokens>(exchange())
const groups = (token: string, query = '?limit=1') =>
  fetch(`${simulators.url}/main.cloud.accessia.com/apis/groups${query}`, {
    headers: { authorization: `Bearer ${token}` },
  })
const later = (seconds: number) => {
  now = new Date(now.getTime() + seconds * 1000)
}

describe('the exchange', () => {
  it('has a secret of 32 bytes', () => {
    expect(key).toHaveLength(32)
  })

  it('gives an access token and a refresh token for a signed identity', async () => {
    const answer = await exchange()
    expect(answer.status).toBe(200)
    const body = await jsonOf<Tokens>(answer)
    expect(body).toEqual({
      accessToken: expect.any(String),
      refreshToken: expect.any(String),
      expiresIn: 21600,
      domain: 'main.cloud.accessia.com',
      accessiaApisUrl: 'https://main.cloud.accessia.com/apis',
    })
    expect(decodeJwt(body.accessToken)).toMatchObject({ iat: clock(), exp: clock() + 21600 })
  })

  it.each([
    ['signed with the characters of the secret', () => identity({}, Buffer.from(secret))],
    ['signed with another algorithm', () => identity({}, Buffer.concat([key, key]), 'HS512')],
    ['without iat', () => identity({ iat: undefined })],
    ['without exp', () => identity({ exp: undefined })],
    ['issued 61 seconds ahead', () => identity({ iat: clock() + 61 })],
    ['that has just expired', () => identity({ iat: clock() - 300, exp: clock() })],
    ['good for 601 seconds', () => identity({ exp: clock() + 601 })],
    ['that ends before it begins', () => identity({ iat: clock() + 50, exp: clock() + 40 })],
    [
      'unsigned',
      async () => `${Buffer.from('{"alg":"none"}').toString('base64url')}.${(await identity()).split('.')[1]}.`,
    ],
    ['that is no token', async () => 'abc'],
  ])('refuses an identity %s', async (_, token) => {
    const answer = await exchange(token())
    expect(answer.status).toBe(401)
    expect(answer.headers.get('content-type')).toBe('application/json')
  })

  it.each([
    ['60 seconds ahead', () => identity({ iat: clock() + 60 })],
    ['for 600 seconds', () => identity({ exp: clock() + 600 })],
    ['with a second to go', () => identity({ iat: clock() - 299, exp: clock() + 1 })],
    ['without jti, which is optional', () => identity({ jti: undefined })],
  ])('takes an identity %s', async (_, token) => {
    expect((await exchange(token())).status).toBe(200)
  })

  it('takes each identity once', async () => {
    const token = identity()
    expect((await exchange(token)).status).toBe(200)
    expect((await exchange(token)).status).toBe(401)
  })

  it('refuses an unknown integration', async () => {
    expect((await exchange(identity(), 'int-0002')).status).toBe(401)
  })

  it('wants JSON with both members', async () => {
    expect((await post('/exchange/integration', '{}', 'text/plain')).status).toBe(415)
    for (const body of ['{', 'null', '[]', { integrationId }, { token: 'x' }]) {
      expect((await post('/exchange/integration', body)).status).toBe(400)
    }
    expect((await post('//exchange/integration', {})).status).toBe(404)
  })
})

describe('refreshing', () => {
  it('gives a new access token, names no refresh token, and leaves the first access token alive', async () => {
    const { accessToken, refreshToken } = await tokens()
    for (let i = 0; i < 2; i++) {
      const answer = await post('/refresh', { refreshToken })
      expect(answer.status).toBe(200)
      const body = await jsonOf<Tokens>(answer)
      expect(Object.keys(body).sort()).toEqual(['accessToken', 'accessiaApisUrl', 'domain', 'expiresIn'])
      expect(body.accessToken).not.toBe(accessToken)
      expect((await groups(body.accessToken)).status).toBe(200)
    }
    expect((await groups(accessToken)).status).toBe(200)
  })

  it('works after the access token has ended, until the refresh token has', async () => {
    const { refreshToken } = await tokens()
    later(30 * 86400 - 1)
    expect((await post('/refresh', { refreshToken })).status).toBe(200)
    later(1)
    expect((await post('/refresh', { refreshToken })).status).toBe(401)
  })

  it('refuses an access token, a strange token and a missing one', async () => {
    const { accessToken } = await tokens()
    expect((await post('/refresh', { refreshToken: accessToken })).status).toBe(401)
    expect((await post('/refresh', { refreshToken: await identity() })).status).toBe(401)
    expect((await post('/refresh', {})).status).toBe(400)
  })
})

describe('the API', () => {
  it('answers a live access token, in pages', async () => {
    const { accessToken } = await tokens()
    expect((await jsonOf<Page>(groups(accessToken))).groups).toHaveLength(1)
    expect((await jsonOf<Page>(groups(accessToken, ''))).groups).toHaveLength(2)
    later(21599)
    expect((await groups(accessToken)).status).toBe(200)
    later(1)
    expect((await groups(accessToken)).status).toBe(401)
  })

  it('refuses a refresh token, an identity and nothing', async () => {
    const { refreshToken } = await tokens()
    for (const token of [refreshToken ?? '', await identity(), '']) expect((await groups(token)).status).toBe(401)
  })

  it('forgets a revoked token, or all of them, but not the integration', async () => {
    const [first, second] = [await tokens(), await tokens()]
    const control = (body: object) => controlOf(simulators.url, 'accessia', 'POST', body)
    await control({ fault: 'revoke', value: first.accessToken })
    expect((await groups(first.accessToken)).status).toBe(401)
    expect((await groups(second.accessToken)).status).toBe(200)
    await control({ fault: 'revoke-all' })
    expect((await groups(second.accessToken)).status).toBe(401)
    expect((await post('/refresh', { refreshToken: second.refreshToken })).status).toBe(401)
    expect((await groups((await tokens()).accessToken)).status).toBe(200)
  })
})

describe('scripted faults', () => {
  const script = (body: object) => controlOf(simulators.url, 'accessia', 'POST', body)

  it('strike exchange and refresh alike', async () => {
    const { refreshToken } = await tokens()
    await script({ fault: 'invalid-client', times: 2 })
    expect((await post('/refresh', { refreshToken })).status).toBe(401)
    expect((await exchange()).status).toBe(401)
    expect((await post('/refresh', { refreshToken })).status).toBe(200)
  })

  it('change the lifetime of the answer and of the token', async () => {
    await script({ fault: 'expires-in', value: 90 })
    const { accessToken, expiresIn } = await tokens()
    expect([expiresIn, decodeJwt(accessToken).exp]).toEqual([90, clock() + 90])
  })

  it('leave out the token', async () => {
    await script({ fault: 'no-token' })
    expect(Object.keys(await tokens()).sort()).toEqual(['accessiaApisUrl', 'domain', 'expiresIn', 'refreshToken'])
  })
})
