import { localAws } from '../support/local-aws.ts'
import { readsOfSweep } from '../support/sweep-reads.ts'
import type { BenchResult } from './result.ts'

/** What a sweep reads with ten connections due, by how many there are: flat, since it reads the index of what is due. */
export async function run(): Promise<BenchResult> {
  const aws = await localAws()
  const rows = []
  let least: number | undefined
  for (const connections of [250, 1000, 4000]) {
    const { queries, items } = await readsOfSweep(aws, connections)
    least ??= items
    rows.push(
      { case: `10 due of ${connections} connections: reads`, value: queries, unit: 'calls' },
      {
        case: `10 due of ${connections} connections: items, against those of 250`,
        value: items / least,
        unit: 'times',
        goal: { most: 1.1 },
      },
    )
  }
  await aws.close()
  return { name: 'sweep-reads', rows }
}
