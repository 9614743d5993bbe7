import { type ApiRequest, answer } from '../../functions/api/app.ts'
import type { VendingEvent } from '../../functions/api/audit.ts'
import type { Operation } from '../../functions/api/routes.ts'
import { FAILURES, type FailureCode, VendingError } from '../../functions/kit/errors.ts'
import { NEVER, secondsAfter } from '../../functions/kit/time.ts'
import type { Vendor } from '../../functions/kit/vendor.ts'
import { figure } from '../support/figure.ts'
import { fakeVendor, gives, refuses, type Script, The, world } from '../support/world.ts'

const request = (change: Partial<ApiRequest> = {}): ApiRequest => ({
  operation: 'vend',
  requestId: 'request-1',
  caller: 'arn:aws:sts::111122223333:assumed-role/billing/session',
  connection: 'hq',
  query: {},
  ...change,
})

async function call(vendor: Vendor, change: Partial<ApiRequest> = {}, w = world()) {
  const events: VendingEvent[] = []
  const { status, headers, body } = await answer(vendor, request(change), w.process(), (event) => events.push(event))
  return { status, headers, body: JSON.parse(body), events, text: body }
}

describe('an answer with a token', () => {
  it('has the names of RFC 6749, the end in UTC, the context the API needs, and may not be stored', async () => {
    const { vendor } = fakeVendor()
    const { status, headers, body } = await call(vendor)
    expect(status).toBe(200)
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'cache-control': 'no-store',
      pragma: 'no-cache',
    })
    expect(body).toEqual({
      access_token: 't1',
      token_type: 'Bearer',
      expires_in: 3600,
      expires_at: '2026-11-21T13:00:00Z',
      refresh_after: expect.stringMatching(/^2026-11-21T12:\d\d:\d\dZ$/),
      vendor: 'acme',
      connection: 'hq',
      fingerprint: '628b49d96dcde97a',
      source: 'vendor',
      context: { api_base_url: 'https://acme.example' },
      warnings: [],
    })
  })

  it('counts the seconds that are left, rounded down', async () => {
    const w = world()
    const { vendor } = fakeVendor()
    await call(vendor, {}, w)
    w.clock.advance(10.5)
    expect((await call(vendor, {}, w)).body).toMatchObject({ expires_in: 3589, source: 'cache' })
  })

  it.each([
    [2, 2],
    [1.001, 1],
  ])('says of a life of %s s that %i s are left, and never that none is', async (lifeSeconds, expires_in) => {
    const { status, body } = await call(fakeVendor({ script: gives({ lifeSeconds }) }).vendor)
    expect([status, body.expires_in]).toEqual([200, expires_in])
  })

  it('is not given for a token that lives for no time to speak of', async () => {
    const { status, body } = await call(fakeVendor({ script: gives({ lifeSeconds: 0.001 }) }).vendor)
    expect([status, body.code]).toEqual([502, 'vendor_malformed'])
  })

  const DAY = 24 * 3600
  it.each([
    ['a token that lives for a year', secondsAfter(The.now, 365 * DAY), '2026-11-22T12:00:00Z'],
    ['a token whose end nobody knows', NEVER, '2026-11-22T12:00:00Z'],
    ['one that ends in a day', secondsAfter(The.now, DAY), '2026-11-22T12:00:00Z'],
    ['one that ends a second sooner', secondsAfter(The.now, DAY - 1), '2026-11-22T11:59:59Z'],
  ])('of a person says of %s to come back within a day, so that a rotation is heard of', async (_what, ends, after) => {
    const script: Script = async (...call) => {
      const { accessToken } = await gives({})(...call)
      return { accessToken: { ...accessToken, expiresAt: ends } }
    }
    const { vendor } = fakeVendor({ holdsToken: true, script })
    expect((await call(vendor)).body.refresh_after).toBe(after)
  })

  it('of a client that is renewed for longer than a day says so as well', async () => {
    const { vendor } = fakeVendor({ script: gives({ lifeSeconds: 7 * DAY }) })
    expect((await call(vendor)).body.refresh_after).toBe('2026-11-22T12:00:00Z')
  })

  it('leaves one audit line, after those of what was obtained, with the fingerprint and never the token', async () => {
    const { vendor } = fakeVendor({ script: gives({ name: 'canary-' }) })
    const { events, body } = await call(vendor)
    expect(events.map(({ op }) => op)).toEqual(['obtain', 'rotate', 'vend'])
    expect(events.slice(-1)).toEqual([
      {
        op: 'vend',
        request_id: 'request-1',
        caller: 'arn:aws:sts::111122223333:assumed-role/billing/session',
        connection: 'acme#hq',
        outcome: 'vendor',
        fingerprint: body.fingerprint,
        expires_in: 3600,
        ms: 0,
      },
    ])
    expect(JSON.stringify(events)).not.toContain('canary')
  })

  it('does not leave when the audit line cannot be written', async () => {
    const { vendor } = fakeVendor()
    const broken = () => {
      throw new Error('standard output is closed')
    }
    const { status, body } = await answer(vendor, request(), world().process(), broken)
    expect([status, JSON.parse(body).code]).toEqual([500, 'internal'])
    expect(body).not.toContain('access_token')
  })
})

describe('a refusal', () => {
  it('is a problem that says what to do next, and may not be stored either', async () => {
    const { vendor } = fakeVendor({ script: refuses('credential_rejected', 'Acme refused the client') })
    const { status, headers, body, events } = await call(vendor)
    expect(status).toBe(502)
    expect(headers).toMatchObject({
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      pragma: 'no-cache',
    })
    expect(body).toEqual({
      type: 'urn:vendomat:problem:credential-rejected',
      title: 'The vendor refused our credentials',
      status: 502,
      detail: 'Acme refused the client',
      code: 'credential_rejected',
      retryable: false,
      next_step: 'store working credentials in the secret vendomat/acme/hq; the next call uses them',
      request_id: 'request-1',
    })
    expect(events).toMatchObject([{ outcome: 'credential_rejected', connection: 'acme#hq' }])
  })

  it.each(Object.keys(FAILURES) as FailureCode[])(
    '%s has the status of the table, and Retry-After exactly when calling again can help',
    async (code) => {
      const { vendor } = fakeVendor({ script: refuses(code, 'words of ours') })
      const { status, headers, body } = await call(vendor)
      expect(status).toBe(FAILURES[code].status)
      expect('retry-after' in headers).toBe(FAILURES[code].retryable)
      expect(body.next_step).toMatch(/\w/)
      expect(body.next_step.startsWith('call again')).toBe(FAILURES[code].retryable)
    },
  )

  it('of any code may be stored by nobody', async () => {
    const codes = Object.keys(FAILURES) as FailureCode[]
    let unstored = 0
    for (const code of codes) {
      const { headers } = await call(fakeVendor({ script: refuses(code, 'words of ours') }).vendor)
      expect(headers).toMatchObject({
        ...{ 'cache-control': 'no-store', pragma: 'no-cache', 'x-content-type-options': 'nosniff' },
        'content-type': 'application/problem+json',
      })
      unstored += 1
    }
    figure('no-store', `${unstored} of ${codes.length} kinds of failure, and the token itself, stored by nobody`)
  })

  it('that nobody foresaw tells the caller nothing but the request id', async () => {
    const { vendor } = fakeVendor({
      script: () => {
        throw new TypeError('canary in a message')
      },
    })
    const { status, text, events } = await call(vendor)
    expect(status).toBe(500)
    expect(text).not.toContain('canary')
    expect(text).toContain('request-1')
    expect(events).toMatchObject([{ outcome: 'internal' }])
  })

  it('never shows the cause of an error', async () => {
    const { vendor } = fakeVendor({
      script: () => {
        throw new VendingError('vendor_unavailable', 'Acme does not answer', { cause: new Error('canary') })
      },
    })
    expect((await call(vendor)).text).not.toContain('canary')
  })
})

describe('a request', () => {
  const { vendor, calls } = fakeVendor()

  it.each([
    '',
    'HQ',
    '*',
    '-hq',
    'h q',
    '../hq',
    'hq/..',
    '%2e%2e',
    'hq#',
    'BUDGET',
    'ｈq',
    'h\u0000',
    'a'.repeat(64),
    '__proto__',
  ])('for the connection %j is refused before anything is asked', async (connection) => {
    const { status, body } = await call(vendor, { connection })
    expect([status, body.code]).toEqual([400, 'bad_request'])
    expect(calls).toHaveLength(0)
  })

  it.each(['-1', '1.5', '', ' 5', '0x10', '1e3', 'abc', '99999999999'])('with min_ttl=%s is refused', async (value) => {
    const { status, body } = await call(vendor, { query: { min_ttl: [value] } })
    expect([status, body.code]).toEqual([400, 'bad_request'])
  })

  it('with min_ttl twice or with a parameter nobody knows is refused', async () => {
    expect((await call(vendor, { query: { min_ttl: ['1', '2'] } })).status).toBe(400)
    expect((await call(vendor, { query: { min_tll: ['1'] } })).status).toBe(400)
  })

  it('for more than the vendor can give is 422, for nobody we know 404', async () => {
    const { status, body } = await call(vendor, { query: { min_ttl: ['999999999'] } })
    expect([status, body.max_min_ttl]).toEqual([422, 7 * 24 * 3600])
    expect((await call(vendor, { connection: 'nobody' })).status).toBe(404)
  })

  it('for more than the token of a person has left says how much that is, and may have all of it', async () => {
    const { vendor } = fakeVendor({ holdsToken: true, script: gives({ lifeSeconds: 5000.5 }) })
    const { body } = await call(vendor, { query: { min_ttl: ['5001'] } })
    expect(body).toMatchObject({ code: 'min_ttl_unavailable', max_min_ttl: 5000 })
    const { status } = await call(vendor, { query: { min_ttl: [String(body.max_min_ttl)] } })
    expect(status).toBe(200)
  })

  it('that fails otherwise says nothing of min_ttl', async () => {
    expect((await call(vendor, { connection: 'nobody' })).body).not.toHaveProperty('max_min_ttl')
  })

  it('with the longest names there are is served', async () => {
    const w = world()
    const longest = 'a'.repeat(63)
    w.secrets.replace(`acme/${longest}`, { password: 'p1' })
    expect((await call(fakeVendor().vendor, { connection: longest }, w)).status).toBe(200)
  })
})

describe('what a person tells the machine of a connection', () => {
  it('takes an acknowledgement, and records who signed the call', async () => {
    const w = world()
    const { vendor } = fakeVendor()
    w.secrets.replace('acme/hq', { password: 'p1', expires_on: '2026-12-01' })
    await call(vendor, {}, w)
    await call(vendor, { operation: 'check' }, w)
    const { status, body } = await call(vendor, { operation: 'acknowledge', body: '{"note":"ticket 4711"}' }, w)
    expect(status).toBe(200)
    expect(body).toMatchObject({
      credential_ends_at: '2026-12-01T23:59:59Z',
      next_notice_at: '2026-11-24T00:00:00Z',
      acknowledged: {
        by: 'arn:aws:sts::111122223333:assumed-role/billing/session',
        at: '2026-11-21T12:00:00Z',
        note: 'ticket 4711',
      },
      next_action: expect.stringContaining('vendomat rotate acme hq'),
    })
    expect(w.notices).toHaveLength(1)
  })

  it.each<[Operation, unknown]>([
    ['setOwner', {}],
    ['setOwner', { owner: ' ' }],
    ['setOwner', { owner: 'x'.repeat(201) }],
    ['setOwner', { owner: 'ada', status: 'disabled' }],
    ['setStatus', {}],
    ['setStatus', { status: 'reconnect' }],
    ['setStatus', { status: 'active', owner: 'ada' }],
    ['setKeepWarm', {}],
    ['setKeepWarm', { keep_warm: 'yes' }],
    ['acknowledge', true],
    ['acknowledge', { note: '' }],
    ['acknowledge', { note: 'x'.repeat(201) }],
    ['acknowledge', { by: 'somebody else' }],
    ['acknowledge', { status: 'disabled' }],
    ['tryVersion', {}],
    ['tryVersion', { version: '' }],
    ['tryVersion', { version: '../current' }],
  ])('%s refuses %j', async (operation, body) => {
    const w = world()
    const seen = await call(fakeVendor().vendor, { operation, body: JSON.stringify(body) }, w)
    expect(seen.body).toMatchObject({ code: 'bad_request', status: 400 })
    expect((await w.tokens.read({ vendor: fakeVendor().vendor, name: 'hq' })).exists).toBe(false)
  })

  it.each<[Operation, string | undefined, object]>([
    ['setOwner', '{"owner":" ada@acme.example "}', { owner: 'ada@acme.example', state: 'new' }],
    ['setStatus', '{"status":"disabled"}', { state: 'disabled' }],
    ['setStatus', '{"status":"active"}', { state: 'new' }],
    ['setKeepWarm', '{"keep_warm":true}', { state: 'new' }],
    ['check', undefined, { state: 'new' }],
    ['tryVersion', '{"version":"pending"}', { version: 'pending', expires_at: '2026-11-21T13:00:00Z' }],
  ])('%s %s is answered with what is known then, and is recorded under its own name', async (operation, body, view) => {
    const w = world()
    w.secrets.propose('acme/hq', 'pending', { password: 'p2' })
    const seen = await call(fakeVendor().vendor, { operation, body }, w)
    expect([seen.status, seen.body]).toMatchObject([200, { vendor: 'acme', connection: 'hq', ...view }])
    const outcome = /"status":"(\w+)"/.exec(body ?? '')?.[1] ?? 'done'
    const own = seen.events.filter(({ op }) => op === operation)
    expect(own.map((event) => event.outcome)).toEqual(['requested', outcome])
    expect(seen.events.at(-1)).toBe(own.at(-1))
  })

  it.each<[Operation, string | undefined]>([
    ['setOwner', '{"owner":"ada"}'],
    ['setStatus', '{"status":"active"}'],
    ['setKeepWarm', '{"keep_warm":true}'],
    ['acknowledge', '{}'],
    ['check', undefined],
    ['tryVersion', '{"version":"v9"}'],
  ])('%s is a 404 where there is no secret, and puts nothing on the list', async (operation, body) => {
    const w = world()
    const { vendor, calls } = fakeVendor()
    const seen = await call(vendor, { operation, body, connection: 'nobody' }, w)
    expect([seen.status, seen.body.code]).toEqual([404, 'unknown_connection'])
    expect(await w.directory.page(vendor)).toEqual([])
    expect(calls).toEqual([])
  })
})

describe('a connection', () => {
  const disable = { operation: 'setStatus', body: '{"status":"disabled"}' } as const
  it.each<[string, Partial<ApiRequest>[]]>([
    ['that is disabled', [disable, { operation: 'tryVersion', body: '{"version":"v1"}' }]],
    ['without the version that is to be tried', [{ operation: 'tryVersion', body: '{"version":"v9"}' }]],
    ['without a notice to acknowledge', [{ operation: 'acknowledge', body: '{}' }]],
    ['that cannot give so much', [{ query: { min_ttl: ['999999999'] } }]],
  ])('%s is named to its caller as in the path', async (_what, requests) => {
    const w = world()
    const { vendor } = fakeVendor({ policy: { singleUseRefreshToken: true } })
    let detail = ''
    for (const one of requests) ({ detail } = (await call(vendor, one, w)).body)
    expect(detail).toContain('acme/hq')
    expect(detail).not.toContain('#')
  })
})

describe('what a person stops', () => {
  it('is stopped without the secret, as long as the connection is known', async () => {
    const w = world()
    const { vendor } = fakeVendor()
    await call(vendor, {}, w)
    w.secrets.remove('acme/hq')
    const revoked = await call(vendor, { operation: 'revoke' }, w)
    expect([revoked.status, revoked.body.revoked]).toEqual([200, true])
    const body = JSON.stringify({ status: 'disabled' })
    const disabled = await call(vendor, { operation: 'setStatus', body }, w)
    expect([disabled.status, disabled.body.state]).toEqual([200, 'disabled'])
  })

  it.each(['revoke', 'setStatus'] as const)(
    'is a 404 to %s when neither its row nor its secret is there',
    async (operation) => {
      const body = operation === 'setStatus' ? JSON.stringify({ status: 'disabled' }) : undefined
      const { status } = await call(fakeVendor().vendor, { operation, connection: 'nobody', body })
      expect(status).toBe(404)
    },
  )
})
