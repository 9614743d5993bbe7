import { viaSimulator } from '../../functions/aws/via-simulator.ts'
import { VendingError } from '../../functions/kit/errors.ts'
import { Secret } from '../../functions/kit/secret.ts'
import { NEVER, secondsAfter } from '../../functions/kit/time.ts'
import type { Context } from '../../functions/kit/vendor.ts'
import { netrexApplication } from '../../functions/netrex/simulator.ts'
import { netrex } from '../../functions/netrex/vendor.ts'
import type { Loopback } from '../../lib/local/loopback.ts'
import { startSimulators } from '../../lib/local/simulators.ts'
import { control as controlOf } from '../support/control.ts'
import {
  contextFor,
  expectNoTrace,
  failureOf,
  html,
  json,
  NOW,
  networkError,
  redirect,
  type Step,
  text,
  vendorAnswering,
} from '../support/fake-vendor.ts'

// A secret that every way of coding writes differently.
const application = { host: 'system2.netrex.cz', client_id: 'c1', client_secret: 'canary s%&+/=' }
const CODED = 'canary%20s%25%26%2B%2F%3D'
const userToken = { host: 'cloud.camstreamer.com', user_token: 'user-token-canary' }
const REDIRECT = netrexApplication.redirectUri
const granted = { access_token: 'AT1', expires_in: 3600, refresh_token: 'RT1' }
const { refresh_token: _, ...withoutRefreshToken } = granted

const revoked = { success: true, message: 'done' }

const SECRETS = ['canary', CODED, 'refresh-canary', 'code-canary', 'access-canary', '/oauth2/']

const { authorization, revocation } = netrex
if (!authorization || !revocation) throw new Error('NetRex needs consent and can revoke')

type Changes = Partial<Context>

async function requested<T>(step: Step, call: (context: Context) => Promise<T>, changes: Changes = {}) {
  const vendor = vendorAnswering(step)
  const result = await call(contextFor(vendor, netrex, changes))
  vendor.done()
  return { result, request: vendor.requests[0] }
}

const refresh = (step: Step = json(withoutRefreshToken), document: object = application, changes: Changes = {}) =>
  requested(step, (context) => netrex.issue(document, new Secret('refresh-canary'), context), changes)
const exchange = (step: Step = json(granted), document: object = application, changes: Changes = {}) => {
  const grant = { code: new Secret('code-canary'), redirectUri: REDIRECT }
  return requested(step, (context) => authorization.exchange(document, grant, context), changes)
}
const revoke = (step: Step = json(revoked), document: object = application, changes: Changes = {}) =>
  requested(step, (context) => revocation.revoke(document, new Secret('access-canary'), context), changes)
const url = (document: object, request: { redirectUri?: string } = { redirectUri: REDIRECT }) =>
  authorization.url(document, { ...request, state: 'st&te' }, contextFor(vendorAnswering(), netrex))

/** The failure of a document that must not cause a call. */
async function refused(document: unknown) {
  const vendor = vendorAnswering()
  const error = await failureOf(netrex.issue(document, new Secret('refresh-canary'), contextFor(vendor, netrex)))
  expect(vendor.requests).toHaveLength(0)
  return error
}

describe('the refresh request', () => {
  it('has all in the query, as documented, and no body', async () => {
    const { request } = await refresh()
    expect(request).toMatchObject({ method: 'POST', body: '', redirect: 'manual' })
    expect(request?.url).toBe(
      `https://system2.netrex.cz/oauth2/token?client_id=c1&client_secret=${CODED}&grant_type=refresh_token&refresh_token=refresh-canary`,
    )
    expect(request?.headers.get('content-type')).toBeNull()
    expect(request?.headers.get('authorization')).toBeNull()
  })

  it.each(['system2.netrex.cz', 'cloud.camstreamer.com'])('goes to the host of the connection: %s', async (host) => {
    const { request, result } = await refresh(json(granted), { ...application, host })
    expect(request?.url).toContain(`https://${host}/oauth2/token?`)
    expect(result.accessToken.context).toEqual({
      api_base_url: `https://${host}`,
      graphql_url: `https://${host}/api/graphql.php`,
      host,
    })
  })

  it.each([' System2.netrex.cz\n', 'https://system2.netrex.cz/', 'HTTPS://system2.netrex.cz'])(
    'finds the host in %j',
    async (host) => {
      expect((await refresh(json(granted), { ...application, host })).request?.url).toContain('//system2.netrex.cz/')
    },
  )

  it.each([
    ...['netrex.cz', 'evil.example', 'system2.netrex.cz.evil.example', 'system2-netrex.cz', 'system2.netrex.cz:8443'],
    ...['http://system2.netrex.cz', 'u@system2.netrex.cz', 'system2.netrex.cz/path', 'localhost', '127.0.0.1', '', 7],
  ])('makes no call to the host %j', async (host) => {
    expect(await refused({ ...application, host })).toMatchObject({ code: 'configuration' })
  })

  it('calls a host that the deployment has added', async () => {
    const added = { hosts: [...netrex.hosts, 'acme.example'] }
    const { request } = await refresh(json(granted), { ...application, host: 'cam.acme.example' }, added)
    expect(request?.url).toContain('https://cam.acme.example/oauth2/token?')
  })

  it('is not made while nobody has connected the account', async () => {
    const vendor = vendorAnswering()
    const error = await failureOf(netrex.issue(application, undefined, contextFor(vendor, netrex)))
    expect(error).toMatchObject({ code: 'not_connected', message: expect.stringContaining('nobody has connected') })
    expect(vendor.requests).toHaveLength(0)
  })
})

describe('a refreshed token', () => {
  it('comes without a refresh token when the vendor sends none, which keeps the one there is', async () => {
    const { result } = await refresh()
    expect(result.accessToken).toMatchObject({ issuedAt: NOW, expiresAt: secondsAfter(NOW, 3600) })
    expect(result.accessToken.value.reveal()).toBe('AT1')
    expect(result).not.toHaveProperty('refreshToken')
    expect(result.warnings).toEqual([])
  })

  it('comes with the new refresh token when there is one', async () => {
    const { result } = await refresh(json({ ...granted, refresh_token: 'RT2' }))
    expect(result.refreshToken?.reveal()).toBe('RT2')
  })

  it('lives for the hour of the example when the answer does not say', async () => {
    const { result } = await refresh(json({ access_token: 'AT1' }))
    expect(result.accessToken.expiresAt).toEqual(secondsAfter(NOW, 3600))
    expect(result.warnings).toMatchObject([{ code: 'lifetime_assumed' }])
  })
})

describe('a refusal to refresh', () => {
  const some = { error: 'Error message canary' }

  it.each([
    [200, some, { code: 'grant_doubtful', strikes: 3 }],
    [200, { ...some, ...granted }, { code: 'grant_doubtful', strikes: 3 }],
    [200, { error: { text: 'canary' } }, { code: 'grant_doubtful', strikes: 3 }],
    [400, some, { code: 'grant_doubtful', strikes: 2 }],
    [401, some, { code: 'grant_doubtful', strikes: 2 }],
    [403, some, { code: 'grant_doubtful', strikes: 2 }],
    [400, { error: 'invalid_request' }, { code: 'grant_doubtful', strikes: 2 }],
    [200, { error: 'unauthorized_client' }, { code: 'grant_doubtful', strikes: 3 }],
    [400, { error: 'invalid_grant' }, { code: 'grant_rejected', strikes: undefined }],
    [200, { error: 'invalid_grant' }, { code: 'grant_rejected', strikes: undefined }],
    [401, { error: 'invalid_client' }, { code: 'credential_rejected', strikes: undefined }],
    [200, { error: 'invalid_client' }, { code: 'credential_rejected', strikes: undefined }],
    [500, some, { code: 'vendor_unavailable', strikes: undefined }],
    [503, some, { code: 'vendor_unavailable', strikes: undefined }],
    [429, some, { code: 'vendor_throttled', strikes: undefined }],
    [401, { message: 'canary' }, { code: 'vendor_malformed', strikes: undefined }],
  ])('of %i %j is judged after one request, and means %j', async (status, body, expected) => {
    const error = await failureOf(refresh(json(body, status)))
    expect(error).toMatchObject(expected)
    expectNoTrace(error, ...SECRETS)
  })

  it('says what a person has to do', async () => {
    expect(await failureOf(refresh(json({ error: 'no' }, 400)))).toMatchObject({
      message: expect.stringMatching(/if this goes on, a person has to connect the account again$/),
    })
  })
})

describe('the URL with its secrets', () => {
  const failures: [string, Step, string][] = [
    ['a page', html(200, 'canary'), 'vendor_malformed'],
    ['a page with 403', html(403, 'canary'), 'vendor_malformed'],
    ['nothing', text(''), 'vendor_malformed'],
    ['a redirect', redirect('https://evil.example/?client_secret=canary'), 'configuration'],
    ['a network error', networkError('ECONNRESET', 'https://x/?client_secret=canary'), 'vendor_unavailable'],
    ['another error', new TypeError('Failed to parse URL from https://x/?code=code-canary'), 'vendor_unavailable'],
    ['what fetch says of a wrong URL', () => fetch(`nowhere://?canary`), 'vendor_unavailable'],
    ['the URL as an error', (seen) => Promise.reject(new Error(seen.url)), 'vendor_unavailable'],
    ['the request as a cause', (seen) => Promise.reject(new Error('no', { cause: seen })), 'vendor_unavailable'],
  ]
  const calls = { refresh, exchange, revoke }

  it.each(
    Object.entries(calls).flatMap(([name, call]) => failures.map((failure) => [name, call, ...failure] as const)),
  )('of %s is in no error after %#', async (_name, call, _what, step, code) => {
    const error = await failureOf(call(step instanceof Response ? step.clone() : step))
    expect(error).toMatchObject({ code })
    expectNoTrace(error, ...SECRETS)
  })

  it.each(Object.entries(calls))('of %s is in no error after a time-out', async (_name, call) => {
    const controller = new AbortController()
    const step: Step = (seen, signal) => {
      queueMicrotask(() => controller.abort(new DOMException(`timed out: ${seen.url}`, 'TimeoutError')))
      return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    }
    const error = await failureOf(call(step, application, { signal: controller.signal }))
    expect(error).toMatchObject({ code: 'vendor_unavailable', message: 'the vendor did not answer in time' })
    expectNoTrace(error, ...SECRETS)
  })
})

describe('the page where a person consents', () => {
  it('has scopes joined by commas in its query, and a state', async () => {
    const page = await url({ ...application, scope: 'read, write recordings' })
    expect(`${page.origin}${page.pathname}`).toBe('https://system2.netrex.cz/oauth2/auth/')
    expect([...page.searchParams]).toEqual([
      ['response_type', 'code'],
      ['client_id', 'c1'],
      ['redirect_uri', REDIRECT],
      ['scope', 'read,write,recordings'],
      ['state', 'st&te'],
    ])
    expect(page.href).not.toMatch(/\+|canary/)
  })

  it('is opened for read where no scope is configured', async () => {
    expect((await url(application)).searchParams.get('scope')).toBe('read')
  })

  it.each(['admin', 'read,admin', 'READ', '', 'read,,write,', 'read,read', 'read&scope=write', 7, ['read'], null])(
    'is not opened for the scope %j',
    async (scope) => {
      await expect(url({ ...application, scope })).rejects.toMatchObject({ code: 'configuration' })
    },
  )

  it.each([{ redirectUri: REDIRECT }, {}])(
    'goes back to the registered address that the document names, whatever the request says: %j',
    async (request) => {
      const document = { ...application, redirect_uri: 'https://vend.example/oauth/netrex/callback' }
      expect((await url(document, request)).searchParams.get('redirect_uri')).toBe(document.redirect_uri)
    },
  )

  it('needs an address to go back to', async () => {
    await expect(url(application, {})).rejects.toMatchObject({ code: 'configuration' })
  })

  it.each(['http://vend.example/cb', 'https://vend.example/cb#x', 'javascript:alert(1)', '/cb', '', 7])(
    'never goes back to %j',
    async (redirect_uri) => {
      await expect(url({ ...application, redirect_uri })).rejects.toMatchObject({ code: 'configuration' })
    },
  )

  it('is on no host but the allowed', async () => {
    const document = { ...application, host: 'evil.example' }
    await expect(url(document)).rejects.toMatchObject({ code: 'configuration' })
  })

  it('is not for a user token', async () => {
    await expect(url(userToken)).rejects.toMatchObject({ code: 'configuration' })
  })
})

describe('the exchange of a code', () => {
  it('has all in the query, as documented, and no body', async () => {
    const { request, result } = await exchange()
    expect(request).toMatchObject({ method: 'POST', body: '' })
    expect(request?.url).toBe(
      `https://system2.netrex.cz/oauth2/token?client_id=c1&client_secret=${CODED}&grant_type=authorization_code&code=code-canary&redirect_uri=${encodeURIComponent(REDIRECT)}`,
    )
    expect(result.accessToken.value.reveal()).toBe('AT1')
    expect(result.accessToken.context).toMatchObject({ graphql_url: 'https://system2.netrex.cz/api/graphql.php' })
    expect(result.refreshToken?.reveal()).toBe('RT1')
    expect(result.warnings).toEqual([])
  })

  it('goes to the endpoint that a consent is pinned to', async () => {
    const { origin, pathname } = new URL((await exchange()).request?.url ?? '')
    const endpoint = await authorization.tokenEndpoint(application, contextFor(vendorAnswering(), netrex))
    expect(endpoint.href).toBe(origin + pathname)
  })

  it('says auth_code where that is configured, and never tries the other', async () => {
    const document = { ...application, code_grant_type: 'auth_code' }
    const { request } = await exchange(json(granted), document)
    expect(new URL(request?.url ?? '').searchParams.get('grant_type')).toBe('auth_code')
    expect(await failureOf(exchange(json({ error: 'Unsupported grant type' }, 400), document))).toMatchObject({
      code: 'grant_rejected',
    })
    expect(await refused({ ...application, code_grant_type: 'password' })).toMatchObject({ code: 'configuration' })
  })

  it('without a refresh token says at once that the access ends with the token', async () => {
    const { result } = await exchange(json(withoutRefreshToken))
    expect(result).not.toHaveProperty('refreshToken')
    expect(result.accessToken.expiresAt).toEqual(secondsAfter(NOW, 3600))
    expect(result.warnings).toEqual([
      { code: 'one_time_access', detail: expect.stringMatching(/ends with this token.*client secret.*connect again/) },
    ])
  })

  it('asks for a new consent, and makes no call, once that token has ended', async () => {
    const vendor = vendorAnswering()
    const error = await failureOf(netrex.issue(application, undefined, contextFor(vendor, netrex)))
    expect(error).toMatchObject({ code: 'not_connected' })
    expect(vendor.requests).toHaveLength(0)
  })

  it.each([
    [200, { error: 'Error message canary' }, 'grant_rejected'],
    [400, { error: 'canary' }, 'grant_rejected'],
    [401, { error: 'canary' }, 'grant_rejected'],
    [500, { error: 'canary' }, 'grant_rejected'],
    [401, { error: 'invalid_client' }, 'credential_rejected'],
    [502, { message: 'canary' }, 'vendor_unavailable'],
  ])('is over for good when it is refused with %i %j: %s', async (status, body, code) => {
    const error = await failureOf(exchange(json(body, status)))
    expect(error).toMatchObject({ code })
    if (code === 'grant_rejected') expect(error).toMatchObject({ message: expect.stringContaining('start again') })
    expectNoTrace(error, ...SECRETS)
  })

  it('is not for a user token', async () => {
    const vendor = vendorAnswering()
    const grant = { code: new Secret('code-canary'), redirectUri: REDIRECT }
    const error = await failureOf(authorization.exchange(userToken, grant, contextFor(vendor, netrex)))
    expect(error).toMatchObject({ code: 'configuration' })
    expect(vendor.requests).toHaveLength(0)
  })
})

describe('revoking', () => {
  it('ends the grant, with nothing but the token', async () => {
    const { request } = await revoke()
    expect(revocation.ends).toBe('grant')
    expect(request).toMatchObject({ method: 'POST', body: '' })
    expect(request?.url).toBe('https://system2.netrex.cz/oauth2/revoke?access_token=access-canary')
  })

  it.each([
    [200, { success: false, message: 'canary' }, 'vendor_malformed'],
    [200, { success: 'true' }, 'vendor_malformed'],
    [200, { success: 1 }, 'vendor_malformed'],
    [200, {}, 'vendor_malformed'],
    [200, null, 'vendor_malformed'],
    [200, [true], 'vendor_malformed'],
    [200, { success: true, error: 'canary' }, 'vendor_malformed'],
    [400, { error: 'canary' }, 'vendor_malformed'],
    [401, { error: 'invalid_client' }, 'vendor_malformed'],
    [500, { success: true }, 'vendor_unavailable'],
    [500, { error: 'canary' }, 'vendor_unavailable'],
  ])('is not confirmed by %i %j', async (status, body, code) => {
    const error = await failureOf(revoke(json(body, status)))
    expect(error).toMatchObject({ code, message: expect.stringContaining('not confirmed') })
    expectNoTrace(error, ...SECRETS)
  })
})

describe('a user token', () => {
  const issue = (changes: object = {}, now = NOW) => {
    const vendor = vendorAnswering()
    return netrex.issue({ ...userToken, ...changes }, undefined, contextFor(vendor, netrex, { now: () => now }))
  }

  it('is served as it is, without an end unless a person has set one', async () => {
    expect(netrex.isStatic?.(userToken)).toBe(true)
    const { accessToken, refreshToken, warnings } = await issue()
    expect(accessToken.value.reveal()).toBe('user-token-canary')
    expect(accessToken.expiresAt).toEqual(NEVER)
    expect(accessToken.context).toEqual({
      api_base_url: 'https://cloud.camstreamer.com',
      graphql_url: 'https://cloud.camstreamer.com/api/graphql.php',
      host: 'cloud.camstreamer.com',
    })
    expect([refreshToken, warnings]).toEqual([undefined, []])
  })

  it('ends with the day that a person has set', async () => {
    const { accessToken } = await issue({ expires_on: '2026-12-31' })
    expect(accessToken.expiresAt).toEqual(new Date('2026-12-31T23:59:59Z'))
    expect((await issue({ expires_on: '2026-08-01' })).warnings).toMatchObject([{ code: 'expires_soon' }])
    expect(await failureOf(issue({ expires_on: '2026-07-31' }))).toMatchObject({ code: 'credential_expired' })
    expect(await failureOf(issue({ expires_on: 'tomorrow' }))).toMatchObject({ code: 'configuration' })
  })

  it('is not revoked by us', async () => {
    const vendor = vendorAnswering()
    const error = await failureOf(
      revocation.revoke(userToken, new Secret('user-token-canary'), contextFor(vendor, netrex)),
    )
    expect(error).toMatchObject({ code: 'configuration' })
    expect(vendor.requests).toHaveLength(0)
    expectNoTrace(error, 'canary')
  })

  it('is for an allowed host only', async () => {
    expect(await failureOf(issue({ host: 'evil.example' }))).toMatchObject({ code: 'configuration' })
  })

  it('is a static token, and an application is none', () => {
    expect(netrex.isStatic?.(application)).toBe(false)
    expect(netrex.isStatic?.({ ...application, user_token: 'x' })).toBe(true)
  })
})

describe('the live check of a user token', () => {
  async function check(step: Step, document: object = userToken) {
    const vendor = vendorAnswering(step)
    const { accessToken } = await netrex.issue(document, undefined, contextFor(vendor, netrex))
    const result = netrex.liveness?.(document, accessToken, contextFor(vendor, netrex)) ?? Promise.reject(vendor)
    return { result, vendor }
  }

  it("is NetRex's own example of a query, with the token in the header and nowhere else", async () => {
    const { result, vendor } = await check(json({ data: { cameraList: [{ name: 'Yard' }] } }))
    expect(await result).toBe('alive')
    const [request] = vendor.requests
    expect(request).toMatchObject({
      method: 'POST',
      url: 'https://cloud.camstreamer.com/api/graphql.php',
      body: '{"query":"{cameraList{name}}"}',
      redirect: 'manual',
    })
    expect(request?.headers.get('authorization')).toBe('Bearer user-token-canary')
    expect(request?.headers.get('content-type')).toBe('application/json')
  })

  it.each([
    ['alive, of an account without cameras', json({ data: { cameraList: [] } }), 'alive'],
    ['alive, as JSON that is called HTML', html(200, '{"data":{"cameraList":[]}}'), 'alive'],
    ['alive, when one camera could not be read', json({ data: { cameraList: [null] }, errors: [{}] }), 'alive'],
    ['alive, when its data is of another shape', json({ data: { cameras: {} } }), 'alive'],
    ['refused', json({ error: 'canary' }, 401), 'refused'],
    ['refused with a page', html(401), 'refused'],
    ['a login page', html(200), 'login page'],
    ['the way to a login page', redirect('https://cloud.camstreamer.com/login'), 'login page'],
  ] as const)('finds it %s', async (_, answer, expected) => {
    expect(await (await check(answer)).result).toBe(expected)
  })

  it.each([
    ['an error', json({ error: 'canary' })],
    ['errors without data', json({ errors: [{ message: 'canary' }] })],
    ['errors beside no data', json({ data: null, errors: [{ message: 'canary' }] })],
    ['errors beside no list', json({ data: { cameraList: null }, errors: [{ message: 'canary' }] })],
    ['data that is none', json({ data: 'canary' })],
    ['no object', json('canary')],
    ['a 403', json({ errors: [] }, 403)],
    ['a page with 403', html(403, 'canary')],
  ])('counts against it for a quarter of an hour when it answers %s', async (_, answer) => {
    const error = await failureOf((await check(answer)).result)
    expect(error).toMatchObject({ code: 'credential_expired', retryAfterSeconds: 15 * 60 })
    expectNoTrace(error, 'canary')
  })

  it.each([
    ['no address of the API', html(404), 'configuration'],
    ['a query it does not know', json({ errors: [{ message: 'canary' }] }, 400), 'configuration'],
    ['too many calls', json({ error: 'canary' }, 429), 'vendor_throttled'],
    ['a breakdown', json({ error: 'canary' }, 500), 'vendor_unavailable'],
    ['no connection', networkError('ECONNRESET'), 'vendor_unavailable'],
    ['half an answer', text('{"data":{', 200, { 'content-type': 'application/json' }), 'vendor_malformed'],
  ] as const)('says nothing about it for %s', async (_, answer, code) => {
    const error = await failureOf((await check(answer)).result)
    expect(error).toMatchObject({ code })
    expectNoTrace(error, 'canary')
  })
})

describe('over the wire, to the simulator', () => {
  const { clientId, clientSecret } = netrexApplication
  const document = { ...application, client_id: clientId, client_secret: clientSecret, scope: 'read,write' }
  let simulators: Loopback

  beforeEach(async () => {
    simulators = await startSimulators({ port: 0 })
  })
  afterEach(() => simulators.close())

  const context = (timeoutMs = 5000): Context => {
    const signal = AbortSignal.timeout(timeoutMs)
    return { ...contextFor({ http: viaSimulator(fetch, simulators.url) }, netrex), now: () => new Date(), signal }
  }
  const control = async (method: string, body?: object) => {
    const answer = await controlOf(simulators.url, 'netrex', method, body)
    return (await answer.json()) as { refreshTokenUses: number[] }
  }
  const connect = async () => {
    const page = (await url(document)).href.replace('https:/', simulators.url)
    const back = new URL((await fetch(`${page}&decision=allow`, { redirect: 'manual' })).headers.get('location') ?? '')
    expect(back.searchParams.get('state')).toBe('st&te')
    const code = new Secret(back.searchParams.get('code') ?? '')
    const issued = await authorization.exchange(document, { code, redirectUri: REDIRECT }, context())
    const { accessToken, refreshToken = new Secret('none') } = issued
    return { accessToken, refreshToken }
  }
  const works = async (token: Secret) => {
    const answer = await fetch(`${simulators.url}/system2.netrex.cz/api/graphql.php`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token.reveal()}`, 'content-type': 'application/json' },
      body: '{"query":"{cameraList{name}}"}',
    })
    return answer.status === 200
  }

  it('connects, renews with either kind of refresh token, and revokes', async () => {
    const first = await connect()
    expect(await works(first.accessToken.value)).toBe(true)
    const second = await netrex.issue(document, first.refreshToken, context())
    expect(second.refreshToken).toBeUndefined()
    await control('POST', { fault: 'rotation', value: 'strict' })
    const third = await netrex.issue(document, first.refreshToken, context())
    expect(third.refreshToken).toBeInstanceOf(Secret)
    expect(await failureOf(netrex.issue(document, first.refreshToken, context()))).toMatchObject({
      code: 'grant_doubtful',
      strikes: 2,
    })
    await revocation.revoke(document, third.accessToken.value, context())
    expect(await works(second.accessToken.value)).toBe(false)
    expect(await failureOf(revocation.revoke(document, third.accessToken.value, context()))).toMatchObject({
      code: 'vendor_malformed',
    })
    expect(await control('GET')).toMatchObject({ refreshTokenUses: [3, 0] })
  })

  it.each(['truncated', 'drip', 'reset', 'hang', 'huge', 'redirect', 'error-in-200', 'html', 'status-500'])(
    'has nothing of the URL in the error that %s makes',
    async (fault) => {
      const { refreshToken } = await connect()
      await control('POST', { fault })
      const error = await failureOf(netrex.issue(document, refreshToken, context(300)))
      expect(error).toBeInstanceOf(VendingError)
      expectNoTrace(error, refreshToken.reveal(), clientSecret, encodeURIComponent(clientSecret), '/oauth2/')
    },
  )

  it('has nothing of the URL in the error of a vendor that is not there', async () => {
    const { refreshToken } = await connect()
    await simulators.close()
    const error = await failureOf(netrex.issue(document, refreshToken, context()))
    expect(error).toMatchObject({ code: 'vendor_unavailable' })
    expectNoTrace(error, refreshToken.reveal(), clientSecret, encodeURIComponent(clientSecret), '/oauth2/')
  })
})

it('says which member is wrong, of the kind of document that was meant', async () => {
  const { client_secret: _secret, ...incomplete } = application
  expect(await refused(incomplete)).toMatchObject({
    message: expect.stringContaining('client_secret must be a string'),
  })
  expect(await refused({ ...userToken, user_token: 'a b' })).toMatchObject({
    message: expect.stringContaining('user_token must be one token'),
  })
})
