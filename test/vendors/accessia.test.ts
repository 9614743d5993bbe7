import { Buffer } from 'node:buffer'
import { createHmac } from 'node:crypto'
import { accessia } from '../../functions/accessia/vendor.ts'
import { Secret } from '../../functions/kit/secret.ts'
import { secondsAfter } from '../../functions/kit/time.ts'
import type { Context } from '../../functions/kit/vendor.ts'
import {
  contextFor,
  expectNoTrace,
  html,
  json,
  NOW,
  networkError,
  redirect,
  type Seen,
  type Step,
  vendorAnswering,
} from '../support/fake-vendor.ts'

const credentials = {
  authentication_url: 'https://auth.tenant.accessia.com',
  integration_id: 'int-0001',
  secret: '-yBFao-02f4jSG2St9wBJktwlbrfBClOc5i94gcsUXY',
}
const exchanged = {
  accessToken: 'A1',
  refreshToken: 'R1',
  expiresIn: 21_600,
  domain: 'tenant.accessia.com',
  accessiaApisUrl: 'https://tenant.accessia.com/apis/',
}
const { refreshToken: _, ...refreshed } = { ...exchanged, accessToken: 'A2' }
const EXCHANGE = 'https://auth.tenant.accessia.com/exchange/integration'
const REFRESH = 'https://auth.tenant.accessia.com/refresh'
const R1 = new Secret('R1-canary')

interface Given {
  readonly document?: unknown
  readonly refreshToken?: Secret
  readonly changes?: Partial<Context>
}

/** Lets Accessia give these answers. Returns what was issued or the failure, and which URLs were called. */
async function run(script: Step[], { document = credentials, refreshToken, changes = {} }: Given = {}) {
  const vendor = vendorAnswering(...script)
  const promise = accessia.issue(document, refreshToken, contextFor(vendor, accessia, changes))
  const outcome = await promise.then(
    (issued) => ({ issued, error: undefined }),
    (error: unknown) => ({ issued: undefined, error }),
  )
  vendor.done()
  return { ...outcome, requests: vendor.requests, urls: vendor.requests.map(({ url }) => url) }
}

function identityIn(request: Seen | undefined) {
  const { token, ...rest } = JSON.parse(request?.body ?? '{}')
  const [header, claims, signature] = String(token).split('.')
  const decode = (part = '') => JSON.parse(Buffer.from(part, 'base64url').toString())
  return { rest, header: decode(header), claims: decode(claims), signed: `${header}.${claims}`, signature }
}

describe('the exchange', () => {
  it('gives the token, the refresh token, and where to use it', async () => {
    const { issued, urls } = await run([json(exchanged)])
    expect(urls).toEqual([EXCHANGE])
    expect(issued?.accessToken.value.reveal()).toBe('A1')
    expect(issued?.refreshToken?.reveal()).toBe('R1')
    expect(issued?.accessToken).toMatchObject({ issuedAt: NOW, expiresAt: secondsAfter(NOW, 21_600) })
    expect(issued?.accessToken.context).toEqual({
      api_base_url: 'https://tenant.accessia.com/apis',
      domain: 'tenant.accessia.com',
    })
  })

  it('presents an HS256 JWT with iat, exp and jti and no other claim', async () => {
    const { requests } = await run([json(exchanged)])
    const { rest, header, claims } = identityIn(requests[0])
    expect(rest).toEqual({ integrationId: 'int-0001' })
    expect(header).toEqual({ alg: 'HS256', typ: 'JWT' })
    const iat = NOW.getTime() / 1000 - 5
    expect(claims).toEqual({ iat, exp: iat + 300, jti: expect.stringMatching(/^[0-9a-f-]{36}$/) })
    expect(requests[0]?.headers.has('authorization')).toBe(false)
  })

  it('makes a new jti for each attempt', async () => {
    const jtis = []
    for (const _ of [1, 2]) jtis.push(identityIn((await run([json(exchanged)])).requests[0]).claims.jti)
    expect(new Set(jtis).size).toBe(2)
  })

  it('signs with the bytes the secret decodes to, padded or not, in either alphabet', async () => {
    const { secret } = credentials
    const key = Buffer.from(secret, 'base64url')
    for (const text of [secret, `${secret}=`, ` ${secret}\n`, `${secret.replaceAll('-', '+').replaceAll('_', '/')}=`]) {
      const { requests } = await run([json(exchanged)], { document: { ...credentials, secret: text } })
      const { signed, signature } = identityIn(requests[0])
      expect(signature).toBe(createHmac('sha256', key).update(signed).digest('base64url'))
    }
  })

  it('keeps the path of the Authentication URL and makes no double slash', async () => {
    const document = { ...credentials, authentication_url: ' https://auth.tenant.accessia.com/v1// ' }
    const { urls } = await run([json(exchanged)], { document })
    expect(urls).toEqual(['https://auth.tenant.accessia.com/v1/exchange/integration'])
  })

  it('assumes the documented 6 hours where the answer does not say, and warns', async () => {
    const { issued } = await run([json({ ...exchanged, expiresIn: undefined })])
    expect(issued?.accessToken.expiresAt).toEqual(secondsAfter(NOW, 21_600))
    expect(issued?.warnings).toMatchObject([{ code: 'lifetime_assumed' }])
  })

  it("does not take the names of RFC 6749 for its own, and says that the answer's shape has changed", async () => {
    const { error } = await run([json({ access_token: 'A1', expires_in: 60 })])
    expect(error).toMatchObject({
      code: 'vendor_malformed',
      message: expect.stringMatching(/; the answer's shape has changed: accessToken is not as documented$/),
    })
  })
})

describe('the life of a token', () => {
  const DAY = 86_400
  const lives = async (token_lifetime_seconds: unknown, expiresIn: unknown, refreshToken?: Secret) => {
    const document = { ...credentials, token_lifetime_seconds }
    const answer = refreshToken ? refreshed : exchanged
    const { issued } = await run([json({ ...answer, expiresIn })], { document, ...(refreshToken && { refreshToken }) })
    return issued && (issued.accessToken.expiresAt.getTime() - NOW.getTime()) / 1000
  }

  it.each([
    [undefined, DAY, DAY],
    [undefined, 2 * DAY, DAY],
    [2 * DAY, 2 * DAY, 2 * DAY],
    [2 * DAY, 2 * DAY + 1, 2 * DAY],
    [2 * DAY, 3600, 3600],
    [`${2 * DAY}`, 2 * DAY, 2 * DAY],
    [30 * DAY, 40 * DAY, 30 * DAY],
    [3600, 21_600, 3600],
  ])('agreed as %j s and answered as %i s is %i s', async (agreed, answered, life) => {
    expect(await lives(agreed, answered)).toBe(life)
    expect(await lives(agreed, answered, R1)).toBe(life)
  })

  it('is the documented 6 hours where the answer does not say, whatever longer life was agreed', async () => {
    expect(await lives(2 * DAY, undefined)).toBe(21_600)
    expect(await lives(3600, undefined)).toBe(3600)
  })

  it.each([59, 30 * DAY + 1, 0, -DAY, DAY + 0.5, '2 days', '', null, Number.NaN])(
    'causes no call when it is agreed as %j s',
    async (token_lifetime_seconds) => {
      const { error, urls } = await run([], { document: { ...credentials, token_lifetime_seconds } })
      expect(error).toMatchObject({
        code: 'configuration',
        message: expect.stringContaining('token_lifetime_seconds must be a number of seconds, 60 to 2592000'),
      })
      expect(urls).toEqual([])
    },
  )
})

describe('credentials that cannot be right', () => {
  it.each([
    ...['!!not*base64!!', '', '=', 'a'.repeat(41), 'a'.repeat(20), `${credentials.secret}===`, 'a=b', 7, undefined],
    ...[
      `${credentials.secret}\n${credentials.secret}`,
      `${credentials.secret.slice(0, 20)}*${credentials.secret.slice(20)}`,
    ],
  ])('cause no call: a secret of %j', async (secret) => {
    const { error, urls } = await run([], { document: { ...credentials, secret } })
    expect(error).toMatchObject({ code: 'configuration' })
    expect(urls).toEqual([])
    if (typeof secret === 'string' && secret.length > 8) expectNoTrace(error, secret)
  })

  it('may be a key of 16 bytes, the least that is taken', async () => {
    const document = { ...credentials, secret: Buffer.alloc(16, 7).toString('base64url') }
    expect((await run([json(exchanged)], { document })).issued).toBeDefined()
  })

  it.each([
    'http://auth.tenant.accessia.com',
    'https://user:pw@auth.tenant.accessia.com',
    'https://169.254.169.254',
    'https://localhost',
    'https://[::1]',
    'https://10.0.0.1',
    'https://auth.accessia.com.evil.example',
    'https://evilaccessia.com',
    '',
  ])('cause no call: the Authentication URL %j', async (authentication_url) => {
    const { error, urls } = await run([], { document: { ...credentials, authentication_url } })
    expect(error).toMatchObject({ code: 'configuration' })
    expect(urls).toEqual([])
  })
})

describe('the refresh', () => {
  it('comes first when there is a refresh token, which is kept when none comes back', async () => {
    const { issued, urls, requests } = await run([json(refreshed)], { refreshToken: R1 })
    expect(urls).toEqual([REFRESH])
    expect(requests[0]?.body).toBe('{"refreshToken":"R1-canary"}')
    expect(issued?.accessToken.value.reveal()).toBe('A2')
    expect(issued).not.toHaveProperty('refreshToken')
  })

  it('gives a new refresh token when one comes back', async () => {
    const { issued } = await run([json({ ...refreshed, refreshToken: 'R2' })], { refreshToken: R1 })
    expect(issued?.refreshToken?.reveal()).toBe('R2')
  })

  it.each([
    json({}, 401),
    json({}, 400),
    json({}, 403),
    json({}, 410),
    json({}, 422),
    json({ error: 'invalid_grant' }, 400),
    html(401),
    json({ error: 'invalid_grant' }),
  ])('is followed by exactly one exchange when it is refused (%#)', async (refusal) => {
    const { issued, urls } = await run([refusal, json(exchanged)], { refreshToken: R1 })
    expect(urls).toEqual([REFRESH, EXCHANGE])
    expect(issued?.accessToken.value.reveal()).toBe('A1')
    expect(issued?.refreshToken?.reveal()).toBe('R1')
  })

  it('asks for a person when the exchange is refused as well', async () => {
    const { error, urls } = await run([json({}, 401), json({}, 401)], { refreshToken: R1 })
    expect(urls).toEqual([REFRESH, EXCHANGE])
    expect(error).toMatchObject({
      code: 'credential_rejected',
      message: expect.stringContaining('was the secret regenerated?'),
    })
  })

  it.each<[string, Step, string]>([
    ['408', json({}, 408), 'vendor_unavailable'],
    ['425', json({}, 425), 'vendor_unavailable'],
    ['429', json({}, 429), 'vendor_throttled'],
    ['500', json({}, 500), 'vendor_unavailable'],
    ['404', html(404), 'configuration'],
    ['a redirect', redirect('https://evil.example'), 'configuration'],
    ['nonsense', html(), 'vendor_malformed'],
    ['a token of another type', json({ ...refreshed, token_type: 'mac' }), 'configuration'],
    ['a lost connection', networkError('ECONNRESET'), 'vendor_unavailable'],
  ])('is not followed by an exchange after %s', async (_what, step, code) => {
    const { error, urls } = await run([step], { refreshToken: R1 })
    expect(error).toMatchObject({ code })
    expect(urls).toEqual([REFRESH])
  })
})

describe('a refused exchange', () => {
  it.each([
    [400, {}, 'credential_rejected'],
    [401, {}, 'credential_rejected'],
    [403, {}, 'credential_rejected'],
    [400, { error: 'invalid_grant' }, 'credential_rejected'],
    [404, {}, 'configuration'],
    [429, {}, 'vendor_throttled'],
    [503, {}, 'vendor_unavailable'],
    [200, { error: 'something else' }, 'configuration'],
  ])('of %i with %j means %3$s', async (status, body, code) => {
    expect((await run([json(body, status)])).error).toMatchObject({ code })
  })

  const at = (seconds: number) => ({ date: secondsAfter(NOW, seconds).toUTCString() })

  it.each([61, -61, 600, -86_400])("is tried once more with the vendor's time, %i s from ours", async (seconds) => {
    const { issued, requests } = await run([json({}, 401, at(seconds)), json(exchanged)])
    const [first, second] = requests.map(identityIn)
    expect(second?.claims.iat - first?.claims.iat).toBe(seconds)
    expect(second?.claims.jti).not.toBe(first?.claims.jti)
    expect(issued?.accessToken).toMatchObject({ issuedAt: NOW, expiresAt: secondsAfter(NOW, 21_600) })
  })

  it.each([0, 60, -60])("stands when the vendor's time is %i s from ours", async (seconds) => {
    expect((await run([json({}, 401, at(seconds))])).error).toMatchObject({ code: 'credential_rejected' })
  })

  it('stands when it comes a second time', async () => {
    const { error, urls } = await run([json({}, 401, at(600)), json({}, 401, at(600))])
    expect(error).toMatchObject({ code: 'credential_rejected' })
    expect(urls).toEqual([EXCHANGE, EXCHANGE])
  })

  it('is not tried again for its time when it is no refusal', async () => {
    const { error, urls } = await run([json({}, 500, at(600))])
    expect(error).toMatchObject({ code: 'vendor_unavailable' })
    expect(urls).toEqual([EXCHANGE])
    expect((await run([json(exchanged, 200, at(600))])).urls).toEqual([EXCHANGE])
  })
})

describe('where the token is to be used', () => {
  const bothWith = async (accessiaApisUrl: unknown) => {
    const first = await run([json({ ...exchanged, accessiaApisUrl })])
    const again = await run([json({ ...refreshed, accessiaApisUrl })], { refreshToken: R1 })
    expect(again.urls).toEqual([REFRESH])
    return [first.error, again.error]
  }

  it.each(['https://evil.example/apis', 'https://accessia.com.evil.example'])(
    'must be at the vendor, so no token comes with %j',
    async (accessiaApisUrl) => {
      for (const error of await bothWith(accessiaApisUrl))
        expect(error).toMatchObject({
          code: 'configuration',
          message: expect.stringContaining('evil.example is not a host'),
        })
    },
  )

  it.each(['http://tenant.accessia.com/apis', 'tenant.accessia.com/apis', 'https://10.0.0.1', '', 7, undefined])(
    "must be a documented URL: with %j it is the answer's shape that has changed, not the connection",
    async (accessiaApisUrl) => {
      for (const error of await bothWith(accessiaApisUrl)) {
        expect(error).toMatchObject({
          code: 'vendor_malformed',
          message: "the answer's shape has changed: accessiaApisUrl is not as documented",
        })
      }
    },
  )

  it('may be at a host that an operator has approved', async () => {
    const api = { ...exchanged, accessiaApisUrl: 'https://doors.acme.example/apis' }
    const { issued } = await run([json(api)], { changes: { hosts: ['accessia.com', 'acme.example'] } })
    expect(issued?.accessToken.context.api_base_url).toBe('https://doors.acme.example/apis')
  })
})

describe('an answer that repeats what we sent leaves no trace of it in the failure', () => {
  it.each<[string, (request: Seen) => Response]>([
    ['a refusal', ({ body }) => json({ error: 'invalid_client', error_description: body }, 401)],
    ['nonsense', ({ body }) => json({ sent: body })],
    ['an address', ({ body }) => json({ ...exchanged, accessiaApisUrl: `https://evil.example/${encodeURI(body)}` })],
  ])('in %s', async (_what, echo) => {
    const exchange = await run([echo])
    expectNoTrace(exchange.error, credentials.secret, JSON.parse(exchange.requests[0]?.body ?? '').token)
  })

  it('after a refused refresh token', async () => {
    const echo: Step = ({ body }) => json({ error: 'invalid_grant', error_description: body }, 400)
    const { error, urls } = await run([echo, echo], { refreshToken: R1 })
    expect(urls).toEqual([REFRESH, EXCHANGE])
    expectNoTrace(error, 'R1-canary', credentials.secret)
  })
})
