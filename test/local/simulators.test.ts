import { connect } from 'node:net'
import { acceloClients } from '../../functions/accelo/simulator.ts'
import { issueIobeyaToken } from '../../functions/iobeya/simulator.ts'
import type { Loopback } from '../../lib/local/loopback.ts'
import { startSimulators } from '../../lib/local/simulators.ts'
import { control as controlOf } from '../support/control.ts'
import { jsonOf } from './json.ts'

interface Problem {
  readonly detail: string
}

interface Grant {
  readonly access_token: string
  readonly expires_in: unknown
}

interface View {
  readonly calls: { readonly total: number; readonly byPath: Readonly<Record<string, unknown>> }
  readonly faults: readonly unknown[]
  readonly trap: number
}

let simulators: Loopback
const noon = new Date('2026-03-01T12:00:00Z')
let now = noon

beforeEach(async () => {
  now = noon
  simulators = await startSimulators({ port: 0, now: () => now })
})
afterEach(() => simulators.close())

const basic = `${acceloClients.hq.clientId}:${acceloClients.hq.clientSecret}`
const TOKEN = 'acme.api.accelo.com/oauth2/v0/token'
const INFO = 'acme.api.accelo.com/api/v0/tokeninfo'
const askToken = (more: RequestInit = {}, path = TOKEN) =>
  fetch(`${simulators.url}/${path}`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(basic).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
    redirect: 'manual',
    ...more,
  })
const control = (vendor: string, method = 'GET', body?: object | string) =>
  controlOf(simulators.url, vendor, method, body)
const script = (body: object, vendor = 'accelo') => control(vendor, 'POST', body)
const seen = (vendor = 'accelo') => jsonOf<View>(control(vendor))

describe('the control address', () => {
  it('lists the vendors', async () => {
    expect(await jsonOf(control(''))).toEqual({
      vendors: expect.arrayContaining(['accelo', 'accessia', 'iobeya']),
    })
  })

  it('counts calls by path and status, resource calls and refused ones too', async () => {
    expect(await seen()).toEqual({ calls: { total: 0, byPath: {} }, faults: [], trap: 0 })
    await askToken()
    await askToken()
    await askToken({ headers: {} })
    await fetch(`${simulators.url}/${INFO}?fields=email`)
    expect(await seen()).toEqual({
      calls: {
        total: 4,
        byPath: { 'POST /oauth2/v0/token': { '200': 2, '401': 1 }, 'GET /api/v0/tokeninfo': { '401': 1 } },
      },
      faults: [],
      trap: 0,
    })
    expect((await seen('accessia')).calls.total).toBe(0)
  })

  it('counts no call that did not arrive complete', async () => {
    await new Promise<void>((resolve) => {
      const { host, port } = new URL(simulators.url)
      const socket = connect(Number(port), '127.0.0.1')
      const half = `POST /${TOKEN} HTTP/1.1\r\nhost: ${host}\r\ncontent-length: 99\r\n\r\ngrant_type=`
      socket.write(half, () => socket.resetAndDestroy())
      socket.on('close', () => resolve())
    })
    expect((await seen()).calls.total).toBe(0)
  })

  it('forgets counts and faults when told to', async () => {
    await script({ fault: 'status-500', times: -1 })
    await askToken()
    expect((await control('accelo', 'DELETE')).status).toBe(200)
    expect(await seen()).toEqual({ calls: { total: 0, byPath: {} }, faults: [], trap: 0 })
    expect((await askToken()).status).toBe(200)
  })

  it.each([
    [{ fault: 'status-418' }],
    [{}],
    [{ fault: 'html', times: 0 }],
    [{ fault: 'html', times: 1.5 }],
    [{ fault: 'html', tims: 2 }],
    [{ fault: 'expires-in' }],
    [{ fault: 'delay' }],
    [{ fault: 'revoke' }],
    [[]],
  ])('refuses %j and names the faults it knows', async (body) => {
    const answer = await script(body)
    expect(answer.status).toBe(400)
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect((await jsonOf<Problem>(answer)).detail).toMatch(/status-500.*hang.*revoke-all/)
  })

  it('refuses unknown vendors, hosts, methods and bodies that are not JSON', async () => {
    const unknown = await control('nobody')
    expect(unknown.status).toBe(404)
    expect((await jsonOf<Problem>(unknown)).detail).toContain('accelo, accessia, clearid')
    expect((await fetch(`${simulators.url}/example.com/`)).status).toBe(404)
    expect((await control('accelo', 'PUT')).status).toBe(405)
    expect((await control('accelo', 'POST', '{')).status).toBe(400)
  })
})

describe('a scripted fault', () => {
  it('strikes the token endpoint once, then all is well', async () => {
    await script({ fault: 'status-500' })
    expect((await fetch(`${simulators.url}/${INFO}`)).status).toBe(401)
    expect((await askToken()).status).toBe(500)
    expect((await askToken()).status).toBe(200)
    expect((await seen()).calls.byPath['POST /oauth2/v0/token']).toEqual({ '500': 1, '200': 1 })
  })

  it('strikes as often as asked, in the order of asking, until cleared with -1', async () => {
    await script({ fault: 'status-503', times: 2 })
    await script({ fault: 'status-500', times: -1 })
    expect((await seen()).faults).toEqual([
      { fault: 'status-503', times: 2 },
      { fault: 'status-500', times: -1 },
    ])
    const statuses: number[] = []
    for (let i = 0; i < 5; i++) statuses.push((await askToken()).status)
    expect(statuses).toEqual([503, 503, 500, 500, 500])
    expect((await seen()).faults).toEqual([{ fault: 'status-500', times: -1 }])
  })

  it('may be aimed at another path, and then leaves the token endpoint alone', async () => {
    await script({ fault: 'status-500', path: 'tokeninfo' })
    expect((await askToken()).status).toBe(200)
    expect((await fetch(`${simulators.url}/${INFO}`)).status).toBe(500)
  })

  it('strikes the resource of a vendor that has no token endpoint', async () => {
    const rooms = () =>
      fetch(`${simulators.url}/acme.api.iobeya.com/v1/rooms?page=1&size=1`, {
        headers: { authorization: `Bearer ${issueIobeyaToken(365, now)}` },
      })
    await script({ fault: 'status-503' }, 'iobeya')
    expect((await rooms()).status).toBe(503)
    expect((await rooms()).status).toBe(200)
    expect((await script({ fault: 'no-token' }, 'iobeya')).status).toBe(400)
  })

  it.each([
    [{ fault: 'status-429' }, '30'],
    [{ fault: 'status-429', retry_after: 120 }, '120'],
    [{ fault: 'status-429', retry_after: 'Sun, 01 Mar 2026 12:02:00 GMT' }, 'Sun, 01 Mar 2026 12:02:00 GMT'],
    [{ fault: 'status-503' }, null],
    [{ fault: 'status-503', retry_after: 5 }, '5'],
  ])('%j says when to come back: %s', async (fault, expected) => {
    await script(fault)
    expect((await askToken()).headers.get('retry-after')).toBe(expected)
  })

  it.each([
    ['html', 200, 'text/html'],
    ['html-404', 404, 'text/html'],
  ])('%s is a page', async (fault, status, type) => {
    await script({ fault })
    const answer = await askToken()
    expect([answer.status, answer.headers.get('content-type')]).toEqual([status, type])
    expect(await answer.text()).toContain('<h1>')
  })

  it('empty has a JSON content type and nothing else', async () => {
    await script({ fault: 'empty' })
    const answer = await askToken()
    expect([answer.status, await answer.text()]).toEqual([200, ''])
  })

  it('error-in-200 is the refusal of a client under status 200, or any body asked for', async () => {
    await script({ fault: 'error-in-200' })
    await script({ fault: 'error-in-200', value: { error: 'Error message' } })
    await script({ fault: 'error-in-200', value: null })
    const first = await askToken()
    expect(first.status).toBe(200)
    expect(await first.json()).toMatchObject({ error: 'invalid_client' })
    expect(await jsonOf<Grant>(askToken())).toEqual({ error: 'Error message' })
    expect(await (await askToken()).text()).toBe('null')
  })

  it('invalid-client refuses good credentials', async () => {
    await script({ fault: 'invalid-client' })
    const answer = await askToken()
    expect(answer.status).toBe(401)
    expect(await answer.json()).toMatchObject({ error: 'invalid_client' })
  })

  it('no-token leaves out the token and nothing else', async () => {
    await script({ fault: 'no-token' })
    const answer = await jsonOf<Grant>(askToken())
    expect(answer).not.toHaveProperty('access_token')
    expect(answer).toHaveProperty('expires_in')
  })

  it('huge is over 2 MiB of good JSON with a token in it', async () => {
    await script({ fault: 'huge' })
    const text = await (await askToken()).text()
    expect(text.length).toBeGreaterThan(2 * 1024 * 1024)
    expect(JSON.parse(text)).toHaveProperty('access_token')
  })

  it('redirect leads into a trap that counts who follows', async () => {
    await script({ fault: 'redirect', times: 2 })
    const answer = await askToken()
    expect(answer.status).toBe(302)
    expect(answer.headers.get('location')).toBe(`${simulators.url}/_trap/accelo`)
    expect((await seen()).trap).toBe(0)
    await askToken({ redirect: 'follow' })
    expect((await seen()).trap).toBe(1)
  })

  it('truncated declares more than it sends', async () => {
    await script({ fault: 'truncated' })
    const answer = await askToken()
    expect(answer.status).toBe(200)
    await expect(answer.text()).rejects.toThrow()
    expect((await seen()).calls.byPath['POST /oauth2/v0/token']).toEqual({ '200': 1 })
  })

  it('reset cuts the connection without an answer', async () => {
    await script({ fault: 'reset' })
    await expect(askToken()).rejects.toThrow()
    expect((await seen()).calls.byPath['POST /oauth2/v0/token']).toEqual({ none: 1 })
    expect((await askToken()).status).toBe(200)
  })

  it('hang accepts the call, counts it and never answers', async () => {
    await script({ fault: 'hang' })
    const leave = new AbortController()
    const asked = askToken({ signal: leave.signal })
    while ((await seen()).calls.total === 0) await new Promise(setImmediate)
    expect((await seen()).calls.byPath['POST /oauth2/v0/token']).toEqual({ none: 1 })
    leave.abort()
    await expect(asked).rejects.toThrow('aborted')
  })

  it('drip shows status 200 and one byte at a time', async () => {
    await script({ fault: 'drip' })
    const leave = new AbortController()
    const answer = await askToken({ signal: leave.signal })
    expect(answer.status).toBe(200)
    expect(Number(answer.headers.get('content-length'))).toBeGreaterThan(100)
    const { value } = (await answer.body?.getReader().read()) ?? {}
    expect(value).toHaveLength(1)
    leave.abort()
  })

  it('delay answers as usual, only later; any other fault can be late too', async () => {
    await script({ fault: 'delay', delay_ms: 60 })
    await script({ fault: 'status-500', delay_ms: 60 })
    for (const status of [200, 500]) {
      const began = performance.now()
      expect((await askToken()).status).toBe(status)
      expect(performance.now() - began).toBeGreaterThan(55)
    }
  })

  it.each([-90, 0, 3600])('date-skew answers as usual, with a clock that is %i s off', async (value) => {
    await script({ fault: 'date-skew', value })
    const answer = await askToken()
    expect(answer.status).toBe(200)
    expect(answer.headers.get('date')).toBe(new Date(noon.getTime() + value * 1000).toUTCString())
    expect((await jsonOf<Grant>(answer)).access_token).not.toBe('')
  })

  it('rotation is for vendors that have refresh tokens to rotate', async () => {
    expect((await script({ fault: 'rotation', value: 'strict' })).status).toBe(400)
    expect((await script({ fault: 'rotation', value: 'strict' }, 'netrex')).status).toBe(200)
  })

  it('keeps the server from closing no longer than anything else', async () => {
    await script({ fault: 'hang' })
    await script({ fault: 'delay', delay_ms: 600_000 })
    await script({ fault: 'drip' })
    const asked = [askToken(), askToken(), askToken().then((answer) => answer.text())].map((a) => a.catch(() => 'cut'))
    while ((await seen()).calls.total < 3) await new Promise(setImmediate)
    await simulators.close()
    expect(await Promise.all(asked)).toEqual(['cut', 'cut', 'cut'])
  })
})

describe('a scripted lifetime', () => {
  const alive = async (token: string, at: Date) => {
    now = at
    const { status } = await fetch(`${simulators.url}/${INFO}`, { headers: { authorization: `Bearer ${token}` } })
    return status === 200
  }

  it.each([60, '60'])('of %j is what the answer says and when the token dies', async (value) => {
    await script({ fault: 'expires-in', value })
    const { access_token, expires_in } = await jsonOf<Grant>(askToken())
    expect(expires_in).toBe(value)
    expect(await alive(access_token, new Date('2026-03-01T12:00:59Z'))).toBe(true)
    expect(await alive(access_token, new Date('2026-03-01T12:01:00Z'))).toBe(false)
  })

  it.each(['3600s', true, null, [3600]])('of %j is passed on as it is', async (value) => {
    await script({ fault: 'expires-in', value })
    const { access_token, expires_in } = await jsonOf<Grant>(askToken())
    expect(expires_in).toEqual(value)
    expect(await alive(access_token, new Date('2026-03-30T00:00:00Z'))).toBe(true)
  })
})
