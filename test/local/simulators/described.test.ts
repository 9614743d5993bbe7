import { constants, createHash, createPrivateKey, randomBytes, sign } from 'node:crypto'
import type { SimulatedVendor } from '../../../functions/simulation/vendor-simulator.ts'
import { describedVendors } from '../../../lib/local/described-vendors.ts'
import type { Loopback } from '../../../lib/local/loopback.ts'
import { startSimulators } from '../../../lib/local/simulators.ts'
import { control as controlOf } from '../../support/control.ts'
import { jsonOf } from '../json.ts'

/** Vendors as settings describe them, each asked as its documents say: by requests that are written here. */
const acme = {
  id: 'acme',
  title: 'Acme <CRM>',
  hosts: ['acme.example'],
  grant: 'authorization_code',
  clientAuthentication: 'client_secret_basic',
  authorizationEndpoint: 'https://login.acme.example/authorize',
  tokenEndpoint: 'https://{tenant}.acme.example/oauth/token',
  revocationEndpoint: 'https://{tenant}.acme.example/oauth/revoke',
  authorizationParameters: { access_type: 'offline' },
  scope: 'read write',
  liveness: 'https://{tenant}.acme.example/v1/me',
  apiBaseUrl: 'https://{tenant}.acme.example/v1',
}
const meet = {
  id: 'meet',
  title: 'Meet',
  hosts: ['meet.example'],
  grant: 'client_credentials',
  clientAuthentication: 'client_secret_basic',
  tokenEndpoint: 'https://meet.example/oauth/token',
  parameters: { grant_type: 'account_credentials', account_id: '{account_id}' },
}
const robot = {
  id: 'robot',
  title: 'Robot',
  hosts: ['robot.example'],
  grant: 'jwt_bearer',
  clientAuthentication: 'none',
  tokenEndpoint: 'https://robot.example/token',
  assertion: { subject: 'user@robot.example', claims: { scope: '{scope}' } },
}

type Document = Readonly<Record<string, string>>
type Grant = Readonly<Record<'access_token' | 'refresh_token' | 'scope', string>> & { readonly expires_in?: unknown }

let simulators: Loopback
let now: Date
const opened: Loopback[] = []
let documents: ReadonlyMap<string, Document>

beforeEach(() => {
  now = new Date('2026-03-01T12:00:00Z')
})
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close()
})

/** Runs vendors of these descriptions alone. */
async function run(...descriptions: readonly object[]): Promise<void> {
  const described = describedVendors(
    descriptions.map((one) => ({ environment: { VENDOMAT_DESCRIPTION: JSON.stringify(one) } })),
  )
  simulators = await startSimulators({ port: 0, now: () => now, vendors: described })
  opened.push(simulators)
  documents = new Map([...described].map(([id, vendor]) => [id, demoOf(vendor)]))
}

/** What the connection `demo` is seeded with: texts, all of it. */
const demoOf = ({ connections }: SimulatedVendor): Document =>
  Object.fromEntries(Object.entries(connections(now).demo ?? {}))
const demo = (id: string): Document => documents.get(id) ?? {}
const at = (url: string) => url.replace('https://', `${simulators.url}/`)
const later = (seconds: number) => {
  now = new Date(now.getTime() + seconds * 1000)
}
const control = (vendor: string, body?: object, method = 'POST') => controlOf(simulators.url, vendor, method, body)

const encoded = (text = '') => new URLSearchParams({ text }).toString().slice('text='.length)
const basic = ({ client_id, client_secret }: Document) => ({
  authorization: `Basic ${Buffer.from(`${encoded(client_id)}:${encoded(client_secret)}`).toString('base64')}`,
})
const post = (
  url: string,
  parameters: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
) => fetch(at(url), { method: 'POST', headers, body: new URLSearchParams(parameters), redirect: 'manual' })
const seconds = () => Math.floor(now.getTime() / 1000)

const CALLBACK = 'http://127.0.0.1:8363/callback'
const AUTHORIZE = 'https://login.acme.example/authorize'
const TOKEN = 'https://demo.acme.example/oauth/token'
const verifier = 'a-verifier-that-is-long-enough-for-the-rfc-0001'
const challenge = createHash('sha256').update(verifier).digest('base64url')
const request = (changes: Readonly<Record<string, string>> = {}) => {
  const all = {
    response_type: 'code',
    client_id: demo('acme').client_id ?? '',
    redirect_uri: CALLBACK,
    scope: 'read write',
    state: 'st1',
    access_type: 'offline',
    code_challenge: challenge,
    code_challenge_method: 'S256',
    ...changes,
  }
  const kept = Object.entries(all).filter(([, value]) => value !== '')
  return fetch(`${at(AUTHORIZE)}?${new URLSearchParams(kept)}`, { redirect: 'manual' })
}
const backFrom = async (answer: Response | Promise<Response>) => new URL((await answer).headers.get('location') ?? '')
const codeFor = async () => (await backFrom(request({ decision: 'allow' }))).searchParams.get('code') ?? ''
const exchange = (code: string, changes: Readonly<Record<string, string>> = {}) =>
  post(
    TOKEN,
    { grant_type: 'authorization_code', code, redirect_uri: CALLBACK, code_verifier: verifier, ...changes },
    basic(demo('acme')),
  )
const connect = async () => jsonOf<Grant>(exchange(await codeFor()))
const refresh = (refresh_token: string) =>
  post(TOKEN, { grant_type: 'refresh_token', refresh_token }, basic(demo('acme')))
const statusWith = async (token: string, url = 'https://demo.acme.example/v1/me') =>
  (await fetch(at(url), { headers: { authorization: `Bearer ${token}` } })).status
const answerOf = async (answer: Promise<Response>) => {
  const { error = 'no error' } = await jsonOf<{ readonly error?: string }>((await answer).clone())
  return [(await answer).status, error]
}

describe('the consent page of a described vendor', () => {
  beforeEach(() => run(acme))

  it('has a link for yes and a link for no, and works without scripts', async () => {
    const answer = await request()
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    const html = await answer.text()
    expect(html).toContain('Acme &lt;CRM> (simulated)')
    expect(html).not.toContain('<script')
    const links = [...html.matchAll(/<a href="([^"]+)">(\w+)<\/a>/g)]
    expect(links.map(([, , label]) => label)).toEqual(['Allow', 'Deny'])
    const [yes, no] = links.map(([, ,], n) => new URL((links[n]?.[1] ?? '').replaceAll('&amp;', '&'), answer.url))
    const allowed = await backFrom(fetch(yes ?? '', { redirect: 'manual' }))
    expect(`${allowed.origin}${allowed.pathname}`).toBe(CALLBACK)
    expect([...allowed.searchParams.keys()].sort()).toEqual(['code', 'state'])
    const denied = await backFrom(fetch(no ?? '', { redirect: 'manual' }))
    expect(Object.fromEntries(denied.searchParams)).toMatchObject({ error: 'access_denied', state: 'st1' })
  })

  it.each([
    ['another redirect address', { redirect_uri: 'http://127.0.0.1:9999/callback' }],
    ['another client', { client_id: 'other' }],
  ])('goes nowhere for %s', async (_what, changes) => {
    const answer = await request({ ...changes, decision: 'allow' })
    expect([answer.status, answer.headers.get('location')]).toEqual([400, null])
  })

  it.each([
    [{ scope: 'read admin' }, 'invalid_scope'],
    [{ code_challenge: '', code_challenge_method: '' }, 'invalid_request'],
    [{ code_challenge_method: 'plain' }, 'invalid_request'],
  ])('refuses %j with %s', async (changes, error) => {
    const back = await backFrom(request({ ...changes, decision: 'allow' }))
    expect(back.searchParams.get('error')).toBe(error)
    expect(back.searchParams.get('code')).toBeNull()
  })

  it('goes nowhere without a parameter of the vendor’s own', async () => {
    expect((await request({ access_type: 'online', decision: 'allow' })).status).toBe(400)
  })
})

describe('the token endpoint of a described vendor', () => {
  beforeEach(() => run(acme))

  it('exchanges a code and refreshes, in the words of RFC 6749', async () => {
    const answer = await exchange(await codeFor())
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store'])
    const granted = (await answer.json()) as Grant
    expect(granted).toEqual({
      access_token: expect.stringMatching(/^[\w-]{20,}$/),
      token_type: 'Bearer',
      expires_in: 3600,
      refresh_token: expect.stringMatching(/^[\w-]{20,}$/),
      scope: 'read write',
    })
    expect(await statusWith(granted.access_token)).toBe(200)
    const next = await jsonOf<Grant>(refresh(granted.refresh_token))
    expect(next.refresh_token).not.toBe(granted.refresh_token)
    expect(await statusWith(next.access_token)).toBe(200)
  })

  it.each([
    ['another verifier', { code_verifier: 'another-verifier-that-is-long-enough-for-the-rfc' }, 'invalid_grant'],
    ['no verifier', { code_verifier: '' }, 'invalid_grant'],
    ['another redirect address', { redirect_uri: 'http://127.0.0.1:9999/callback' }, 'invalid_grant'],
    ['another grant type', { grant_type: 'client_credentials' }, 'unsupported_grant_type'],
  ])('refuses a code with %s', async (_what, changes, error) => {
    expect(await answerOf(exchange(await codeFor(), changes))).toEqual([400, error])
  })

  it('ends what a code was good for when it is used again', async () => {
    const code = await codeFor()
    const granted = await jsonOf<Grant>(exchange(code))
    expect(await answerOf(exchange(code))).toEqual([400, 'invalid_grant'])
    expect(await statusWith(granted.access_token)).toBe(401)
    expect(await answerOf(refresh(granted.refresh_token))).toEqual([400, 'invalid_grant'])
  })

  it('ends the whole grant when a used refresh token comes again', async () => {
    const first = await connect()
    const second = await jsonOf<Grant>(refresh(first.refresh_token))
    expect(await answerOf(refresh(first.refresh_token))).toEqual([400, 'invalid_grant'])
    expect(await answerOf(refresh(second.refresh_token))).toEqual([400, 'invalid_grant'])
    expect(await statusWith(second.access_token)).toBe(401)
  })

  it.each([
    ['none', [200, 200], 200],
    ['grace', [200, 400], 200],
    ['strict', [400, 400], 200],
    ['family', [400, 400], 400],
  ])('under the rotation %s a used refresh token is worth %j, at once and later', async (value, used, successor) => {
    await control('acme', { fault: 'rotation', value })
    const first = await connect()
    const second = await jsonOf<Grant>(refresh(first.refresh_token))
    const again = await refresh(first.refresh_token)
    later(30)
    const again30 = await refresh(first.refresh_token)
    expect([again.status, again30.status]).toEqual(used)
    expect((await refresh(second.refresh_token)).status).toBe(successor)
  })

  it('takes a code once, also of several that come at the same moment', async () => {
    const [[, vendor] = []] = describedVendors([{ environment: { VENDOMAT_DESCRIPTION: JSON.stringify(acme) } }])
    const simulator = vendor?.simulator()
    const to = { host: 'demo.acme.example', query: new URLSearchParams(), body: '', now }
    const together = async (parameters: Document) => {
      const headers = { ...basic(demo('acme')), 'content-type': 'application/x-www-form-urlencoded' }
      const body = new URLSearchParams(parameters).toString()
      const call = { ...to, method: 'POST', path: '/oauth/token', headers, body }
      const answers = await Promise.all([1, 2, 3].map(() => simulator?.respond(call)))
      expect(answers.map((answer) => answer?.status)).toEqual([200, 400, 400])
    }
    const query = new URLSearchParams(new URL((await request()).url).search)
    query.set('decision', 'allow')
    const page = { ...to, host: 'login.acme.example', method: 'GET', path: '/authorize', headers: {}, query }
    const { Location = '' } = (await simulator?.respond(page))?.headers ?? {}
    const code = new URL(Location).searchParams.get('code') ?? ''
    await together({ grant_type: 'authorization_code', code, redirect_uri: CALLBACK, code_verifier: verifier })
  })

  it('revokes a refresh token with all that came of it (RFC 7009), for its client', async () => {
    const granted = await connect()
    const revoke = (client: Document) =>
      post('https://demo.acme.example/oauth/revoke', { token: granted.refresh_token }, basic(client))
    expect((await revoke({ ...demo('acme'), client_secret: 'wrong' })).status).toBe(401)
    expect(await statusWith(granted.access_token)).toBe(200)
    expect((await revoke(demo('acme'))).status).toBe(200)
    expect(await statusWith(granted.access_token)).toBe(401)
    expect(await answerOf(refresh(granted.refresh_token))).toEqual([400, 'invalid_grant'])
  })

  it('has a code for a minute, and a token for an hour, by the clock of the machine', async () => {
    const [first, second] = [await codeFor(), await codeFor()]
    later(59)
    const { access_token } = await jsonOf<Grant>(exchange(first))
    later(1)
    expect(await answerOf(exchange(second))).toEqual([400, 'invalid_grant'])
    later(3598)
    expect(await statusWith(access_token)).toBe(200)
    later(1)
    expect(await statusWith(access_token)).toBe(401)
  })

  it('refreshes after years, where nothing else is described', async () => {
    const { refresh_token } = await connect()
    later(10 * 365 * 86_400)
    expect((await refresh(refresh_token)).status).toBe(200)
  })

  it('has no token for other addresses of the API than those of a live token, and no other host', async () => {
    const { access_token } = await connect()
    expect(await statusWith(access_token, 'https://demo.acme.example/v1/things')).toBe(200)
    expect(await statusWith('another')).toBe(401)
    expect(await statusWith(access_token, 'https://acme.example.org/v1/me')).toBe(404)
  })
})

describe('what a description says of its vendor', () => {
  it('ends a grant after so many days without use, and says so', async () => {
    await run({ ...acme, grantDays: { idle: 30, most: 50 }, answer: { grantExpiresIn: 'refresh_expires_in' } })
    const first = await connect()
    expect(first).toMatchObject({ refresh_expires_in: 30 * 86_400 })
    later(30 * 86_400 - 1)
    const second = await jsonOf<Grant>(refresh(first.refresh_token))
    expect(second).toMatchObject({ refresh_expires_in: 20 * 86_400 + 1 })
    later(20 * 86_400 + 1)
    expect(await answerOf(refresh(second.refresh_token))).toEqual([400, 'invalid_grant'])
  })

  it('keeps a refresh token', async () => {
    await run({ ...acme, refreshTokens: 'keep' })
    const { refresh_token } = await connect()
    expect((await jsonOf<Grant>(refresh(refresh_token))).refresh_token).toBe(refresh_token)
    expect((await refresh(refresh_token)).status).toBe(200)
  })

  it('wants no challenge without PKCE', async () => {
    await run({ ...acme, pkce: 'none' })
    const back = await backFrom(request({ code_challenge: '', code_challenge_method: '', decision: 'allow' }))
    const code = back.searchParams.get('code') ?? ''
    const changes = { grant_type: 'authorization_code', code, redirect_uri: CALLBACK }
    expect((await post(TOKEN, changes, basic(demo('acme')))).status).toBe(200)
  })

  it('has scopes with commas, other names for members, and types of its own', async () => {
    const members = { access_token: 'authed.token', expires_in: 'ttl' }
    const answer = { members, tokenTypes: ['bot'], context: { team: 'authed.team' } }
    await run({ ...acme, scope: 'read,write', scopeSeparator: ',', answer })
    const code = (await backFrom(request({ scope: 'read,write', decision: 'allow' }))).searchParams.get('code') ?? ''
    const granted = await jsonOf<object>(exchange(code))
    expect(granted).toEqual({
      authed: { token: expect.any(String), team: 'demo' },
      token_type: 'bot',
      ttl: 3600,
      refresh_token: expect.any(String),
      scope: 'read,write',
    })
    const back = await backFrom(request({ scope: 'read write', decision: 'allow' }))
    expect(back.searchParams.get('error')).toBe('invalid_scope')
  })

  it('has metadata of its issuer, with its own endpoints, and says iss', async () => {
    const { tokenEndpoint: _token, authorizationEndpoint: _authorize, ...rest } = acme
    await run({ ...rest, issuer: 'https://{tenant}.acme.example/id/' })
    const said = await jsonOf<Record<string, unknown>>(
      fetch(at('https://demo.acme.example/id/.well-known/openid-configuration')),
    )
    expect(said).toMatchObject({
      issuer: 'https://demo.acme.example/id/',
      token_endpoint: 'https://demo.acme.example/id/token',
      authorization_endpoint: 'https://demo.acme.example/id/authorize',
      revocation_endpoint: 'https://demo.acme.example/oauth/revoke',
      authorization_response_iss_parameter_supported: true,
      code_challenge_methods_supported: ['S256'],
      token_endpoint_auth_methods_supported: ['client_secret_basic'],
    })
    const other = fetch(at('https://demo.acme.example/.well-known/oauth-authorization-server/id'))
    expect(await jsonOf<object>(other)).toEqual(said)
    const { keys } = await jsonOf<{ keys: object[] }>(fetch(at(String(said.jwks_uri))))
    expect(keys).toEqual([expect.objectContaining({ kty: 'EC' })])
    expect(keys[0]).not.toHaveProperty('d')
    const query = { response_type: 'code', client_id: 'acme-demo-client', redirect_uri: CALLBACK, scope: 'read' }
    const page = `${at(String(said.authorization_endpoint))}?${new URLSearchParams({
      ...query,
      ...{ access_type: 'offline', code_challenge: challenge, code_challenge_method: 'S256', decision: 'allow' },
    })}`
    const back = await backFrom(fetch(page, { redirect: 'manual' }))
    expect(back.searchParams.get('iss')).toBe('https://demo.acme.example/id/')
  })
})

describe('client credentials', () => {
  const token = (parameters: Readonly<Record<string, string>>, headers = basic(demo('meet'))) =>
    post('https://meet.example/oauth/token', parameters, headers)
  const asDocumented = { grant_type: 'account_credentials', account_id: 'demo' }

  it('get a token by the vendor’s own name of the grant, with its own parameters', async () => {
    await run(meet)
    expect(demo('meet')).toMatchObject({ account_id: 'demo', client_id: 'meet-demo-client' })
    const { access_token, ...rest } = await jsonOf<Grant>(token(asDocumented))
    expect(rest).toEqual({ token_type: 'Bearer', expires_in: 3600 })
    expect(await statusWith(access_token, 'https://api.meet.example/v2/users/me')).toBe(200)
  })

  it.each([
    ['the grant type of the RFC', { grant_type: 'client_credentials', account_id: 'demo' }],
    ['another account', { grant_type: 'account_credentials', account_id: 'other' }],
    ['no account', { grant_type: 'account_credentials' }],
  ])('get none with %s', async (_what, parameters) => {
    await run(meet)
    expect(await answerOf(token(parameters))).toEqual([400, 'invalid_request'])
  })

  it('as JSON, where the vendor wants them so', async () => {
    await run({ ...meet, send: 'json', clientAuthentication: 'client_secret_post' })
    const json = (body: object, type = 'application/json') =>
      fetch(at('https://meet.example/oauth/token'), {
        method: 'POST',
        headers: { 'content-type': type },
        body: JSON.stringify(body),
      })
    const { client_id, client_secret } = demo('meet')
    expect((await json({ ...asDocumented, client_id, client_secret })).status).toBe(200)
    expect(await answerOf(json({ ...asDocumented, client_id, client_secret: 'wrong' }))).toEqual([
      401,
      'invalid_client',
    ])
    expect((await json({ ...asDocumented, client_id, client_secret }, 'text/plain')).status).toBe(400)
    expect(
      (await post('https://meet.example/oauth/token', { ...asDocumented, client_id: client_id ?? '' })).status,
    ).toBe(400)
  })

  it('for the resource that is described (RFC 8707), and for no other', async () => {
    await run({ ...meet, parameters: {}, resource: 'https://api.meet.example/' })
    const with_ = (more: Readonly<Record<string, string>>) => token({ grant_type: 'client_credentials', ...more })
    expect((await with_({ resource: 'https://api.meet.example/' })).status).toBe(200)
    expect(await answerOf(with_({ resource: 'https://other.example/' }))).toEqual([400, 'invalid_target'])
    expect(await answerOf(with_({}))).toEqual([400, 'invalid_target'])
  })

  it('only with the scopes that are described, or any where none are', async () => {
    await run({ ...meet, scope: 'read' }, { ...meet, id: 'free' })
    expect(await answerOf(token({ ...asDocumented, scope: 'admin' }))).toEqual([400, 'invalid_scope'])
    expect((await jsonOf<Grant>(token({ ...asDocumented, scope: 'read' }))).scope).toBe('read')
    const any = await jsonOf<Grant>(token({ ...asDocumented, scope: 'admin' }, basic(demo('free'))))
    expect(any.scope).toBe('admin')
  })

  it('say no life where the documents say it', async () => {
    await run({ ...meet, defaultLifeSeconds: 600 })
    const granted = await jsonOf<Grant>(token(asDocumented))
    expect(granted).not.toHaveProperty('expires_in')
    later(599)
    expect(await statusWith(granted.access_token, 'https://api.meet.example/')).toBe(200)
    later(1)
    expect(await statusWith(granted.access_token, 'https://api.meet.example/')).toBe(401)
  })
})

/** Signs with the key of a connection, or where it has none with that of another. */
function jwt(id: string, claims: object, head: { readonly alg?: string } = {}): string {
  const { private_key: key = demo('signer').private_key ?? '', key_id: kid } = demo(id)
  const alg = head.alg ?? 'RS256'
  const text = [{ alg, typ: 'JWT', ...(kid && { kid }), ...head }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  const options = {
    ...(alg.startsWith('ES') && ({ dsaEncoding: 'ieee-p1363' } as const)),
    ...(alg.startsWith('PS') && { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }),
  }
  const signature = sign(`sha${alg.slice(2)}`, Buffer.from(text), { key: createPrivateKey(key), ...options })
  return `${text}.${signature.toString('base64url')}`
}
const newId = () => randomBytes(9).toString('base64url')
const times = () => ({ iat: seconds(), exp: seconds() + 180, jti: newId() })
const JWT_ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'ES256']

/** What is wrong with a JWT that is as documented otherwise. */
const WRONG: readonly (readonly [string, () => object])[] = [
  ['another issuer', () => ({ iss: 'other' })],
  ['another subject', () => ({ sub: 'other' })],
  ['another audience', () => ({ aud: 'https://other.example/token' })],
  ['an end that is over', () => ({ exp: seconds() })],
  ['an end that is two hours away', () => ({ exp: seconds() + 7200 })],
  ['no end', () => ({ exp: undefined })],
  ['no id', () => ({ jti: undefined })],
  ['a time of issue to come', () => ({ iat: seconds() + 600 })],
]

describe('the ways to authenticate a client', () => {
  const ways = ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'] as const
  const usual = () => ({
    iss: 'meet-demo-client',
    sub: 'meet-demo-client',
    aud: 'https://meet.example/oauth/token',
    ...times(),
  })
  const ask = (parameters: Document, headers: Document = {}) =>
    post('https://meet.example/oauth/token', { grant_type: 'client_credentials', ...parameters }, headers)
  const client = { client_id: 'meet-demo-client', client_secret: 'meet s3cr&t+/=_%1' }
  const byJwt = (client_assertion: string) =>
    ask({
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion,
    })
  const by = {
    client_secret_basic: (secret = client.client_secret) => ask({}, basic({ ...client, client_secret: secret })),
    client_secret_post: (secret = client.client_secret) => ask({ ...client, client_secret: secret }),
    private_key_jwt: () => byJwt(jwt('meet', usual())),
    none: () => ask({ client_id: client.client_id }),
  }
  const signer = { ...robot, id: 'signer', tokenEndpoint: 'https://signer.example/token', hosts: ['signer.example'] }
  const described = (clientAuthentication: string, algorithm = 'RS256') =>
    run({ ...meet, parameters: {}, clientAuthentication, assertion: { algorithm } }, signer)

  it.each(ways.flatMap((way) => ways.map((used) => [way, used] as const)))(
    'a vendor of %s is asked with %s',
    async (way, used) => {
      await described(way)
      expect((await by[used]()).status).toBe(way === used ? 200 : 401)
    },
  )

  it.each(['client_secret_basic', 'client_secret_post'] as const)('a wrong secret is refused with %s', async (way) => {
    await described(way)
    expect(await answerOf(by[way]('wrong'))).toEqual([401, 'invalid_client'])
  })

  it('a secret that is not form-encoded is refused with Basic (RFC 6749 section 2.3.1)', async () => {
    await described('client_secret_basic')
    const raw = Buffer.from(`${client.client_id}:${client.client_secret}`).toString('base64')
    expect((await ask({}, { authorization: `Basic ${raw}` })).status).not.toBe(200)
  })

  it.each(JWT_ALGORITHMS)('a JWT is signed with %s, and not with another algorithm', async (alg) => {
    await described('private_key_jwt', alg)
    expect((await byJwt(jwt('meet', usual(), { alg }))).status).toBe(200)
    const other = alg === 'RS512' ? 'RS384' : 'RS512'
    const wrongly = alg === 'ES256' ? jwt('signer', usual(), { alg: other }) : jwt('meet', usual(), { alg: other })
    expect(await answerOf(byJwt(wrongly))).toEqual([401, 'invalid_client'])
  })

  it.each(WRONG)('a JWT with %s is refused', async (_what, wrong) => {
    await described('private_key_jwt')
    expect((await byJwt(jwt('meet', { ...usual(), ...wrong() }))).status).not.toBe(200)
  })

  it('a JWT is good once, and by the clock of the machine', async () => {
    await described('private_key_jwt')
    const assertion = jwt('meet', usual())
    expect((await byJwt(assertion)).status).toBe(200)
    expect(await answerOf(byJwt(assertion))).toEqual([401, 'invalid_client'])
    later(400 * 86_400)
    expect((await byJwt(jwt('meet', usual()))).status).toBe(200)
  })

  it('a JWT that another has signed is refused', async () => {
    await run(
      { ...meet, parameters: {}, clientAuthentication: 'private_key_jwt', assertion: { algorithm: 'ES256' } },
      { ...signer, assertion: { algorithm: 'ES256' } },
    )
    expect((await byJwt(jwt('meet', usual(), { alg: 'ES256' }))).status).toBe(200)
    expect(await answerOf(byJwt(jwt('signer', usual(), { alg: 'ES256' })))).toEqual([401, 'invalid_client'])
  })
})

describe('a JWT as a grant (RFC 7523)', () => {
  const usual = () => ({
    iss: 'robot-demo-client',
    sub: 'user@robot.example',
    aud: 'https://robot.example/token',
    scope: 'demo',
    ...times(),
  })
  const grant = (assertion: string, more: Document = {}) =>
    post('https://robot.example/token', {
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion,
      ...more,
    })

  it.each(JWT_ALGORITHMS)('gets a token, signed with %s', async (alg) => {
    await run({ ...robot, assertion: { ...robot.assertion, algorithm: alg } })
    expect(demo('robot')).toMatchObject({ client_id: 'robot-demo-client', scope: 'demo' })
    const { access_token, ...rest } = await jsonOf<Grant>(grant(jwt('robot', usual(), { alg })))
    expect(rest).toEqual({ token_type: 'Bearer', expires_in: 3600 })
    expect(await statusWith(access_token, 'https://api.robot.example/v1')).toBe(200)
  })

  it.each([...WRONG, ['another claim of the vendor’s own', () => ({ scope: 'admin' })] as const])(
    'gets none with %s',
    async (_what, wrong) => {
      await run(robot)
      expect(await answerOf(grant(jwt('robot', { ...usual(), ...wrong() })))).toEqual([400, 'invalid_grant'])
    },
  )

  it.each([
    ['none of the three parts', () => 'a.b'],
    ['a signature of another algorithm', () => jwt('robot', usual(), { alg: 'RS512' })],
    [
      'a changed claim',
      () =>
        jwt('robot', usual()).replace(
          /\.[^.]+\./,
          `.${Buffer.from(JSON.stringify({ ...usual(), scope: 'demo' })).toString('base64url')}.`,
        ),
    ],
  ])('gets none with %s', async (_what, made) => {
    await run(robot)
    expect(await answerOf(grant(made()))).toEqual([400, 'invalid_grant'])
  })

  it('is good once', async () => {
    await run(robot)
    const assertion = jwt('robot', usual())
    expect((await grant(assertion)).status).toBe(200)
    expect(await answerOf(grant(assertion))).toEqual([400, 'invalid_grant'])
  })

  it('comes with client authentication, where that is described', async () => {
    await run({ ...robot, clientAuthentication: 'client_secret_post' })
    const { client_id = '', client_secret = '' } = demo('robot')
    expect((await grant(jwt('robot', usual()), { client_id, client_secret })).status).toBe(200)
    expect(await answerOf(grant(jwt('robot', usual())))).toEqual([401, 'invalid_client'])
  })
})

describe('the control of a described vendor', () => {
  const token = () =>
    post(
      'https://meet.example/oauth/token',
      { grant_type: 'account_credentials', account_id: 'demo' },
      basic(demo('meet')),
    )
  beforeEach(() => run(meet, acme))

  it('counts its calls', async () => {
    await token()
    await post('https://meet.example/oauth/token', {})
    expect(await jsonOf<object>(control('meet', undefined, 'GET'))).toMatchObject({
      calls: { total: 2, byPath: { 'POST /oauth/token': { '200': 1, '400': 1 } } },
    })
    expect(await jsonOf<object>(controlOf(simulators.url, ''))).toEqual({ vendors: ['meet', 'acme'] })
  })

  it.each([
    ['status-429', 429],
    ['status-500', 500],
    ['html', 200],
    ['invalid-client', 401],
    ['empty', 200],
  ])('the fault %s strikes its token endpoint once', async (fault, status) => {
    await control('meet', { fault })
    const answer = await token()
    expect([answer.status, (await answer.text()).includes('access_token')]).toEqual([status, false])
    expect((await token()).status).toBe(200)
  })

  it.each(['reset', 'truncated'])('the fault %s loses the answer', async (fault) => {
    await control('meet', { fault })
    await expect(token().then((answer) => answer.text())).rejects.toThrow()
    expect((await token()).status).toBe(200)
  })

  it.each([
    [60, 60],
    ['60', 60],
    ['soon', 3600],
  ])('the fault expires-in claims %j, and the token ends then', async (value, life) => {
    await control('meet', { fault: 'expires-in', value })
    const { access_token, expires_in } = await jsonOf<Grant>(token())
    expect(expires_in).toBe(value)
    later(life - 1)
    expect(await statusWith(access_token, 'https://api.meet.example/')).toBe(200)
    later(1)
    expect(await statusWith(access_token, 'https://api.meet.example/')).toBe(401)
  })

  it('the fault no-token leaves out the token', async () => {
    await control('meet', { fault: 'no-token' })
    expect(await jsonOf<object>(token())).toEqual({ token_type: 'Bearer', expires_in: 3600 })
  })

  it('revokes one token, and all', async () => {
    const [first, second] = [await jsonOf<Grant>(token()), await jsonOf<Grant>(token())]
    await control('meet', { fault: 'revoke', value: first.access_token })
    const both = () =>
      Promise.all([first, second].map((one) => statusWith(one.access_token, 'https://api.meet.example/')))
    expect(await both()).toEqual([401, 200])
    await control('meet', { fault: 'revoke-all' })
    expect(await both()).toEqual([401, 401])
    expect((await token()).status).toBe(200)
  })

  it('revokes what a person has allowed', async () => {
    const { access_token, refresh_token } = await connect()
    await control('acme', { fault: 'revoke', value: refresh_token })
    expect(await statusWith(access_token)).toBe(401)
    expect(await answerOf(refresh(refresh_token))).toEqual([400, 'invalid_grant'])
  })

  it('sets a rotation where there is something to rotate, until all is put right', async () => {
    expect((await control('meet', { fault: 'rotation', value: 'strict' })).status).toBe(400)
    await control('acme', { fault: 'rotation', value: 'none' })
    await control('acme', undefined, 'DELETE')
    const { refresh_token } = await connect()
    expect((await jsonOf<Grant>(refresh(refresh_token))).refresh_token).not.toBe(refresh_token)
  })
})

describe('described vendors', () => {
  it('that share a host are told apart by their clients and tokens', async () => {
    await run(
      meet,
      { ...meet, id: 'phone', parameters: {}, clientAuthentication: 'client_secret_post' },
      { ...meet, id: 'other' },
    )
    const { client_id = '', client_secret = '' } = demo('phone')
    const phone = await jsonOf<Grant>(
      post('https://meet.example/oauth/token', { grant_type: 'client_credentials', client_id, client_secret }),
    )
    const asDocumented = { grant_type: 'account_credentials', account_id: 'demo' }
    const other = await jsonOf<Grant>(post('https://meet.example/oauth/token', asDocumented, basic(demo('other'))))
    for (const { access_token } of [phone, other])
      expect(await statusWith(access_token, 'https://api.meet.example/')).toBe(200)
    expect(await jsonOf<object>(control('phone', undefined, 'GET'))).toMatchObject({ calls: { total: 2 } })
  })

  it('take any scope where none is described, and go on with it', async () => {
    const { scope: _none, ...rest } = acme
    await run({ ...rest, send: 'form' })
    const back = await backFrom(request({ scope: 'things people', decision: 'allow' }))
    const granted = await jsonOf<Grant>(exchange(back.searchParams.get('code') ?? ''))
    expect(granted.scope).toBe('things people')
    expect((await jsonOf<Grant>(refresh(granted.refresh_token))).scope).toBe('things people')
  })

  it('ask for no scope where none is described, and answer none', async () => {
    const { scope: _none, ...rest } = acme
    await run(rest)
    const back = await backFrom(request({ scope: '', decision: 'allow' }))
    const granted = await jsonOf<Grant>(exchange(back.searchParams.get('code') ?? ''))
    expect(granted).not.toHaveProperty('scope')
    expect(await statusWith(granted.access_token)).toBe(200)
  })
})
