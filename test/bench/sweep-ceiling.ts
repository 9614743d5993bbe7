import { keepTown, type Town } from '../support/sweep-time.ts'
import type { BenchResult } from './result.ts'

interface Case extends Town {
  readonly called: string
  /** @default it is as it is */
  readonly mostCalls?: number
}

/** The two goals, and what is kept a little below the ceiling. */
const CASES: readonly Case[] = [
  { called: '50,000 hourly, vendor 0.4 s', connections: 50_000, vendorSeconds: 0.4, hours: 1.5, mostCalls: 5 },
  { called: '10,000 hourly, vendor 4 s', connections: 10_000, vendorSeconds: 4, hours: 2, mostCalls: 5 },
  { called: '35,000 hourly, vendor 4 s', connections: 35_000, vendorSeconds: 4, hours: 1.5 },
  {
    ...{ called: '17,000 hourly, vendor 8 s, single-use refresh tokens', connections: 17_000, vendorSeconds: 8 },
    ...{ hours: 1.5, refreshTokens: 'single-use' },
  },
]

/** At the ceiling 64 renewals are under way all the time: so it is when the sweeps come only after all have become due. */
const FULL = [
  { vendorSeconds: 0.4, connections: 20_000 },
  { vendorSeconds: 4, connections: 2500 },
  { vendorSeconds: 8, connections: 1200, refreshTokens: 'single-use' },
] as const

/** From one renewal of an hourly token to the next: 80 % of the hour, less the lead of the sweep. */
const MINUTES_BETWEEN = 45

/**
 * How many connections with hourly tokens the sweeps of one vendor keep fresh: the real keeper and engine over a table in
 * memory, in virtual time. So it is the vendor's time and the keeper's pace that count, not the CPU of the function.
 */
export async function run(): Promise<BenchResult> {
  const rows: BenchResult['rows'][number][] = []
  for (const { called, mostCalls, ...town } of CASES) {
    const kept = await keepTown(town)
    rows.push(
      { case: `${called}: ended unrenewed`, value: kept.ended, unit: 'tokens', goal: { most: 0 } },
      { case: `${called}: sweeps that did not keep up`, value: kept.faults, unit: 'sweeps', goal: { most: 0 } },
      { case: `${called}: busiest minute`, value: kept.mostInAMinute, unit: 'renewals' },
      // 64 of a sweep, and the last ones of the one before, which it overlaps with where the vendor is slow.
      { case: `${called}: at the vendor at once`, value: kept.mostAtOnce, unit: 'calls', goal: { most: 2 * 64 } },
      { case: `${called}: longest sweep`, value: kept.longestSweepSeconds, unit: 's' },
      {
        ...{ case: `${called}: table calls per renewal`, value: kept.callsPerRenewal, unit: 'calls' },
        ...(mostCalls !== undefined && { goal: { most: mostCalls } }),
      },
    )
  }
  for (const town of FULL) {
    const { mostInAMinute } = await keepTown({ ...town, firstWithinSeconds: 30, sweepsFromSeconds: 2940, hours: 0.9 })
    const called = `ceiling, vendor ${town.vendorSeconds} s`
    rows.push(
      { case: `${called}: renewals a minute`, value: mostInAMinute, unit: 'renewals' },
      { case: `${called}: hourly connections, computed`, value: mostInAMinute * MINUTES_BETWEEN, unit: 'connections' },
    )
  }
  return { name: 'sweep-ceiling', rows }
}
