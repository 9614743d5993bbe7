/**
 * How long the daily check of many connections takes, in virtual time: the real check, run after run as the schedules call
 * it, beside vendors that take their time. Before, one run of 20 s was all there was in a day.
 */
import { vend } from '../../functions/core/vend.ts'
import { checkAll, continueCheck } from '../../functions/keeper/check.ts'
import { DAY_SECONDS, secondsAfter, secondsBetween } from '../../functions/kit/time.ts'
import type { Liveness } from '../../functions/kit/vendor.ts'
import { fakeVendor, gives, world } from '../support/world.ts'
import type { BenchResult } from './result.ts'

const MINUTE = 60
const HOURS = DAY_SECONDS / 3600

interface Fleet {
  readonly connections: number
  /** How long the vendor takes for one live call. */
  readonly callSeconds: number
  /** How long the function may run. */
  readonly functionSeconds: number
}

const FLEETS: readonly Fleet[] = [
  { connections: 10_000, callSeconds: 1, functionSeconds: 300 },
  { connections: 10_000, callSeconds: 1, functionSeconds: 20 },
  { connections: 1000, callSeconds: 5, functionSeconds: 20 },
  { connections: 10_000, callSeconds: 8, functionSeconds: 300 },
]

export async function run(): Promise<BenchResult> {
  const rows: BenchResult['rows'][number][] = []
  for (const fleet of FLEETS) {
    const { connections, callSeconds, functionSeconds } = fleet
    const of = `${connections} connections, live call of ${callSeconds} s, function of ${functionSeconds} s`
    const { hours, checkedOnce, mostAtOnce, mostInOneSecond } = await roundOf(fleet)
    rows.push(
      { case: `${of}: all are checked within`, value: hours, unit: 'h', goal: { most: HOURS } },
      { case: `${of}: checked exactly once`, value: checkedOnce, unit: 'connections', goal: { least: connections } },
      { case: `${of}: a day is enough for`, value: (connections * HOURS) / hours, unit: 'connections' },
      { case: `${of}: calls that the vendor sees at once`, value: mostAtOnce, unit: 'calls', goal: { most: 16 } },
      { case: `${of}: calls that begin in a second`, value: mostInOneSecond, unit: 'calls', goal: { most: 9 } },
    )
  }
  return { name: 'check-ceiling', rows }
}

/** One round: the day's run, and each minute's after it until none is left. */
async function roundOf({ connections, callSeconds, functionSeconds }: Fleet) {
  const w = world()
  const { clock } = w
  const calls = new Map<string, number>()
  const begun = new Map<number, number>()
  let [atOnce, mostAtOnce, isRound] = [0, 0, false]
  const { vendor } = fakeVendor({
    holdsToken: true,
    script: gives({ lifeSeconds: 7 * DAY_SECONDS }),
    liveness: async (password): Promise<Liveness> => {
      if (!isRound) return 'alive'
      calls.set(password, (calls.get(password) ?? 0) + 1)
      const second = Math.floor(clock.now().getTime() / 1000)
      begun.set(second, (begun.get(second) ?? 0) + 1)
      atOnce += 1
      mostAtOnce = Math.max(mostAtOnce, atOnce)
      await clock.sleep(callSeconds)
      atOnce -= 1
      return 'alive'
    },
  })
  for (let i = 0; i < connections; i += 1) {
    w.secrets.replace(`acme/site-${i}`, { password: `site-${i}` })
    // It has worked before: what has not may not be called for more than ten at once.
    await vend({ connection: { vendor, name: `site-${i}` }, minTtlSeconds: 0 }, w.process())
  }
  isRound = true
  const startedAt = clock.now()
  let checks = await checkAll(vendor, w.processFor(functionSeconds))
  for (let minute = 1; (checks?.left ?? 0) > 0; minute += 1) {
    const next = secondsAfter(startedAt, minute * MINUTE)
    // A run that takes longer than its minute is not waited for by the schedule; here the next minute is.
    if (next > clock.now()) clock.advance(secondsBetween(clock.now(), next))
    checks = (await continueCheck(vendor, w.processFor(functionSeconds))) ?? checks
  }
  return {
    hours: secondsBetween(startedAt, clock.now()) / 3600,
    checkedOnce: [...calls.values()].filter((count) => count === 1).length,
    mostAtOnce,
    mostInOneSecond: Math.max(...begun.values()),
  }
}
