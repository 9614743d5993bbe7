import { setTimeout as pause } from 'node:timers/promises'
import { control as controlOf } from '../support/control.ts'
import { median, percentile, ratioOf, say } from './figures.ts'
import { laptop } from './laptop.ts'
import type { BenchResult } from './result.ts'

const OTHERS = [
  ['accessia', 'main'],
  ['clearid', 'demo'],
  ['iobeya', 'main'],
  ['netrex', 'user-token'],
] as const
const PAIRS = 6
const SLICE_MS = 2000
const EVERY_MS = 15
/** Callers of the vendor that hangs, at once: all processes of its function, and as many who queue for them. */
const HANGING_CALLERS = 8

/**
 * One vendor does not answer, and its function is full of callers who wait for it. The other four have functions of their
 * own, and their callers notice nothing.
 */
export async function run(): Promise<BenchResult> {
  const machine = await laptop('simulators')
  const control = (method: string, body?: object) => controlOf(machine.simulators, 'accelo', method, body)
  let connections = 0

  /** How long the others' vends take meanwhile. */
  async function slice(): Promise<number[]> {
    const times: number[] = []
    const calls: Promise<void>[] = []
    const endsAt = performance.now() + SLICE_MS
    for (let i = 0; performance.now() < endsAt; i++) {
      const [vendor, connection] = OTHERS[i % OTHERS.length] ?? OTHERS[0]
      calls.push(
        machine.vend(vendor, connection).then(({ status, ms }) => {
          if (status !== 200) throw new Error(`${vendor} answered ${status}`)
          times.push(ms)
        }),
      )
      await pause(EVERY_MS)
    }
    await Promise.all(calls)
    return times
  }

  /** Callers that the vendor keeps waiting, until it answers again. */
  async function whileHanging<T>(work: () => Promise<T>): Promise<T> {
    await control('POST', { fault: 'hang', times: -1 })
    const names = Array.from({ length: HANGING_CALLERS }, () => `hangs-${++connections}`)
    await Promise.all(names.map((name) => machine.connectAccelo(name)))
    const stuck = names.map((name) => machine.vend('accelo', name))
    await pause(300)
    const done = await work()
    await control('DELETE')
    // They give up 8 s after they came, and those that queued are served.
    await Promise.allSettled(stuck)
    return done
  }

  say('warming up')
  for (let i = 0; i < 5; i++) await Promise.all(OTHERS.map(([vendor, connection]) => machine.vend(vendor, connection)))
  const [plain, meanwhile] = [[] as number[][], [] as number[][]]
  for (let pair = 0; pair < PAIRS; pair++) {
    say(`pair ${pair + 1} of ${PAIRS}`)
    plain.push(await slice())
    meanwhile.push(await whileHanging(slice))
  }
  await machine.close()
  const p99 = (times: readonly number[]) => percentile(times, 0.99)
  return {
    name: 'isolation',
    rows: [
      {
        case: "the other four vendors' vends while one hangs: p99",
        value: p99(meanwhile.flat()),
        unit: 'ms',
        baseline: 'while none hangs',
        ratio: ratioOf(meanwhile.map((times, i) => p99(times) / p99(plain[i] ?? []))),
        goal: { most: 1.1 },
      },
      {
        case: "the other four vendors' vends while one hangs: p50",
        value: median(meanwhile.flat()),
        unit: 'ms',
        baseline: 'while none hangs',
        ratio: ratioOf(meanwhile.map((times, i) => median(times) / median(plain[i] ?? []))),
      },
    ],
  }
}
