import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { type ApiRequest, answer } from '../../functions/api/app.ts'
import { audited, type Recorder, type VendingEvent } from '../../functions/api/audit.ts'
import { type Operation, ROUTES } from '../../functions/api/routes.ts'
import { renewDue } from '../../functions/keeper/sweep.ts'
import { Secret } from '../../functions/kit/secret.ts'
import { isLast } from '../support/audit-lines.ts'
import { figure } from '../support/figure.ts'
import { fakeVendor, gives, refuses, type Script, The, world } from '../support/world.ts'

const ada = 'arn:aws:sts::111122223333:assumed-role/ops/ada'
// The keys of ROUTES are its operations.
const OPERATIONS = Object.keys(ROUTES) as Operation[]
const CHANGING = OPERATIONS.filter((operation) => ROUTES[operation].method !== 'GET')

/** Bodies that an operation takes. */
const BODIES: Readonly<Record<string, readonly string[]>> = {
  refresh: ['{"rejected":"0123456789abcdef"}'],
  setOwner: ['{"owner":"ada@acme.example"}'],
  setStatus: ['{"status":"active"}'],
  setKeepWarm: ['{"keep_warm":true}', '{"keep_warm":false}'],
  acknowledge: ['{}', '{"note":"at it"}'],
  tryVersion: ['{"version":"v1"}'],
  authorize: ['{}'],
}

/** They name no connection. */
const OF_VENDOR: readonly Operation[] = ['list', 'describe']

const requestFor = (operation: Operation, change: Partial<ApiRequest> = {}): ApiRequest => ({
  operation,
  requestId: 'r-1',
  caller: ada,
  ...(!OF_VENDOR.includes(operation) && { connection: The.connection }),
  query: {},
  body: BODIES[operation]?.[0],
  ...change,
})

describe('under load', () => {
  const CALLS = 6000
  const SIDE_BY_SIDE = 60
  const CONNECTIONS = Array.from({ length: 12 }, (_, index) => `c${index}`)
  /** The last two are refused: nobody is named so. */
  const NAMES = [...CONNECTIONS, 'nobody', 'NO NAME']
  const CALLERS = ['billing', 'reports', 'sync', 'night-job'].map(
    (name) => `arn:aws:sts::111122223333:assumed-role/${name}/session`,
  )
  /** No line of these can be written; of those that end with 57 the first that is no refusal cannot. */
  const isUnwritten = ({ requestId }: Pick<ApiRequest, 'requestId'>) => requestId.endsWith('13')

  interface Answered {
    readonly request: ApiRequest
    readonly status: number
    readonly body: Readonly<Record<string, unknown>>
    /** How many lines there were by then. */
    readonly after: number
  }

  const lines: VendingEvent[] = []
  const answers: Answered[] = []
  /** Of every token that the vendor gave. */
  const given: string[] = []

  /** The same numbers in each run. */
  function numbers(seed: number): (below: number) => number {
    let state = seed
    return (below) => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0
      return (state >>> 8) % below
    }
  }

  beforeAll(async () => {
    const next = numbers(7)
    const oneOf = <T>(values: readonly T[]): T | undefined => values[next(values.length)]
    const w = world()
    for (const name of CONNECTIONS) w.secrets.replace(`acme/${name}`, { password: 'p1' })
    const giving = gives({ lifeSeconds: 600, refreshToken: 'r' })
    const script: Script = async (...call) => {
      if (next(9) === 0) return refuses('vendor_unavailable', 'Acme answers 503')(...call)
      const issued = await giving(...call)
      given.push(issued.accessToken.value.fingerprint)
      return issued
    }
    const { vendor } = fakeVendor({ script })
    const tried = new Set<string>()
    const record: Recorder = (event) => {
      const isGood = event.fingerprint !== undefined || event.outcome === 'requested'
      const isFirst = isGood && event.request_id.endsWith('57') && !tried.has(event.request_id)
      tried.add(event.request_id)
      if (isFirst || isUnwritten({ requestId: event.request_id })) throw new Error('the log is full')
      lines.push(event)
    }
    const processes = Array.from({ length: 4 }, () => w.process())
    const one = async (number: number) => {
      const operation = next(3) > 0 ? 'vend' : (oneOf(OPERATIONS) ?? 'vend')
      const request = requestFor(operation, {
        requestId: `r-${String(number).padStart(5, '0')}`,
        caller: oneOf(CALLERS) ?? '',
        ...(!OF_VENDOR.includes(operation) && { connection: oneOf(NAMES) }),
        query: operation === 'vend' && next(20) === 0 ? { min_ttl: ['500'] } : {},
        body: next(12) === 0 ? '{"no such":' : oneOf(BODIES[operation] ?? []),
      })
      const runtime = oneOf(processes) ?? w.process()
      const { status, body } = await answer(vendor, request, runtime, record)
      answers.push({ request, status, body: JSON.parse(body), after: lines.length })
    }
    for (let begun = 0; begun < CALLS; begun += SIDE_BY_SIDE) {
      await Promise.all(Array.from({ length: SIDE_BY_SIDE }, (_, index) => one(begun + index)))
      w.clock.advance(next(40))
    }
  }, 60_000)

  const written = () => answers.filter(({ request }) => !isUnwritten(request))
  const counted = (operations: readonly string[]) =>
    OPERATIONS.map((operation) => [operation, operations.filter((one) => one === operation).length])
  const linesOf = () => {
    const own = new Map<string, { line: VendingEvent; at: number }[]>()
    lines.forEach((line, at) => {
      own.set(line.request_id, [...(own.get(line.request_id) ?? []), { line, at }])
    })
    return ({ requestId }: ApiRequest) => own.get(requestId) ?? []
  }

  it('each operation has as many last lines as answers', () => {
    expect(counted(lines.filter(isLast).map(({ op }) => op))).toEqual(
      counted(written().map(({ request }) => request.operation)),
    )
    expect(written().length).toBeGreaterThan(CALLS * 0.9)
  })

  it('every line of a call is there before its answer, under its caller and its request', () => {
    const own = linesOf()
    for (const { request, status, body, after } of written()) {
      const before = own(request).filter(({ at }) => at < after)
      expect(before.length).toBe(own(request).length)
      expect(before.every(({ line }) => line.caller === request.caller)).toBe(true)
      const last = before.filter(({ line }) => isLast(line))
      expect(last.map(({ line }) => line)).toEqual([before.at(-1)?.line])
      if (status !== 200) expect(last[0]?.line.outcome).toBe(body.code)
    }
  })

  it('each token that was answered stands in the line of its answer, by its fingerprint', () => {
    const own = linesOf()
    const vended = written().filter(({ body }) => body.access_token !== undefined)
    for (const { request, body } of vended) {
      const last = own(request).at(-1)?.line
      expect(last?.fingerprint).toBe(new Secret(String(body.access_token)).fingerprint)
      expect(last?.connection).toBe(`acme#${request.connection}`)
    }
    expect(vended.length).toBeGreaterThan(CALLS / 3)
    const all = `${written().length} of ${written().length} answers recorded before they left`
    figure('audit-complete', `${all}, ${vended.length} tokens of them by fingerprint and caller`)
  })

  it('each token of the vendor leaves one line, and one whose line could not be written is never answered', () => {
    const obtained = lines.filter(({ op }) => op === 'obtain').map(({ fingerprint = '' }) => fingerprint)
    expect(new Set(obtained).size).toBe(obtained.length)
    expect(obtained.filter((fingerprint) => !given.includes(fingerprint))).toEqual([])
    const lost = given.filter((fingerprint) => !obtained.includes(fingerprint))
    expect(lost.length).toBeGreaterThan(0)
    const text = JSON.stringify(answers)
    expect(lost.filter((fingerprint) => text.includes(fingerprint))).toEqual([])
    figure(
      'audit-obtained',
      `${obtained.length} tokens in ${obtained.length} lines, ${lost.length} unrecorded unvended`,
    )
  })

  it('what cannot be recorded is answered 500, without a token', () => {
    const unwritten = answers.filter(({ request }) => isUnwritten(request))
    expect(unwritten.map(({ status, body }) => `${status} ${body.code} ${body.access_token}`)).toEqual(
      unwritten.map(() => '500 internal undefined'),
    )
    expect(unwritten.length).toBe(CALLS / 100)
    figure('audit-first', `${unwritten.length} of ${unwritten.length} calls without a line refused`)
  })
})

describe('a call whose line cannot be written', () => {
  const full: Recorder = () => {
    throw new Error('the log is full')
  }

  it.each(CHANGING)('%s is not begun: nothing is changed and the vendor not called', async (operation) => {
    const w = world()
    const { vendor, calls, connection } = fakeVendor({ script: gives({ refreshToken: 'r' }) })
    await answer(vendor, requestFor('vend'), w.process(), () => {})
    const before = [await w.tokens.read(connection), await w.registry.due(vendor, new Date('2100-01-01'), 10)]
    const { status, body } = await answer(vendor, requestFor(operation), w.process(), full)
    expect([status, JSON.parse(body).code]).toEqual([500, 'internal'])
    expect([await w.tokens.read(connection), await w.registry.due(vendor, new Date('2100-01-01'), 10)]).toEqual(before)
    expect(calls).toHaveLength(1)
  })

  it('once it has been done has a line of who asked for it, and no other answer than the refusal', async () => {
    const w = world()
    const { vendor, connection } = fakeVendor()
    await answer(vendor, requestFor('vend'), w.process(), () => {})
    const lines: VendingEvent[] = []
    const fullAfterOne: Recorder = (event) => {
      if (lines.length > 0) throw new Error('the log is full')
      lines.push(event)
    }
    const { status } = await answer(vendor, requestFor('revoke'), w.process(), fullAfterOne)
    expect(status).toBe(500)
    expect(lines).toEqual([
      { op: 'revoke', request_id: 'r-1', caller: ada, connection: 'acme#hq', outcome: 'requested' },
    ])
    expect((await w.tokens.read(connection)).state.epoch).toBe(1)
  })

  it('keeps the refresh token that came with the token, since the one before may be spent', async () => {
    const w = world()
    const { vendor, calls } = fakeVendor({
      policy: { singleUseRefreshToken: true },
      script: gives({ refreshToken: 'r', lifeSeconds: 600 }),
    })
    await answer(vendor, requestFor('vend'), w.process(), () => {})
    w.clock.advance(601)
    expect((await answer(vendor, requestFor('vend'), w.process(), full)).status).toBe(500)
    w.clock.advance(60)
    expect((await answer(vendor, requestFor('vend'), w.process(), () => {})).status).toBe(200)
    expect(calls.map(({ refreshToken }) => refreshToken)).toEqual([undefined, 'r1', 'r2'])
  })

  it('because nobody reads standard output any more is known by that line', async () => {
    const child = fork(join(import.meta.dirname, 'audit-process.ts'), {
      execArgv: ['--import', 'tsx'],
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    })
    await once(child, 'message')
    child.stdout?.destroy()
    await once(child.stdout ?? child, 'close')
    child.send('write')
    expect((await once(child, 'message'))[0]).toBe('EPIPE')
    await once(child, 'exit')
  }, 20_000)
})

describe('what nobody called for', () => {
  it('is recorded under the schedule: each token that a sweep obtains, with its version of the credentials', async () => {
    const w = world()
    const { vendor, connection } = fakeVendor({ script: gives({ lifeSeconds: 600 }) })
    await answer(vendor, requestFor('vend'), w.process(), () => {})
    w.clock.advance(500)
    const lines: VendingEvent[] = []
    const by = { request_id: 'r-sweep', caller: 'schedule' }
    const runtime = audited(w.process(), by, (event) => lines.push(event))
    expect((await renewDue(vendor, runtime)).renewed).toBe(1)
    const held = (await w.tokens.read(connection)).token
    expect(lines).toEqual([
      {
        ...{ op: 'obtain', ...by, connection: 'acme#hq', outcome: 'obtained', version: 'v1', expires_in: 600 },
        fingerprint: held?.accessToken.value.fingerprint,
      },
    ])
  })

  it('a version of the credentials that comes into use leaves one line, also of a token that a person made', async () => {
    for (const holdsToken of [undefined, true] as const) {
      const w = world()
      const { vendor } = fakeVendor({ script: gives({ lifeSeconds: 3600 }), ...(holdsToken && { holdsToken }) })
      const lines: VendingEvent[] = []
      const vend = () => answer(vendor, requestFor('vend'), w.process(), (event) => lines.push(event))
      await vend()
      await vend()
      w.secrets.replace('acme/hq', { password: 'p2' })
      w.clock.advance(3601)
      await vend()
      const rotations = lines.filter(({ op }) => op === 'rotate')
      const fingerprint = expect.stringMatching(/^[0-9a-f]{16}$/)
      expect(rotations).toMatchObject([
        { version: 'v1', outcome: 'in_use', caller: ada, connection: 'acme#hq', fingerprint },
        { version: 'v2', outcome: 'in_use', caller: ada, connection: 'acme#hq', fingerprint },
      ])
    }
  })
})
