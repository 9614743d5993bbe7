import { fork } from 'node:child_process'
import { once } from 'node:events'
import { machine } from '../processes/machine.ts'
import type { BenchResult } from './result.ts'

const CONNECTIONS = 100
/** AWS Lambda developer guide, "Configure Lambda function memory", 2026-11: at 1,769 MB a function has one CPU. */
const CPU_OF_MB = [512, 1024, 1769].map((megabytes) => ({ megabytes, cpu: megabytes / 1769 }))
/** A sweep begins renewals so long. */
const SECONDS_A_MINUTE = 55
/** From one renewal of an hourly token to the next. */
const MINUTES_BETWEEN = 45

/**
 * What a renewal costs the function that sweeps, with all adapters and the SDK, over loopback: the other ceiling beside the
 * vendor's time. The CPU is that of this computer, and what encrypting the way to AWS and the vendor costs comes on top.
 */
export async function run(): Promise<BenchResult> {
  const m = await machine()
  for (let i = 0; i < CONNECTIONS; i++) await m.createAccelo(`site-${i}`)
  const child = fork(m.build('sweeper'), { env: { ...m.environment, COUNT: String(CONNECTIONS) } })
  const over = once(child, 'exit').then(() => {
    throw new Error('the sweeper has died')
  })
  const [each]: number[][] = await Promise.race([once(child, 'message'), over])
  child.kill('SIGKILL')
  over.catch(() => {})
  await m.close()
  const [, ms = 0] = each?.toSorted((a, b) => a - b) ?? []
  return {
    name: 'sweep-cpu',
    rows: [
      { case: 'one renewal of a sweep: CPU', value: ms, unit: 'ms' },
      ...CPU_OF_MB.map(({ megabytes, cpu }) => ({
        case: `hourly connections whose renewals are all of the CPU of ${megabytes} MB, computed`,
        value: Math.round(((1000 * cpu) / ms) * SECONDS_A_MINUTE * MINUTES_BETWEEN),
        unit: 'connections',
      })),
    ],
  }
}
