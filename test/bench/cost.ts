import { billOf, perMillion, sum } from '../../lib/cost/bill.ts'
import type { BenchResult } from './result.ts'

/** What the machine costs by its model (`npm run cost` has it by item). */
export async function run(): Promise<BenchResult> {
  const { busyVends, quietVends, renewals } = perMillion()
  const beside = 'list prices, without the front door'
  const month = sum(billOf({ connections: 10, vends: 1_000_000, renewals: 24 }))
  return {
    name: 'cost',
    rows: [
      { case: 'a million busy vends', value: busyVends, unit: '$', baseline: beside, goal: { most: 0.65 } },
      { case: 'a million quiet vends', value: quietVends, unit: '$', baseline: beside },
      { case: 'a million renewals by sweeps', value: renewals, unit: '$', baseline: beside, goal: { most: 7 } },
      { case: '10 connections, 1 M vends, hourly tokens, all of it: a month', value: month, unit: '$' },
    ],
  }
}
