import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'
import { decodeJwt, decodeProtectedHeader, SignJWT } from 'jose'
import { clearidKeyFiles } from '../../../functions/clearid/simulator.ts'
import type { Loopback } from '../../../lib/local/loopback.ts'
import { startSimulators } from '../../../lib/local/simulators.ts'
import { control as controlOf } from '../../support/control.ts'
import { jsonOf } from '../json.ts'

interface Granted {
  readonly access_token: string
  readonly expires_in: unknown
}

interface KeyFile {
  readonly clientId: string
  readonly clientSecret: string
  readonly key: Readonly<Record<string, string>>
}

const fileOf = (file: unknown): KeyFile => JSON.parse(JSON.stringify(file))
const demo = fileOf(clearidKeyFiles.demo())
const secret = fileOf(clearidKeyFiles.secret())
const { kid = '', modulus: n, exponent: e, inverseQ: qi, d, p, q, dp, dq } = demo.key
const jwk = Object.fromEntries(
  Object.entries({ n, e, d, p, q, dp, dq, qi }).map(([name, part]) => [
    name,
    Buffer.from(part ?? '', 'base64').toString('base64url'),
  ]),
)
const privateKey = createPrivateKey({ key: { kty: 'RSA', ...jwk }, format: 'jwk' })
const { privateKey: strange } = generateKeyPairSync('rsa', { modulusLength: 2048 })

const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const ACCOUNT = '/api/v2/accounts/acme/identities'
let simulators: Loopback
let now: Date

beforeEach(async () => {
  now = new Date('2026-03-01T12:00:00Z')
  simulators = await startSimulators({ port: 0, now: () => now })
})
afterEach(() => simulators.close())

const clock = () => now.getTime() / 1000
const later = (seconds: number) => {
  now = new Date(now.getTime() + seconds * 1000)
}
const post = (form: Record<string, string> | string, headers: Record<string, string> = {}) =>
  fetch(`${simulators.url}/sts-demo.clearid.io/connect/token`, {
    method: 'POST',
    headers,
    body: new URLSearchParams(form),
  })
const asserted = (claims: object = {}, header: object = {}, key: KeyObject = privateKey) => {
  const { clientId } = demo
  const usual = { iss: clientId, sub: clientId, aud: 'iams-sts', jti: randomBytes(16).toString('hex') }
  return new SignJWT({ ...usual, iat: clock() - 10, nbf: clock() - 10, exp: clock() + 300, ...claims })
    .setProtectedHeader({ alg: 'RS512', kid, typ: 'JWT', ...header })
    .sign(key)
}
const byKey = async (assertion: string | Promise<string> = asserted(), more: Record<string, string> = {}) =>
  post({ client_id: demo.clientId, grant_type: JWT_BEARER, assertion: await assertion, ...more })
const withSecret = { client_id: secret.clientId, client_secret: secret.clientSecret, grant_type: 'client_credentials' }
const bySecret = (changes: Record<string, string> = {}) => post({ ...withSecret, ...changes })
const identities = (token: string, path = ACCOUNT) =>
  fetch(`${simulators.url}/identityservice-demo.clearid.io${path}`, { headers: { authorization: `Bearer ${token}` } })
const statusOf = async (token: string) => (await identities(token)).status

describe('a key file', () => {
  it('names the account, the client, the key and the addresses, as the one that is downloaded does', () => {
    expect(demo).toMatchObject({
      accountId: 'acme',
      clientId: expect.stringMatching(/^[0-9a-f-]{36}:acme$/),
      stsUrl: 'https://sts-demo.clearid.io',
      identityServiceUrl: 'https://identityservice-demo.clearid.io',
      key: { kid: expect.stringMatching(/^[0-9a-f-]{36}:acme$/), keyType: 'RSA', algorithm: 'RS512', exponent: 'AQAB' },
    })
    expect(privateKey.asymmetricKeyDetails?.modulusLength).toBe(2048)
    expect(demo).not.toHaveProperty('clientSecret')
    expect(secret).not.toHaveProperty('key')
  })
})

describe('the token endpoint', () => {
  it.each([
    ['an assertion', () => byKey(), demo.clientId, 'assertion'],
    ['a secret', () => bySecret(), secret.clientId, 'client_secret'],
  ])('gives a token for %s', async (_, ask, clientId, method) => {
    const answer = await ask()
    expect(answer.status).toBe(200)
    const body = await jsonOf<Granted>(answer)
    expect(body).toEqual({
      access_token: expect.any(String),
      expires_in: 3600,
      token_type: 'Bearer',
      scope: 'iams-all-permissions-delegated iams-api iams-roles openid',
    })
    expect(decodeProtectedHeader(body.access_token)).toMatchObject({ alg: 'RS512', typ: 'at+jwt' })
    expect(decodeJwt(body.access_token)).toMatchObject({
      iss: 'https://sts-demo.clearid.io',
      client_id: clientId,
      sub: clientId.split(':')[0],
      role: 'Service',
      account_id: 'acme',
      nbf: clock(),
      exp: clock() + 3600,
      scope: ['iams-all-permissions-delegated', 'iams-api', 'iams-roles', 'openid'],
      amr: [method],
    })
  })

  it.each([
    ['signed with another key', () => asserted({}, {}, strange)],
    ['signed with another algorithm', () => asserted({}, { alg: 'RS256' })],
    ['under another kid', () => asserted({}, { kid: 'x' })],
    ['of another type', () => asserted({}, { typ: 'at+jwt' })],
    ['by another issuer', () => asserted({ iss: secret.clientId })],
    ['about another subject', () => asserted({ sub: demo.clientId.split(':')[0] })],
    ['for the address of the endpoint', () => asserted({ aud: 'https://sts-demo.clearid.io/connect/token' })],
    ['for several audiences', () => asserted({ aud: ['iams-sts'] })],
    ['without jti', () => asserted({ jti: undefined })],
    ['with a jti that is a UUID', () => asserted({ jti: '66666666-7777-4888-8999-000000000000' })],
    ['without iat', () => asserted({ iat: undefined })],
    ['without nbf', () => asserted({ nbf: undefined })],
    ['without exp', () => asserted({ exp: undefined })],
    ['issued 61 s ahead', () => asserted({ iat: clock() + 61 })],
    ['that begins in 61 s', () => asserted({ nbf: clock() + 61 })],
    ['that has just expired', () => asserted({ exp: clock() })],
    ['good for 3601 s', () => asserted({ iat: clock(), exp: clock() + 3601 })],
    ['that is no token', async () => 'abc'],
    [
      'unsigned',
      async () => `${Buffer.from('{"alg":"none"}').toString('base64url')}.${(await asserted()).split('.')[1]}.`,
    ],
  ])('refuses an assertion %s', async (_, assertion) => {
    const answer = await byKey(assertion())
    expect(answer.status).toBe(400)
    expect(await answer.json()).toEqual({ error: 'invalid_grant' })
  })

  it.each([
    ['of 3600 s, like the sample', () => asserted({ iat: clock(), exp: clock() + 3600 })],
    ['60 s ahead', () => asserted({ iat: clock() + 60, nbf: clock() + 60 })],
    ['with a second to go', () => asserted({ exp: clock() + 1 })],
  ])('takes an assertion %s', async (_, assertion) => {
    expect((await byKey(assertion())).status).toBe(200)
  })

  it('takes each assertion once', async () => {
    const assertion = await asserted()
    expect((await byKey(assertion)).status).toBe(200)
    const again = await byKey(assertion)
    expect([again.status, await again.json()]).toEqual([400, { error: 'invalid_grant' }])
  })

  it.each<[string, () => Promise<Response>, string]>([
    ['a wrong secret', () => bySecret({ client_secret: 'x' }), 'invalid_client'],
    ['an unknown client', () => bySecret({ client_id: 'x' }), 'invalid_client'],
    ['a client that has no secret', () => bySecret({ client_id: demo.clientId }), 'invalid_client'],
    ['an assertion for an unknown client', () => byKey(asserted(), { client_id: 'x' }), 'invalid_client'],
    [
      'an assertion for a client without key',
      () => byKey(asserted(), { client_id: secret.clientId }),
      'invalid_client',
    ],
    ['no assertion', () => byKey(''), 'invalid_request'],
    ['a scope', () => bySecret({ scope: 'iams-api' }), 'invalid_scope'],
    ['a scope beside an assertion', () => byKey(asserted(), { scope: '' }), 'invalid_scope'],
    ['another grant', () => bySecret({ grant_type: 'password' }), 'unsupported_grant_type'],
    ['no grant', () => post('client_id=x'), 'invalid_request'],
    ['a parameter twice', () => post(`${new URLSearchParams(withSecret)}&client_id=x`), 'invalid_request'],
  ])('refuses %s, with status 400', async (_, ask, error) => {
    const answer = await ask()
    expect([answer.status, await answer.json()]).toEqual([400, { error }])
  })

  it('refuses Basic, also beside good parameters', async () => {
    const pair = Buffer.from(`${secret.clientId}:${secret.clientSecret}`).toString('base64')
    for (const form of [{ grant_type: 'client_credentials' }, withSecret]) {
      const answer = await post(form, { authorization: `Basic ${pair}` })
      expect([answer.status, await answer.json()]).toEqual([400, { error: 'invalid_client' }])
    }
  })

  it('is at its own path and host only, and takes a form', async () => {
    for (const path of ['sts-demo.clearid.io', 'sts-demo.clearid.io//connect/token', 'sts-demo.clearid.io/token']) {
      expect((await fetch(`${simulators.url}/${path}`, { method: 'POST' })).status).toBe(404)
    }
    const elsewhere = `${simulators.url}/identityservice-demo.clearid.io/connect/token`
    expect((await fetch(elsewhere, { method: 'POST', body: new URLSearchParams(withSecret) })).status).toBe(404)
    const json = { 'content-type': 'application/json' }
    expect((await post(withSecret, json)).status).toBe(400)
  })
})

describe('the API', () => {
  const token = async () => (await jsonOf<Granted>(bySecret())).access_token

  it('answers a live token, for its account', async () => {
    const first = await token()
    expect((await identities(first)).status).toBe(200)
    expect(await jsonOf(identities(first, `${ACCOUNT}?ExternalId=nobody`))).toEqual({ items: [] })
    expect((await identities(first, ACCOUNT.replace('acme', 'other'))).status).toBe(403)
    expect((await identities(first, '/api/v2/identities')).status).toBe(404)
    later(3599)
    expect(await statusOf(first)).toBe(200)
    later(1)
    expect(await statusOf(first)).toBe(401)
  })

  it('refuses a token it did not give, an assertion and nothing', async () => {
    for (const other of [`${await token()}x`, await asserted(), '']) expect(await statusOf(other)).toBe(401)
  })

  it('forgets a revoked token, or all of them', async () => {
    const [first, second] = [await token(), (await jsonOf<Granted>(byKey())).access_token]
    const control = (body: object) => controlOf(simulators.url, 'clearid', 'POST', body)
    await control({ fault: 'revoke', value: first })
    expect([await statusOf(first), await statusOf(second)]).toEqual([401, 200])
    await control({ fault: 'revoke-all' })
    expect(await statusOf(second)).toBe(401)
    expect(await statusOf(await token())).toBe(200)
  })
})

describe('scripted faults', () => {
  const script = (body: object) => controlOf(simulators.url, 'clearid', 'POST', body)

  it('refuse a good client, with status 400', async () => {
    await script({ fault: 'invalid-client' })
    const answer = await byKey()
    expect([answer.status, await answer.json()]).toEqual([400, { error: 'invalid_client' }])
    expect((await byKey()).status).toBe(200)
  })

  it('change the life of the answer and of the token', async () => {
    await script({ fault: 'expires-in', value: 90 })
    const { access_token, expires_in } = await jsonOf<Granted>(byKey())
    expect([expires_in, decodeJwt(access_token).exp]).toEqual([90, clock() + 90])
    later(90)
    expect(await statusOf(access_token)).toBe(401)
  })

  it('leave out the token', async () => {
    await script({ fault: 'no-token' })
    expect(Object.keys(await jsonOf<object>(byKey())).sort()).toEqual(['expires_in', 'scope', 'token_type'])
  })
})
