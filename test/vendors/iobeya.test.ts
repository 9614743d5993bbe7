import { iobeya } from '../../functions/iobeya/vendor.ts'
import { secondsAfter } from '../../functions/kit/time.ts'
import { lifeSeconds, marginSeconds } from '../../functions/kit/token.ts'
import {
  contextFor,
  endless,
  expectNoTrace,
  failureOf,
  hangs,
  html,
  json,
  jwt,
  NOW,
  networkError,
  redirect,
  type Step,
  text,
  vendorAnswering,
} from '../support/fake-vendor.ts'

const DAY = 24 * 60 * 60
const now = NOW.getTime() / 1000
const api_url = 'https://acme.api.iobeya.com'
const opaque = 'opaque-canary-token'
const endingIn = (seconds: number) => ({ api_url, token: jwt({ exp: now + seconds, iat: now - DAY }) })

/** No answer is ever scripted: iObeya must not be called. */
const issue = (document: unknown) => iobeya.issue(document, undefined, contextFor(vendorAnswering(), iobeya))

const codes = async (document: unknown) => (await issue(document)).warnings?.map(({ code }) => code)

describe('a static token', () => {
  it('is vended as it is, to its own end', async () => {
    const document = endingIn(200 * DAY)
    const { accessToken, warnings, ...rest } = await issue(document)
    expect(accessToken.value.reveal()).toBe(document.token)
    expect(accessToken).toMatchObject({ issuedAt: secondsAfter(NOW, -DAY), expiresAt: secondsAfter(NOW, 200 * DAY) })
    expect(accessToken.context).toEqual({ api_base_url: 'https://acme.api.iobeya.com' })
    expect(warnings).toEqual([])
    expect(rest).toEqual({})
  })

  it('may live longer than a year, as a personal access token does', async () => {
    expect((await issue(endingIn(900 * DAY))).accessToken.expiresAt).toEqual(secondsAfter(NOW, 900 * DAY))
  })

  it.each(['Bearer ', '"', ' \n'])('may have been pasted with %j in front', async (before) => {
    const { token } = endingIn(DAY)
    expect((await issue({ api_url, token: `${before}${token}` })).accessToken.value.reveal()).toBe(token)
  })

  it('of one minute is taken and warned about, with 6 s that are not handed out', async () => {
    const { accessToken, warnings } = await issue({ api_url, token: jwt({ iat: now, exp: now + 60 }) })
    expect(lifeSeconds(accessToken)).toBe(60)
    expect(marginSeconds(accessToken)).toBe(6)
    expect(warnings).toMatchObject([{ code: 'expires_soon' }])
  })
})

describe('the end', () => {
  it('is warned about from 30 days before', async () => {
    expect(await codes(endingIn(30 * DAY + 1))).toEqual([])
    expect(await codes(endingIn(30 * DAY))).toEqual(['expires_soon'])
    expect((await issue(endingIn(29 * DAY))).warnings?.[0]?.detail).toContain(
      'ends on 2026-08-30, days left: 29; a person has to make a new one, by the steps that vendomat rotate shows',
    )
  })

  it.each([0, -1, -400 * DAY])('has come with %i s left: the failure says how to go on', async (seconds) => {
    const error = await failureOf(issue(endingIn(seconds)))
    expect(error).toMatchObject({
      code: 'credential_expired',
      message: expect.stringMatching(
        /ended on [0-9-]{10}; a person has to make a new one, by .* vendomat rotate shows$/,
      ),
    })
  })

  it('has not come with one second left', async () => {
    expect(await codes(endingIn(1))).toEqual(['expires_soon'])
  })

  it('is the end of the day an operator has entered when the token does not say', async () => {
    const { accessToken } = await issue({ api_url, token: opaque, expires_on: '2026-12-24' })
    expect(accessToken.expiresAt).toEqual(new Date('2026-12-24T23:59:59Z'))
    expect(lifeSeconds(accessToken)).toBe(365 * DAY)
  })

  it.each(['2026-08-01', '2030-01-01'])(
    'gives a life that began in the past, also when it is on %s',
    async (expires_on) => {
      const { accessToken } = await issue({ api_url, token: opaque, expires_on })
      expect(accessToken.issuedAt.getTime()).toBeLessThanOrEqual(NOW.getTime())
      expect(lifeSeconds(accessToken)).toBeGreaterThan(0)
    },
  )

  it('is what the token says, whatever day was entered', async () => {
    const { accessToken } = await issue({ ...endingIn(40 * DAY), expires_on: '2027-06-01' })
    expect(accessToken.expiresAt).toEqual(secondsAfter(NOW, 40 * DAY))
  })

  it('has come on the day after the one entered', async () => {
    const error = await failureOf(issue({ api_url, token: opaque, expires_on: '2026-07-31' }))
    expect(error).toMatchObject({ code: 'credential_expired' })
  })

  it.each([opaque, jwt({}), jwt({ exp: 'soon' }), jwt({ exp: 1e300 })])(
    'must be known from somewhere: %#',
    async (token) => {
      const error = await failureOf(issue({ api_url, token }))
      expect(error).toMatchObject({ code: 'configuration', message: expect.stringContaining('"expires_on"') })
      expectNoTrace(error, token)
    },
  )

  it('counts a beginning that lies after it for none', async () => {
    const { accessToken } = await issue({ api_url, token: jwt({ iat: now + 90 * DAY, exp: now + 60 * DAY }) })
    expect(lifeSeconds(accessToken)).toBe(365 * DAY)
  })
})

describe('what does not fit', () => {
  it.each(['tomorrow', '2026-02-30', '24.12.2026', '2026-12-24T00:00:00Z', 20261224, ''])(
    'is refused: an end on %j',
    async (expires_on) => {
      expect(await failureOf(issue({ api_url, token: opaque, expires_on }))).toMatchObject({ code: 'configuration' })
    },
  )

  it.each([
    'http://acme.api.iobeya.com',
    'https://acme.example',
    'https://u:p@acme.api.iobeya.com',
    'https://10.0.0.1',
    '',
  ])('is refused: the API at %j', async (url) => {
    expect(await failureOf(issue({ ...endingIn(DAY), api_url: url }))).toMatchObject({ code: 'configuration' })
  })

  it.each([
    ['https://acme.iobeya.com', 'acme'],
    ['https://acme.iobeya.com/s/j/meetings#board', 'acme'],
    ['acme-2.iobeya.com/', 'acme-2'],
    ['HTTP://Acme.iObeya.com', 'acme'],
  ])('is refused: the platform at %j in the place of its API, which is suggested', async (url, customer) => {
    const error = await failureOf(issue({ ...endingIn(DAY), api_url: url }))
    expect(error).toMatchObject({
      code: 'configuration',
      message: expect.stringContaining(`did you mean ${customer}.api.iobeya.com?`),
    })
  })

  it.each(['https://api.iobeya.com', 'https://acme.api.iobeya.com/', 'https://acme.eu.iobeya.com/facade'])(
    'is not the API at %j',
    async (url) => {
      const { accessToken } = await issue({ ...endingIn(DAY), api_url: url })
      expect(accessToken.context.api_base_url).toBe(url.replace(/\/$/, ''))
    },
  )

  it('is not repeated', async () => {
    expectNoTrace(await failureOf(issue({ token: `${opaque} ${opaque}`, api_url: opaque })), opaque)
    expectNoTrace(await failureOf(issue({ token: opaque, api_url: `https://${opaque}@x` })), opaque)
    const expired = endingIn(-1)
    expectNoTrace(await failureOf(issue(expired)), expired.token)
  })
})

describe('the live check', () => {
  const document = endingIn(200 * DAY)

  async function check(step: Step, changes: Parameters<typeof contextFor>[2] = {}) {
    const vendor = vendorAnswering(step)
    const { accessToken } = await issue(document)
    const result = iobeya.liveness?.(document, accessToken, contextFor(vendor, iobeya, changes))
    return { result, vendor }
  }

  it("is iObeya's own first example, with the token in the header and nowhere else", async () => {
    const { result, vendor } = await check(json({ data: [] }))
    expect(await result).toBe('alive')
    const [{ method, url, headers, redirect } = { method: '', url: '', headers: new Headers(), redirect: '' }] =
      vendor.requests
    expect([method, url, redirect]).toEqual(['GET', 'https://acme.api.iobeya.com/v1/rooms?page=1&size=1', 'manual'])
    expect(headers.get('authorization')).toBe(`Bearer ${document.token}`)
    expect(headers.get('accept')).toBe('application/json')
  })

  it.each([
    ['refused', json({ error: 'Unauthorized' }, 401), 'refused'],
    ['refused without a word', text('', 401), 'refused'],
    ['limited', json({ error: 'Forbidden' }, 403), 'limited'],
    ['a login page', html(200, '<html>log in</html>'), 'login page'],
    ['a login page in plain text', text('log in', 200, { 'content-type': 'text/plain' }), 'login page'],
    ['a login page in XHTML', text('<html/>', 200, { 'content-type': 'application/xhtml+xml' }), 'login page'],
    ['alive, as JSON that is called HTML', html(200, '{"data":[]}'), 'alive'],
    ['alive, whatever else the answer says', json({ error: false, data: [] }), 'alive'],
  ] as const)('finds %s', async (_, answer, expected) => {
    const { result } = await check(answer)
    expect(await result).toBe(expected)
  })

  it('finds a login page behind a redirect, and does not go there', async () => {
    const { result, vendor } = await check(redirect('https://acme.iobeya.com/login'))
    expect(await result).toBe('login page')
    expect(vendor.requests).toHaveLength(1)
  })

  it.each([
    ['no address of the API', html(404), 'configuration'],
    ['too many calls', json({}, 429, { 'retry-after': '7' }), 'vendor_throttled'],
    ['a breakdown', html(500), 'vendor_unavailable'],
    ['a breakdown that blames a client', json({ error: 'invalid_client' }, 500), 'vendor_unavailable'],
    ['a pause that blames a grant', json({ error: 'invalid_grant' }, 429), 'vendor_throttled'],
    ['no address, that blames a client', json({ error: 'invalid_client' }, 404), 'configuration'],
    ['no connection', networkError('ECONNRESET'), 'vendor_unavailable'],
    ['half an answer', text('{"data":[', 200, { 'content-type': 'application/json' }), 'vendor_malformed'],
    ['no answer at all', new Response(null), 'vendor_malformed'],
    ['an answer without end', () => endless().response, 'vendor_malformed'],
  ] as const)('says nothing about the token for %s', async (_, answer, code) => {
    const { result } = await check(answer)
    const error = await failureOf(result ?? Promise.resolve())
    expect(error).toMatchObject({ code })
    expectNoTrace(error, document.token)
  })

  it('says when a busy vendor takes a retry', async () => {
    const { result } = await check(json({}, 429, { 'retry-after': '7' }))
    expect(await failureOf(result ?? Promise.resolve())).toMatchObject({ retryAfterSeconds: 7 })
  })

  it('ends when its time is up', async () => {
    const { result } = await check(hangs, { signal: AbortSignal.abort() })
    expect(await failureOf(result ?? Promise.resolve())).toMatchObject({ code: 'vendor_unavailable' })
  })

  it('sends the token to no host that is not allowed', async () => {
    const vendor = vendorAnswering()
    const { accessToken } = await issue(document)
    const elsewhere = { ...accessToken, context: { api_base_url: 'https://evil.example' } }
    const result = iobeya.liveness?.(document, elsewhere, contextFor(vendor, iobeya))
    expect(await failureOf(result ?? Promise.resolve())).toMatchObject({ code: 'configuration' })
    expect(vendor.requests).toEqual([])
  })
})
