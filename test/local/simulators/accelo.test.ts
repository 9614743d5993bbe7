import { acceloClients } from '../../../functions/accelo/simulator.ts'
import type { Loopback } from '../../../lib/local/loopback.ts'
import { startSimulators } from '../../../lib/local/simulators.ts'
import { control as controlOf } from '../../support/control.ts'
import { jsonOf } from '../json.ts'

interface Grant {
  readonly access_token: string
  readonly expires_in: unknown
}

const { hq, ro } = acceloClients
let simulators: Loopback
let now: Date

beforeEach(async () => {
  now = new Date('2026-03-01T12:00:00Z')
  simulators = await startSimulators({ port: 0, now: () => now })
})
afterEach(() => simulators.close())

const later = (seconds: number) => {
  now = new Date(now.getTime() + seconds * 1000)
}
const url = (path: string, host = 'acme.api.accelo.com') => `${simulators.url}/${host}${path}`
const basicOf = (id: string, secret: string) => `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`
const asHq = { authorization: basicOf(hq.clientId, hq.clientSecret) }
const asRo = { authorization: basicOf(ro.clientId, ro.clientSecret) }
const post = (path: string, form: Record<string, string> | string, headers: Record<string, string> = asHq) =>
  fetch(url(path), { method: 'POST', headers, body: new URLSearchParams(form) })
const ask = (more: Record<string, string> = {}, headers?: Record<string, string>) =>
  post('/oauth2/v0/token', { grant_type: 'client_credentials', ...more }, headers)
const tokenFor = async (headers = asHq) => (await jsonOf<Grant>(ask({}, headers))).access_token
const info = (token: string, query = '') =>
  fetch(url(`/api/v0/tokeninfo${query}`), { headers: { authorization: `Bearer ${token}` } })

describe('the token endpoint', () => {
  it('answers as documented for a service application', async () => {
    for (const path of ['/oauth2/v0/token', '/oauth2/v0/token.json']) {
      const answer = await post(path, { grant_type: 'client_credentials', scope: 'read(all)', expires_in: '86400' })
      expect(answer.status).toBe(200)
      expect(await answer.json()).toEqual({
        access_token: expect.stringMatching(/^[\w-]{12}_hq$/),
        token_type: 'bearer',
        expires_in: '86400',
        deployment: 'acme',
        deployment_name: 'Acme',
        deployment_uri: 'acme.accelo.com',
        account_id: '17',
        account_details: expect.any(Object),
      })
    }
  })

  it('gives 30 days when no lifetime is asked for', async () => {
    expect((await jsonOf<Grant>(ask())).expires_in).toBe('2592000')
  })

  it.each(['read(all)', 'write(all)', 'read(companies,contacts)', 'read(all),write(companies,contacts)'])(
    'takes the scope %s',
    async (scope) => {
      expect((await ask({ scope })).status).toBe(200)
    },
  )

  it.each(['read', 'read(all) write(all)', 'read(all', 'read()', 'read(a,)', 'delete(all)', 'read(all),', ''])(
    'refuses the scope "%s"',
    async (scope) => {
      const answer = await ask({ scope })
      expect(answer.status).toBe(400)
      expect(await answer.json()).toMatchObject({ error: 'invalid_scope' })
    },
  )

  it.each([
    ['grant_type=password', 'unsupported_grant_type'],
    ['scope=read(all)', 'invalid_request'],
    ['grant_type=client_credentials&grant_type=client_credentials', 'invalid_request'],
    ['grant_type=client_credentials&expires_in=0', 'invalid_request'],
    ['grant_type=client_credentials&expires_in=1h', 'invalid_request'],
  ])('refuses the form %s', async (form, error) => {
    const answer = await post('/oauth2/v0/token', form)
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({ error })
  })

  it('refuses JSON and multipart bodies', async () => {
    const multipart = new FormData()
    multipart.set('grant_type', 'client_credentials')
    for (const body of ['{"grant_type":"client_credentials"}', multipart]) {
      const answer = await fetch(url('/oauth2/v0/token'), { method: 'POST', headers: asHq, body })
      expect(answer.status).toBe(400)
    }
  })

  it.each([
    ['no credentials', {}],
    ['a wrong secret', { authorization: basicOf(hq.clientId, ro.clientSecret) }],
    ['an unknown client', { authorization: basicOf('zz@acme.accelo.com', hq.clientSecret) }],
    ['a percent-encoded client id', { authorization: basicOf(encodeURIComponent(hq.clientId), hq.clientSecret) }],
    ['no secret', { authorization: basicOf(hq.clientId, '') }],
    ['an empty pair', { authorization: basicOf('', '') }],
    ['another scheme', { authorization: asHq.authorization.replace('Basic', 'Bearer') }],
  ])('refuses %s', async (_, headers) => {
    const answer = await ask({}, headers as Record<string, string>)
    expect(answer.status).toBe(401)
    expect(await answer.json()).toMatchObject({ error: 'invalid_client' })
  })

  it('refuses credentials in the form', async () => {
    expect((await ask({ client_id: hq.clientId, client_secret: hq.clientSecret }, {})).status).toBe(401)
  })

  it('is not reached with GET', async () => {
    const answer = await fetch(url('/oauth2/v0/token?grant_type=client_credentials'), { headers: asHq })
    expect([answer.status, answer.headers.get('content-type')]).toEqual([404, 'text/html'])
  })

  it('knows one deployment', async () => {
    const answer = await fetch(url('/oauth2/v0/token', 'other.api.accelo.com'), { method: 'POST', headers: asHq })
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({ meta: { status: 'invalid_request' }, response: null })
  })
})

describe('the lock-out', () => {
  const fail = async (times: number) => {
    for (let i = 0; i < times; i++) await ask({}, {})
  }

  it('comes after more than 100 failures in 5 minutes, also for good credentials, and each attempt prolongs it', async () => {
    await fail(100)
    expect((await ask()).status).toBe(200)
    await fail(1)
    const locked = await ask()
    expect(locked.headers.get('retry-after')).toBe('300')
    expect(await locked.json()).toMatchObject({ error: 'too_many_failed_logins' })
    later(299)
    expect(await (await ask()).json()).toMatchObject({ error: 'too_many_failed_logins' })
    later(299)
    expect(await (await ask()).json()).toMatchObject({ error: 'too_many_failed_logins' })
    later(300)
    expect((await ask()).status).toBe(200)
  })

  it('does not come when the failures are spread wider', async () => {
    await fail(60)
    later(301)
    await fail(60)
    expect((await ask()).status).toBe(200)
  })
})

describe('tokeninfo', () => {
  it('tells about a live token, in the meta form, with rate limit headers', async () => {
    const { access_token } = await jsonOf<Grant>(ask({ expires_in: '3600' }))
    const answer = await info(access_token)
    expect(answer.status).toBe(200)
    expect(await answer.json()).toMatchObject({
      meta: { status: 'ok' },
      response: { deployment: 'acme', expiry_date: now.getTime() / 1000 + 3600 },
    })
    expect(answer.headers.get('x-ratelimit-limit')).toBe('5000')
    expect(answer.headers.get('x-ratelimit-remaining')).toBe('4999')
    expect(answer.headers.get('x-ratelimit-reset')).toBe(String(Date.parse('2026-03-01T13:00:00Z') / 1000))
  })

  it('refuses a token at its end, an unknown one and none, without rate limit headers', async () => {
    const { access_token } = await jsonOf<Grant>(ask({ expires_in: '3600' }))
    later(3599)
    expect((await info(access_token)).status).toBe(200)
    later(1)
    for (const token of [access_token, 'unknown', '']) {
      const answer = await info(token)
      expect(answer.status).toBe(401)
      expect(await answer.json()).toMatchObject({ meta: { status: 'invalid_client' }, response: null })
      expect(answer.headers.get('x-ratelimit-limit')).toBeNull()
    }
  })

  it('takes the token in the header only', async () => {
    const token = await tokenFor()
    const both = await info(token, `?_bearer_token=${token}`)
    expect(both.status).toBe(400)
    expect(await both.json()).toMatchObject({ meta: { status: 'invalid_request' } })
    expect((await fetch(url(`/api/v0/tokeninfo?_bearer_token=${token}`))).status).toBe(401)
  })

  it('counts down a quota for the hour', async () => {
    const token = await tokenFor()
    await info(token)
    expect((await info(token)).headers.get('x-ratelimit-remaining')).toBe('4998')
    later(3600)
    expect((await info(token)).headers.get('x-ratelimit-remaining')).toBe('4999')
  })
})

describe('revoking', () => {
  it('ends the token and no other', async () => {
    const [token, other] = [await tokenFor(), await tokenFor()]
    const answer = await post('/oauth2/v0/revoke', { token })
    expect(answer.status).toBe(200)
    expect(await answer.json()).toMatchObject({ meta: { status: 'ok' } })
    expect((await info(token)).status).toBe(401)
    expect((await info(other)).status).toBe(200)
  })

  it('is for the client the token belongs to', async () => {
    const token = await tokenFor()
    expect((await post('/oauth2/v0/revoke', { token }, asRo)).status).toBe(400)
    expect((await post('/oauth2/v0/revoke', { token }, {})).status).toBe(401)
    expect((await post('/oauth2/v0/revoke', {})).status).toBe(400)
    expect((await info(token)).status).toBe(200)
  })

  it('may happen behind the back of everybody', async () => {
    const [first, second, third] = [await tokenFor(), await tokenFor(asRo), await tokenFor()]
    const control = (body: object) => controlOf(simulators.url, 'accelo', 'POST', body)
    await control({ fault: 'revoke', value: first })
    expect([(await info(first)).status, (await info(second)).status]).toEqual([401, 200])
    await control({ fault: 'revoke-all' })
    expect([(await info(second)).status, (await info(third)).status]).toEqual([401, 401])
    expect((await info(await tokenFor())).status).toBe(200)
  })
})
