import { VendingError } from '../../functions/kit/errors.ts'
import { type TokenRequest, tokenRequest } from '../../functions/oauth/token-endpoint.ts'
import {
  breaksOff,
  contextFor,
  deadline,
  drips,
  endless,
  expectNoTrace,
  failureOf,
  hangs,
  html,
  json,
  networkError,
  redirect,
  type Step,
  stalls,
  text,
  vendorAnswering,
} from '../support/fake-vendor.ts'

const acme = { hosts: ['acme.example'], tokens: { storage: 'table', maxLifeSeconds: 3600 } } as const
const url = new URL('https://auth.acme.example/token')
const body = new URLSearchParams({ grant_type: 'client_credentials', secret: 'canary-secret' })
const headers = { authorization: 'Basic canary-basic' }

async function post(step: Step, { changes = {}, request = {} as Partial<TokenRequest> } = {}) {
  const vendor = vendorAnswering(step)
  const answer = await tokenRequest({ url, headers, body, ...request }, contextFor(vendor, acme, changes))
  return { answer, vendor }
}

describe('the request', () => {
  it('posts a form and asks for JSON', async () => {
    const { vendor } = await post(json({}))
    const [seen] = vendor.requests
    expect(seen).toMatchObject({ method: 'POST', url: url.href, redirect: 'manual', body: body.toString() })
    expect(Object.fromEntries(seen?.headers ?? [])).toMatchObject({
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded',
      authorization: 'Basic canary-basic',
    })
  })

  it('posts text as JSON', async () => {
    const { vendor } = await post(json({}), { request: { body: '{"a":1}' } })
    expect(vendor.requests[0]?.body).toBe('{"a":1}')
    expect(vendor.requests[0]?.headers.get('content-type')).toBe('application/json')
  })

  it.each([
    'http://auth.acme.example/token',
    'https://acme.example.evil.example/token',
    'https://169.254.169.254/token',
    'https://user:pw@auth.acme.example/token',
  ])('makes no call to %s', async (href) => {
    const vendor = vendorAnswering()
    const error = await failureOf(tokenRequest({ url: new URL(href), body }, contextFor(vendor, acme)))
    expect(error).toMatchObject({ code: 'configuration' })
    expect(vendor.requests).toHaveLength(0)
  })

  it('does not follow a redirect', async () => {
    const { answer, vendor } = await post(redirect('https://evil.example/token'))
    expect(answer.status).toBe(302)
    expect(vendor.requests).toHaveLength(1)
  })
})

describe('the answer', () => {
  it('keeps status, type, date and time to wait, and hides the text', async () => {
    const date = 'Sat, 01 Aug 2026 12:00:30 GMT'
    const { answer } = await post(json({ error: 'canary-text' }, 429, { date, 'retry-after': '120' }))
    expect(answer).toMatchObject({ status: 429, contentType: 'application/json', retryAfterSeconds: 120 })
    expect(answer.date).toEqual(new Date(date))
    expect(answer.text.reveal()).toBe('{"error":"canary-text"}')
    expect(JSON.stringify(answer)).not.toContain('canary')
  })

  it('repeats no content type but a well-known one', async () => {
    expect((await post(html())).answer.contentType).toBe('text/html')
    expect((await post(text('', 200, { 'content-type': 'canary/canary' }))).answer.contentType).toBe(
      'another content type',
    )
    expect((await post(new Response(null))).answer).toMatchObject({ contentType: 'no content type' })
  })

  it('takes an empty body for an answer', async () => {
    expect((await post(new Response(null))).answer.text.reveal()).toBe('')
  })

  it('takes a body of 1 MiB', async () => {
    expect((await post(text(' '.repeat(2 ** 20)))).answer.text.reveal()).toHaveLength(2 ** 20)
  })

  it('refuses one byte more', async () => {
    await expect(post(text(' '.repeat(2 ** 20 + 1)))).rejects.toMatchObject({ code: 'vendor_malformed' })
  })

  it('stops reading a body that does not end', async () => {
    const { response, given } = endless()
    await expect(post(response)).rejects.toMatchObject({ code: 'vendor_malformed' })
    expect(given()).toBeLessThan(2 ** 21)
  })
})

describe('an answer that does not come', () => {
  const late = { code: 'vendor_unavailable', message: 'the vendor did not answer in time' }

  it('is given up when the time is up before the headers', async () => {
    const { signal, pass } = deadline(1)
    const promise = post(hangs, { changes: { signal } })
    pass()
    await expect(promise).rejects.toMatchObject(late)
  })

  it('is given up when the time is up in the middle of the body', async () => {
    const { signal, pass } = deadline(1)
    await expect(post(stalls(pass), { changes: { signal } })).rejects.toMatchObject(late)
  })

  it('is given up after 8 seconds when it comes at one byte a second', async () => {
    const { signal, pass } = deadline(8)
    let seconds = 0
    const second = () => {
      seconds += 1
      pass()
    }
    await expect(post(drips(second), { changes: { signal } })).rejects.toMatchObject(late)
    expect(seconds).toBeLessThan(16)
  })

  it('is not waited for when the time is up already', async () => {
    await expect(post(json({}), { changes: { signal: AbortSignal.abort() } })).rejects.toMatchObject(late)
  })

  it('is no answer when it breaks off', async () => {
    await expect(post(breaksOff('{"access_token":"canary-token"}'))).rejects.toMatchObject({
      code: 'vendor_unavailable',
      message: 'the connection to the vendor failed',
    })
  })

  it.each([
    ['ENOTFOUND', 'the connection to the vendor failed'],
    ['ECONNREFUSED', 'the connection to the vendor failed'],
    ['ECONNRESET', 'the connection to the vendor failed'],
    ['UND_ERR_SOCKET', 'the connection to the vendor failed'],
    ['UND_ERR_CONNECT_TIMEOUT', 'the vendor did not answer in time'],
    ['UND_ERR_BODY_TIMEOUT', 'the vendor did not answer in time'],
    ['ETIMEDOUT', 'the vendor did not answer in time'],
    ['CERT_HAS_EXPIRED', 'no trusted TLS connection to the vendor could be made'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'no trusted TLS connection to the vendor could be made'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'no trusted TLS connection to the vendor could be made'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'no trusted TLS connection to the vendor could be made'],
    ['EPROTO', 'no trusted TLS connection to the vendor could be made'],
  ])('says what kind of failure %s is, and keeps the code as the cause', async (code, message) => {
    await expect(post(networkError(code))).rejects.toMatchObject({ code: 'vendor_unavailable', message, cause: code })
  })

  it.each([
    ['ECONNREFUSED', undefined],
    ['CERT_HAS_EXPIRED', 60],
  ])('%s is worth another try after: %s', async (code, retryAfterSeconds) => {
    // A failure that names a time is not tried a second time at once.
    expect(await failureOf(post(networkError(code)))).toMatchObject({ retryAfterSeconds })
  })
})

describe('no failure gives away what was sent or answered', () => {
  it.each<[string, Step]>([
    ['a network error', networkError('ECONNRESET', 'canary-text https://auth.acme.example/token canary-secret')],
    ['an error with a code of the vendor', networkError('canary-text')],
    ['an error without a cause', new TypeError('Failed to parse canary-secret')],
    ['a body that breaks off', breaksOff('canary-text')],
    ['a body too long', text('canary-text'.repeat(100_000))],
  ])('%s', async (_what, step) => {
    const error = await failureOf(post(step))
    expect(error).toBeInstanceOf(VendingError)
    expectNoTrace(error, 'canary-secret', 'canary-basic', 'canary-text')
  })
})
