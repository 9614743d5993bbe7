import type { ChildProcess } from 'node:child_process'
import { vend } from '../../functions/core/vend.ts'
import { vendors } from '../../functions/vendors.ts'
import { median, percentile, say } from './figures.ts'
import { fleet, type Order, order, WAYS, type Way } from './fleet.ts'
import type { Row } from './report.ts'
import type { BenchResult } from './result.ts'

/** Who comes at once, and to how slow a vendor. */
const SHAPES = [
  { processes: 12, callers: 1, vendor: '200 ms', ms: () => 200, rounds: 10 },
  { processes: 12, callers: 1, vendor: '100 to 600 ms', ms: () => 100 + Math.random() * 500, rounds: 6 },
  { processes: 4, callers: 25, vendor: '200 ms', ms: () => 200, rounds: 4 },
] as const
const CASES = ['new', 'ended', 'reported'] as const
/** The first ones warm the processes up. */
const WARM_UP = 1
const LIBRARY_ROUNDS = 4
const KILLED_ROUNDS = 1

interface Round {
  readonly vendorCalls: number
  readonly tableCalls: number
  /** How much longer than the vendor each caller took, and the vendor's time. */
  readonly beyond: readonly number[]
  readonly vendorMs: number
  readonly tokens: number
  readonly faults: readonly string[]
}

/**
 * Many processes want one token at once that is not there: never vended, ended, or reported as refused. Beside the machine
 * what services do without it: the same table without a lease, and OAuth libraries, which know nothing of each other.
 * "no lease" also says what waking twelve processes on this computer takes by itself.
 *
 * Twelve processes with a reported token make at least 40 table calls, 3.33 each: 12 reads, 12 tries for the lease, 11 reads
 * of the waiters; and the holder's two permits of a forced renewal, its look at what the vendor has refused, and two writes,
 * of the outcome and of the token. What there is more is waiters who read before the holder was done: they pause for as long
 * as a renewal usually takes, and the holder takes longer where processes wait for a core.
 */
export async function run(): Promise<BenchResult> {
  const f = await fleet()
  const rows: Row[] = []
  let connections = 0

  async function round(
    children: readonly ChildProcess[],
    what: Omit<Order, 'connection'>,
    kind?: string,
  ): Promise<Round> {
    const connection = `site-${++connections}`
    const { vendor } = f
    let given: Omit<Order, 'connection'> = what
    if (what.way === 'engine') {
      await f.createAccelo(connection)
      if (kind !== 'new') {
        // As slow as it will be, so that the row knows how long the vendor usually takes.
        const place = { vendor: vendors.accelo, name: connection }
        const { token } = await vend({ connection: place, minTtlSeconds: 0 }, f.runtime('accelo'))
        given =
          kind === 'ended'
            ? { ...what, ahead: vendor.answers.lifeSeconds + 1 }
            : { ...what, rejected: token.accessToken.value.fingerprint }
      }
    }
    const before = { vendor: vendor.calls(), table: f.tableCalls() }
    const report = await order(children, { ...given, connection })
    const vendorMs = vendor.times.at(-1) ?? 0
    return {
      vendorCalls: vendor.calls() - before.vendor,
      tableCalls: (f.tableCalls() - before.table) / children.length,
      beyond: report.map(({ ms }) => ms - vendorMs),
      vendorMs,
      tokens: new Set(report.flatMap(({ token }) => token ?? [])).size,
      faults: report.flatMap(({ fault }) => fault ?? []),
    }
  }

  async function rounds(count: number, one: () => Promise<Round>): Promise<readonly Round[]> {
    const all: Round[] = []
    for (let i = 0; i < count + WARM_UP; i++) all.push(await one())
    return all.slice(WARM_UP)
  }

  for (const { processes, callers, vendor, ms, rounds: count } of SHAPES) {
    const children = await f.start(processes)
    f.vendor.answers.ms = ms
    const who = `${processes} processes x ${callers}, vendor ${vendor}`
    for (const kind of CASES) {
      say(`${kind}, ${who}`)
      const all = await rounds(count, () => round(children, { way: 'engine', callers }, kind))
      rows.push(...rowsOf(`${kind}, ${who}`, all, vendor === '200 ms' && callers === 1))
    }
    if (vendor === '200 ms' && callers === 1) {
      for (const way of WAYS.filter((way) => way !== 'engine')) {
        say(`${way}, ${who}`)
        const all = await rounds(LIBRARY_ROUNDS, () => round(children, { way, callers }))
        rows.push(...baselineRows(`${way}, ${who}`, all, way))
      }
    }
    for (const child of children) child.kill('SIGKILL')
  }

  f.vendor.answers.ms = () => 200
  rows.push(...(await holderKilled()))
  await f.close()
  return { name: 'stampede', rows }

  /** The process that called the vendor dies before the answer; the others go on calling. */
  async function holderKilled(): Promise<Row[]> {
    const calls: number[] = []
    const seconds: number[] = []
    const tokens: number[] = []
    for (let i = 0; i < KILLED_ROUNDS; i++) {
      say(`holder killed, round ${i + 1} of ${KILLED_ROUNDS}`)
      const children = await f.start(12)
      const connection = `site-${++connections}`
      await f.createAccelo(connection)
      const [holder, ...others] = children
      const before = f.vendor.calls()
      const called = f.vendor.called()
      holder?.send({ way: 'engine', connection, callers: 1 } satisfies Order)
      await called
      holder?.kill('SIGKILL')
      const startedAt = performance.now()
      const report = await order(others, { way: 'engine', connection, callers: 1, persists: true })
      seconds.push((performance.now() - startedAt) / 1000)
      calls.push(f.vendor.calls() - before)
      tokens.push(new Set(report.flatMap(({ token }) => token ?? [])).size)
      for (const child of children) child.kill('SIGKILL')
    }
    const name = 'holder killed, 12 processes x 1, vendor 200 ms'
    return [
      { case: `${name}: vendor calls, most in a round`, value: Math.max(...calls), unit: 'calls', goal: { most: 2 } },
      { case: `${name}: tokens, most in a round`, value: Math.max(...tokens), unit: 'tokens', goal: { most: 1 } },
      { case: `${name}: until all have one, whose lease is 15 s`, value: median(seconds), unit: 's' },
    ]
  }
}

/** Of the engine: one vendor call, and nobody much later than the vendor. */
function rowsOf(name: string, all: readonly Round[], counted: boolean): Row[] {
  const beyond = all.flatMap((round) => round.beyond)
  const late = all.flatMap(({ beyond, vendorMs }) => beyond.map((ms) => ms - 0.2 * vendorMs))
  const calls = all.map(({ vendorCalls }) => vendorCalls)
  const faults = all.flatMap((round) => round.faults)
  const perProcess = all.reduce((sum, { tableCalls }) => sum + tableCalls, 0) / all.length
  return [
    { case: `${name}: vendor calls, most in a round`, value: Math.max(...calls), unit: 'calls', goal: { most: 1 } },
    {
      case: `${name}: tokens, most in a round`,
      value: Math.max(...all.map(({ tokens }) => tokens)),
      unit: 'tokens',
      goal: { most: 1 },
    },
    {
      case: `${name}: callers without a token${faults.length > 0 ? ` (${[...new Set(faults)].join(', ')})` : ''}`,
      value: faults.length,
      unit: 'callers',
      goal: { most: 0 },
    },
    { case: `${name}: p50 beyond the vendor`, value: median(beyond), unit: 'ms' },
    { case: `${name}: p99 beyond the vendor`, value: percentile(beyond, 0.99), unit: 'ms' },
    { case: `${name}: p99 beyond 120 % of the vendor`, value: percentile(late, 0.99), unit: 'ms', goal: { most: 25 } },
    {
      case: `${name}: table calls of a process`,
      value: perProcess,
      unit: 'calls',
      ...(counted && { goal: { most: 3.5 } }),
    },
  ]
}

const baselineRows = (name: string, all: readonly Round[], way: Way): Row[] => {
  const beyond = all.flatMap((round) => round.beyond)
  return [
    {
      case: `${name}: vendor calls in a round`,
      value: median(all.map(({ vendorCalls }) => vendorCalls)),
      unit: 'calls',
    },
    { case: `${name}: p50 beyond the vendor`, value: median(beyond), unit: 'ms' },
    { case: `${name}: p99 beyond the vendor`, value: percentile(beyond, 0.99), unit: 'ms' },
    ...(way === 'no lease'
      ? [
          {
            case: `${name}: table calls of a process`,
            value: all.reduce((sum, { tableCalls }) => sum + tableCalls, 0) / all.length,
            unit: 'calls',
          },
        ]
      : []),
  ]
}
