import { setTimeout as pause } from 'node:timers/promises'
import { dynamoAllowance } from '../../functions/aws/dynamo-allowance.ts'
import { dynamoRegistry } from '../../functions/aws/dynamo-registry.ts'
import { dynamoTokens } from '../../functions/aws/dynamo-tokens.ts'
import { kmsEnvelope } from '../../functions/aws/envelope.ts'
import type { Observation } from '../../functions/core/observation.ts'
import { vend } from '../../functions/core/vend.ts'
import { renewDue } from '../../functions/keeper/sweep.ts'
import { secondsAfter } from '../../functions/kit/time.ts'
import { localAws } from '../support/local-aws.ts'
import { fakeVendor, gives, world } from '../support/world.ts'
import { percentile, ratioOf, say } from './figures.ts'
import type { Row } from './report.ts'
import type { BenchResult } from './result.ts'

const LIFE_SECONDS = 3600
/** Of its life a token is then ageing, in no hurry, and due for a sweep. */
const AGEING = 0.87
const VENDOR_MS = 250
const CALLERS = 50
const EVERY_MS = 4
const PAIRS = 10

interface Calls {
  readonly ms: readonly number[]
  /** Who got the token of a renewal, or waited for one. */
  readonly waited: number
}

/**
 * Callers that come while a token is ageing: before a sweep has seen it, and while a sweep renews it. None has to wait for
 * the vendor, since the token at hand is good; and each is answered as quickly as by an ordinary hit.
 */
export async function run(): Promise<BenchResult> {
  const aws = await localAws()
  const { process: processOf } = world()
  let ahead = 0
  const now = () => secondsAfter(new Date(), ahead)
  const gift = gives({ lifeSeconds: LIFE_SECONDS })
  let vendorMs = 0
  let called = () => {}
  const { vendor, connection } = fakeVendor({
    script: async (...call) => {
      called()
      await pause(vendorMs)
      return gift(...call)
    },
  })
  const options = { client: aws.dynamo, table: await aws.createTable() }
  const newProcess = () => ({
    ...processOf(),
    tokens: dynamoTokens({ ...options, envelope: kmsEnvelope(aws.kms, aws.keyId, now), onUnsealable: () => {} }),
    registry: dynamoRegistry(options),
    allowance: dynamoAllowance(options),
    now,
    sleep: (seconds: number) => pause(seconds * 1000),
  })
  const keeper = newProcess()
  const caller = newProcess()

  async function callers(from: 'table' | 'memory'): Promise<Calls> {
    const one = async () => {
      let waited = false
      const observe = async ({ kind }: Observation) => {
        waited ||= kind === 'waited'
      }
      const runtime = from === 'table' ? newProcess() : caller
      const startedAt = performance.now()
      const { source } = await vend({ connection, minTtlSeconds: 0 }, { ...runtime, observe })
      return { ms: performance.now() - startedAt, waited: waited || source === 'vendor' }
    }
    const all = []
    for (let i = 0; i < CALLERS; i++) {
      all.push(one())
      await pause(EVERY_MS)
    }
    const done = await Promise.all(all)
    return { ms: done.map(({ ms }) => ms), waited: done.filter(({ waited }) => waited).length }
  }
  const renew = async () => {
    ahead += LIFE_SECONDS * AGEING
    vendorMs = 0
    await renewDue(vendor, keeper)
    vendorMs = VENDOR_MS
    await vend({ connection, minTtlSeconds: 0 }, caller)
  }

  await vend({ connection, minTtlSeconds: 0 }, caller)
  const rows: Row[] = []
  for (const from of ['table', 'memory'] as const) {
    for (const kind of ['while a sweep renews', 'before a sweep comes'] as const) {
      say(`from the ${from}, ${kind}`)
      const pairs: { readonly hit: Calls; readonly meanwhile: Calls }[] = []
      for (let pair = 0; pair <= PAIRS; pair++) {
        await renew()
        const hit = await callers(from)
        ahead += LIFE_SECONDS * AGEING
        let sweep: Promise<unknown> | undefined
        if (kind === 'while a sweep renews') {
          const underWay = new Promise<void>((resolve) => {
            called = resolve
          })
          sweep = renewDue(vendor, keeper)
          await underWay
        }
        const meanwhile = await callers(from)
        await sweep
        if (pair > 0) pairs.push({ hit, meanwhile })
      }
      const p99 = ({ ms }: Calls) => percentile(ms, 0.99)
      const all = pairs.flatMap(({ meanwhile }) => meanwhile.ms)
      const name = `vend from the ${from}, ageing, ${kind}`
      rows.push(
        {
          case: `${name}: callers who waited for the vendor, most in ${CALLERS}`,
          value: Math.max(...pairs.map(({ meanwhile }) => meanwhile.waited)),
          unit: 'callers',
          goal: { most: 0 },
        },
        {
          case: `${name}: p99`,
          value: percentile(all, 0.99),
          unit: 'ms',
          baseline: 'an ordinary hit',
          ratio: ratioOf(pairs.map(({ hit, meanwhile }) => p99(meanwhile) / p99(hit))),
          // Microseconds from memory: there the p99 is what else the computer does.
          ...(from === 'table' && { goal: { most: 1.2 } }),
        },
      )
    }
  }
  await aws.close()
  return { name: 'during-renewal', rows }
}
