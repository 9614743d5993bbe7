import { Buffer } from 'node:buffer'
import { createPublicKey, verify } from 'node:crypto'
import { clearid } from '../../functions/clearid/vendor.ts'
import { secondsAfter } from '../../functions/kit/time.ts'
import type { Context } from '../../functions/kit/vendor.ts'
import { newRsaKey } from '../../functions/simulation/rs512.ts'
import {
  contextFor,
  expectNoTrace,
  failureOf,
  html,
  json,
  jwt,
  NOW,
  networkError,
  type Seen,
  type Step,
  vendorAnswering,
} from '../support/fake-vendor.ts'

type Parts = Readonly<Record<'modulus' | 'exponent' | 'd' | 'p' | 'q' | 'dp' | 'dq' | 'inverseQ', string>>

function rsaParts(modulusLength: number): Parts {
  const {
    n = '',
    e = '',
    d = '',
    p = '',
    q = '',
    dp = '',
    dq = '',
    qi = '',
  } = newRsaKey(modulusLength).export({ format: 'jwk' })
  return { modulus: n, exponent: e, d, p, q, dp, dq, inverseQ: qi }
}

// The parts as they come out of Node, in base64url without padding.
const parts = rsaParts(2048)
const small = rsaParts(1024)
const publicKey = createPublicKey({ key: { kty: 'RSA', n: parts.modulus, e: parts.exponent }, format: 'jwk' })

const mapped = (given: Parts, change: (part: string) => string): Parts => ({
  modulus: change(given.modulus),
  exponent: change(given.exponent),
  d: change(given.d),
  p: change(given.p),
  q: change(given.q),
  dp: change(given.dp),
  dq: change(given.dq),
  inverseQ: change(given.inverseQ),
})
const bytes = (part: string) => Buffer.from(part, 'base64url')
const padded = (part: string) => part.padEnd(Math.ceil(part.length / 4) * 4, '=')

const CLIENT_ID = '11111111-2222-4333-8444-555555555555:acme'
const KID = '66666666-7777-4888-8999-000000000000:acme'
const ENCODED_CLIENT_ID = '11111111-2222-4333-8444-555555555555%3Aacme'
const SECRET = 'canary+secret/with&form=characters'
const STS = 'https://sts-demo.clearid.io/connect/token'

const file = {
  accountId: 'acme',
  clientId: CLIENT_ID,
  stsUrl: 'https://sts-demo.clearid.io',
  identityServiceUrl: 'https://identityservice-demo.clearid.io',
}
const keyOf = (changes: object = {}) => ({ kid: KID, keyType: 'RSA', algorithm: 'RS512', ...parts, ...changes })
const withKey = { ...file, key: keyOf() }
const withSecret = { ...file, clientSecret: SECRET }
const both = { ...withSecret, key: keyOf() }

const granted = {
  access_token: 'token-canary',
  expires_in: 3600,
  token_type: 'Bearer',
  scope: 'iams-all-permissions-delegated iams-api iams-roles openid',
}

async function issue(document: object = withKey, script: Step[] = [json(granted)], changes: Partial<Context> = {}) {
  const vendor = vendorAnswering(...script)
  const issued = await clearid.issue(document, undefined, contextFor(vendor, clearid, changes))
  vendor.done()
  return { issued, request: vendor.requests[0], requests: vendor.requests }
}

async function failed(document: unknown, ...script: Step[]) {
  const vendor = vendorAnswering(...script)
  const error = await failureOf(clearid.issue(document, undefined, contextFor(vendor, clearid)))
  vendor.done()
  return { error, requests: vendor.requests }
}

function assertionIn(request: Seen | undefined) {
  const assertion = new URLSearchParams(request?.body).get('assertion') ?? ''
  const [header = '', claims = '', signature = ''] = assertion.split('.')
  const decode = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString())
  const isOurs = verify('sha512', Buffer.from(`${header}.${claims}`), publicKey, Buffer.from(signature, 'base64url'))
  return { assertion, header: decode(header), claims: decode(claims), isOurs }
}

describe('signing in with the key', () => {
  it('asserts who we are, signed with the key of the file', async () => {
    const { request } = await issue()
    const { header, claims, isOurs } = assertionIn(request)
    const clock = NOW.getTime() / 1000
    expect(isOurs).toBe(true)
    expect(header).toEqual({ alg: 'RS512', kid: KID, typ: 'JWT' })
    expect(claims).toEqual({
      iss: CLIENT_ID,
      sub: CLIENT_ID,
      aud: 'iams-sts',
      jti: expect.stringMatching(/^[0-9a-f]{32}$/),
      iat: clock - 10,
      nbf: clock - 10,
      exp: clock + 300,
    })
  })

  it('takes whole seconds of a time between them', async () => {
    const { request } = await issue(withKey, [json(granted)], { now: () => new Date(NOW.getTime() + 999) })
    expect(assertionIn(request).claims.iat).toBe(NOW.getTime() / 1000 - 10)
  })

  it('makes a new jti for each attempt', async () => {
    const jtis = new Set<unknown>()
    for (const _ of [1, 2]) jtis.add(assertionIn((await issue()).request).claims.jti)
    expect(jtis.size).toBe(2)
  })

  it('sends the assertion as the grant, and no scope, no client assertion, no Basic', async () => {
    const { request } = await issue()
    const { assertion } = assertionIn(request)
    expect(request).toMatchObject({ method: 'POST', url: STS })
    expect(request?.body).toBe(
      `client_id=${ENCODED_CLIENT_ID}&grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=${assertion}`,
    )
    expect(request?.headers.get('content-type')).toMatch(/^application\/x-www-form-urlencoded/)
    expect(request?.headers.has('authorization')).toBe(false)
  })
})

describe('signing in with the secret', () => {
  it('sends id and secret in the body, and no scope, no Basic', async () => {
    const { request } = await issue(withSecret)
    expect(request).toMatchObject({ method: 'POST', url: STS })
    expect(Object.fromEntries(new URLSearchParams(request?.body))).toEqual({
      client_id: CLIENT_ID,
      client_secret: SECRET,
      grant_type: 'client_credentials',
    })
    expect(request?.body).toContain(`client_id=${ENCODED_CLIENT_ID}&`)
    expect(request?.headers.has('authorization')).toBe(false)
  })

  it('is for a file whose key is null', async () => {
    const { request } = await issue({ ...withSecret, key: null })
    expect(request?.body).toContain('grant_type=client_credentials')
  })
})

describe('a file with a key and a secret', () => {
  const sentOf = (request: Seen | undefined) => [...new URLSearchParams(request?.body).keys()]
  const byKey = ['client_id', 'grant_type', 'assertion']
  const bySecret = ['grant_type', 'client_id', 'client_secret']

  it('is used with its key, sends no secret, and says so with each token', async () => {
    const { request, issued } = await issue(both)
    expect(sentOf(request)).toEqual(byKey)
    expect(issued.warnings).toEqual([
      {
        code: 'key_used',
        detail:
          'the file holds a key and a client secret, and the key is used; to say which, add "authenticate_with": "key" ' +
          'or "clientSecret" to the credentials',
      },
    ])
  })

  it.each([
    ['key', byKey],
    ['clientSecret', bySecret],
  ])('is used as a person has said: with its %s, and without a warning', async (authenticate_with, sent) => {
    const { request, issued } = await issue({ ...both, authenticate_with })
    expect(sentOf(request).sort()).toEqual([...sent].sort())
    expect(issued.warnings).toEqual([])
  })

  it.each([
    [{ ...withKey, authenticate_with: 'clientSecret' }, 'the file holds no clientSecret'],
    [{ ...withSecret, authenticate_with: 'key' }, 'the file holds no key'],
    [{ ...both, authenticate_with: 'secret' }, 'authenticate_with must be key or clientSecret'],
    [{ ...both, authenticate_with: '' }, 'authenticate_with must be key or clientSecret'],
  ])('causes no call when what was said is not there (%#)', async (document, words) => {
    const { error, requests } = await failed(document)
    expect(error).toMatchObject({ code: 'configuration', message: expect.stringContaining(words) })
    expect(requests).toEqual([])
    expectNoTrace(error, SECRET, parts.d)
  })
})

describe('the account', () => {
  it.each(['acme', 'ACME_2-x', '6625221f-4e66-4bc8-8305-cb8cbd87b21f', ' acme\n'])('may be %j', async (accountId) => {
    expect((await issue({ ...withKey, accountId })).issued.accessToken.context.account_id).toBe(accountId.trim())
  })

  it.each(['acme/identities', '../acme', 'acme?x=1', 'acme#x', 'a b', 'acme%2f', 'acme:1', 'äcme', '.', 'a\nb', 'a.b'])(
    'goes into the addresses that callers call, so %j causes no call',
    async (accountId) => {
      const { error, requests } = await failed({ ...withKey, accountId })
      expect(error).toMatchObject({
        code: 'configuration',
        message: expect.stringContaining('accountId must consist of letters, digits, - and _'),
      })
      expect(requests).toEqual([])
    },
  )
})

describe('the key', () => {
  it.each<[string, (part: string) => string]>([
    ['base64url without padding', (part) => part],
    ['base64url with padding', padded],
    ['base64 with padding', (part) => bytes(part).toString('base64')],
    ['base64 without padding', (part) => bytes(part).toString('base64').replace(/=+$/, '')],
    ['base64 with a zero byte in front', (part) => Buffer.concat([Buffer.alloc(1), bytes(part)]).toString('base64')],
    [
      'base64url with two zero bytes in front',
      (part) => Buffer.concat([Buffer.alloc(2), bytes(part)]).toString('base64url'),
    ],
    ['base64 with blanks around it', (part) => ` ${bytes(part).toString('base64')}\r\n`],
  ])('may be in %s', async (_form, change) => {
    const { request } = await issue({ ...file, key: keyOf(mapped(parts, change)) })
    expect(assertionIn(request).isOurs).toBe(true)
  })

  it('may have members beside those we know, as may the file', async () => {
    const { request } = await issue({ ...file, systemId: 7, reportServiceUrl: 'x', key: keyOf({ use: 'sig' }) })
    expect(assertionIn(request).isOurs).toBe(true)
  })

  const names = Object.keys(parts) as (keyof Parts)[]
  const flipped = (part: string) => {
    const copy = bytes(part)
    copy.writeUInt8(copy.readUInt8(copy.length - 1) ^ 2, copy.length - 1)
    return copy.toString('base64url')
  }

  it.each<readonly [string, object]>([
    ...names.map((name) => [`another ${name}`, { [name]: flipped(parts[name]) }] as const),
    ...names.map((name) => [`no ${name}`, { [name]: undefined }] as const),
    ...names.map((name) => [`an empty ${name}`, { [name]: '' }] as const),
    ...names.map((name) => [`a ${name} of zero`, { [name]: 'AA==' }] as const),
    ...names.map((name) => [`a ${name} of one`, { [name]: 'AQ==' }] as const),
    ...names.map((name) => [`a ${name} that is no Base64`, { [name]: `${parts[name].slice(0, 3)}*` }] as const),
    ['a digit too many', { exponent: `${parts.exponent}A` }],
    ['padding inside', { modulus: `AA==${parts.modulus}` }],
    ['a line break inside', { modulus: `${parts.modulus.slice(0, 64)}\n${parts.modulus.slice(64)}` }],
    ['a part that is a number', { exponent: 65537 }],
    ['d and p exchanged', { d: parts.p, p: parts.d }],
    ['p and q exchanged', { p: parts.q, q: parts.p }],
    ['the private parts of another key', { ...small, modulus: parts.modulus }],
    ['1024 bits', small],
    ['another type', { keyType: 'EC' }],
    ['no type', { keyType: undefined }],
    ['another algorithm', { algorithm: 'RS256' }],
    ['no algorithm', { algorithm: undefined }],
    ['no kid', { kid: undefined }],
    ['an empty kid', { kid: ' ' }],
  ])('is refused with %s, without a call and without a word of it', async (_fault, changes) => {
    const { error, requests } = await failed({ ...both, key: keyOf(changes) })
    expect(error).toMatchObject({ code: 'configuration', message: expect.stringMatching(/: key/) })
    expect(requests).toHaveLength(0)
    const values = Object.values({ ...parts, ...small, ...changes }).filter((value) => typeof value === 'string')
    expectNoTrace(error, SECRET, ...values.filter((value) => value.trim().length > 6))
  })

  it.each<[string, unknown]>([
    ['a JWK', { kty: 'RSA', kid: KID, n: parts.modulus, e: parts.exponent, ...parts, modulus: undefined }],
    ['a PEM file', '-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----'],
    ['a list', [keyOf()]],
    ['a word', 'canary-key'],
    ['nothing', ''],
  ])('is refused when it is %s', async (_form, key) => {
    const { error, requests } = await failed({ ...both, key })
    expect(error).toMatchObject({ code: 'configuration' })
    expect(requests).toHaveLength(0)
    expectNoTrace(error, SECRET, parts.d, parts.modulus, 'canary')
  })

  it.each([{}, { key: null }, { clientSecret: null }, { clientSecret: '', key: null }])(
    'is missed in a file with %j, as there is no secret either',
    async (rest) => {
      const { error, requests } = await failed({ ...file, ...rest })
      expect(error).toMatchObject({ code: 'configuration', message: expect.stringContaining('clientSecret') })
      expect(requests).toHaveLength(0)
    },
  )

  it.each([
    { ServicePrincipalKey: { kty: 'RSA', d: parts.d } },
    { servicePrincipalKey: parts.d, AccountId: 'acme' },
    { ...both, ServicePrincipalKey: null },
  ])("is not that of a file of Clearance, which is named as another product's (%#)", async (document) => {
    const { error, requests } = await failed(document)
    expect(error).toMatchObject({ code: 'configuration' })
    expect(String(error)).toMatch(
      /: document is a file of Genetec Clearance, another product: download the [a-z ]+ in ClearID$/i,
    )
    expect(requests).toEqual([])
    expectNoTrace(error, parts.d, SECRET)
  })

  it.each(['', ' ', null])('is used when the client secret beside it is %j, which is none', async (clientSecret) => {
    const { request, issued } = await issue({ ...withKey, clientSecret })
    expect(request?.body).toContain('assertion=')
    expect(issued.warnings).toEqual([])
  })
})

it('another key of the file is another secret, however the same one is written', () => {
  const rewritten = { ...withKey, key: keyOf(mapped(parts, padded)), teamServiceUrl: 'https://team.clearid.io' }
  expect(clearid.hasSameSecrets(withKey, rewritten)).toBe(true)
  expect(clearid.hasSameSecrets(withKey, { ...withKey, key: keyOf(rsaParts(2048)) })).toBe(false)
  expect(clearid.hasSameSecrets(withKey, withSecret)).toBe(false)
})

describe('the addresses of the file', () => {
  it.each([
    ['https://sts.eu.clearid.io', 'https://sts.eu.clearid.io/connect/token'],
    ['https://sts.eu.clearid.io/', 'https://sts.eu.clearid.io/connect/token'],
    [' https://sts.clearid.io/base// ', 'https://sts.clearid.io/base/connect/token'],
  ])('make %s into %s', async (stsUrl, url) => {
    for (const document of [withKey, withSecret]) {
      expect((await issue({ ...document, stsUrl })).request?.url).toBe(url)
    }
  })

  const wrong = [
    'https://sts.clearid.io.evil.com',
    'https://evilclearid.io',
    'http://sts.clearid.io',
    'https://user:pw@sts.clearid.io',
    'https://169.254.169.254',
    'https://localhost',
    'https://[::1]',
    'https://10.0.0.1',
    'https://sts.clearid.io:8443',
    'https://sts.clearid.io?x=1',
    'sts.clearid.io',
    'x',
  ]
  const services = [
    'identityServiceUrl',
    'principalServiceUrl',
    'teamServiceUrl',
    'roleServiceUrl',
    'identityRequestServiceUrl',
    'webhooksServiceUrl',
  ]

  it.each(wrong)('cause no call: an STS at %j', async (stsUrl) => {
    const { error, requests } = await failed({ ...withKey, stsUrl })
    expect(error).toMatchObject({ code: 'configuration' })
    expect(requests).toHaveLength(0)
  })

  it.each(services.flatMap((name) => wrong.map((url) => [name, url] as const)))(
    'cause no call: a %s of %j',
    async (name, url) => {
      const { error, requests } = await failed({ ...withKey, [name]: url })
      expect(error).toMatchObject({ code: 'configuration' })
      expect(requests).toHaveLength(0)
    },
  )
})

describe('the token', () => {
  it('comes with the account and where to use it', async () => {
    const document = {
      ...withKey,
      principalServiceUrl: 'https://principalservice-demo.clearid.io/',
      teamServiceUrl: 'https://teamservice-demo.clearid.io',
      roleServiceUrl: 'https://roleservice-demo.clearid.io',
      identityRequestServiceUrl: 'https://identityrequestservice-demo.clearid.io',
      webhooksServiceUrl: 'https://api.demo.clearid.io/webhooks/api/v4/',
    }
    const { issued } = await issue(document)
    expect(issued.accessToken).toMatchObject({
      issuedAt: NOW,
      expiresAt: secondsAfter(NOW, 3600),
      scope: granted.scope,
    })
    expect(issued.accessToken.value.reveal()).toBe('token-canary')
    expect(issued.accessToken.context).toEqual({
      account_id: 'acme',
      api_base_url: 'https://identityservice-demo.clearid.io',
      principal_service_url: 'https://principalservice-demo.clearid.io',
      team_service_url: 'https://teamservice-demo.clearid.io',
      role_service_url: 'https://roleservice-demo.clearid.io',
      identity_request_service_url: 'https://identityrequestservice-demo.clearid.io',
      webhooks_service_url: 'https://api.demo.clearid.io/webhooks/api/v4',
    })
    expect(issued).not.toHaveProperty('refreshToken')
    expect(issued.warnings).toEqual([])
  })

  it('names no service that the file leaves out', async () => {
    const urls = { principalServiceUrl: '', teamServiceUrl: null, roleServiceUrl: ' \n', webhooksServiceUrl: undefined }
    const { issued } = await issue({ ...withSecret, ...urls })
    expect(Object.keys(issued.accessToken.context)).toEqual(['account_id', 'api_base_url'])
  })

  it('lives for an hour at most, whatever the answer says', async () => {
    const { issued } = await issue(withKey, [json({ ...granted, expires_in: 7200 })])
    expect(issued.accessToken.expiresAt).toEqual(secondsAfter(NOW, 3600))
  })

  it.each([
    [7200, 600, 600],
    [7200, 7200, 3600],
    [300, 600, 300],
  ])('of %i s and an exp in %i s lives for %i s', async (expires_in, exp, life) => {
    const iat = NOW.getTime() / 1000
    // ClearID developer guide, "Using access tokens with API calls", 2026-11: in the sample token of a person the account
    // is a list, in both samples the scope is.
    const access_token = jwt({ iat, exp: iat + exp, account_id: ['acme', 'other'], scope: ['iams-api'] })
    const { issued } = await issue(withKey, [json({ ...granted, access_token, expires_in })])
    expect(issued.accessToken.expiresAt).toEqual(secondsAfter(NOW, life))
    expect(issued.accessToken.context.account_id).toBe('acme')
  })

  it('lives for the documented hour when the answer does not say', async () => {
    const { issued } = await issue(withKey, [json({ access_token: 'x', token_type: 'Bearer' })])
    expect(issued.accessToken.expiresAt).toEqual(secondsAfter(NOW, 3600))
    expect(issued.warnings).toMatchObject([{ code: 'lifetime_assumed' }])
  })

  it('is renewed after half of its life, and never written down', () => {
    expect(clearid.tokens).toMatchObject({ storage: 'memory', refreshAfter: 0.5, maxLifeSeconds: 3600 })
  })
})

describe('a refusal', () => {
  const methods = [
    ['key', withKey],
    ['secret', withSecret],
  ] as const
  const table: [number, object, string][] = [
    [400, { error: 'invalid_client' }, 'credential_rejected'],
    [401, { error: 'invalid_client' }, 'credential_rejected'],
    [200, { error: 'invalid_client' }, 'credential_rejected'],
    [400, { error: 'invalid_grant' }, 'credential_rejected'],
    [400, { error: 'unauthorized_client' }, 'configuration'],
    [400, { error: 'unsupported_grant_type' }, 'configuration'],
    [400, { error: 'invalid_scope' }, 'configuration'],
    [400, { error: 'invalid_request' }, 'configuration'],
    [429, {}, 'vendor_throttled'],
    [500, {}, 'vendor_unavailable'],
    [503, {}, 'vendor_unavailable'],
  ]

  it.each(methods.flatMap(([method, document]) => table.map((row) => [...row, method, document] as const)))(
    'of %i %j means %s, with the %s',
    async (status, body, code, _method, document) => {
      const echo: Step = (seen) => json({ ...body, error_description: seen.body }, status)
      const { error, requests } = await failed(document, echo)
      expect(error).toMatchObject({ code })
      expect(requests).toHaveLength(1)
      const sent = new URLSearchParams(requests[0]?.body)
      expectNoTrace(error, SECRET, parts.d, parts.p, ...(sent.get('assertion')?.split('.') ?? []))
    },
  )

  it.each([
    [html(), 'vendor_malformed'],
    [html(500), 'vendor_unavailable'],
    [networkError('ETIMEDOUT'), 'vendor_unavailable'],
  ])('that is no JSON is not about the key (%#)', async (step, code) => {
    expect((await failed(withKey, step)).error).toMatchObject({ code })
  })

  it.each(['invalid_client', 'invalid_grant'])('with %s says what a person has to do', async (name) => {
    expect((await failed(withKey, json({ error: name }, 400))).error).toMatchObject({
      message: expect.stringContaining('the key was regenerated or the integration deleted: download a new key file'),
    })
  })
})

describe('an assertion that is refused', () => {
  const refused = (seconds: number, error = 'invalid_grant') =>
    json({ error }, 400, { date: secondsAfter(NOW, seconds).toUTCString() })

  it.each([61, -61, 600, -86_400])("is made once more at the vendor's time, %i s from ours", async (seconds) => {
    const { issued, requests } = await issue(withKey, [refused(seconds), json(granted)])
    const [first, second] = requests.map(assertionIn)
    expect(second?.claims.iat - first?.claims.iat).toBe(seconds)
    expect(second?.claims.exp - first?.claims.exp).toBe(seconds)
    expect(second?.claims.jti).not.toBe(first?.claims.jti)
    expect(second?.isOurs).toBe(true)
    expect(issued.accessToken).toMatchObject({ issuedAt: NOW, expiresAt: secondsAfter(NOW, 3600) })
  })

  it.each([0, 60, -60])("stays refused when the vendor's time is %i s from ours", async (seconds) => {
    const { error, requests } = await failed(withKey, refused(seconds))
    expect(error).toMatchObject({ code: 'credential_rejected' })
    expect(requests).toHaveLength(1)
  })

  it('stays refused when the second is refused as well', async () => {
    const { error, requests } = await failed(withKey, refused(600), refused(600))
    expect(error).toMatchObject({ code: 'credential_rejected' })
    expect(requests).toHaveLength(2)
  })

  it('is not made again for a refusal that no clock can explain', async () => {
    for (const name of ['invalid_client', 'invalid_request']) {
      expect((await failed(withKey, refused(600, name))).requests).toHaveLength(1)
    }
    const late = json(granted, 200, { date: secondsAfter(NOW, 600).toUTCString() })
    expect((await issue(withKey, [late])).requests).toHaveLength(1)
  })

  it('is the only thing that is sent again: a client secret is not', async () => {
    expect((await failed(withSecret, refused(600))).requests).toHaveLength(1)
  })
})

it('issues nothing that prints a token, a secret, an assertion or a part of the key', async () => {
  for (const document of [withKey, withSecret]) {
    const { issued, request } = await issue(document)
    const { assertion = '' } = document === withKey ? assertionIn(request) : {}
    expectNoTrace(issued, 'token-canary', SECRET, ...Object.values(parts).filter((part) => part.length > 6))
    if (assertion) expectNoTrace(issued, ...assertion.split('.'))
  }
})
