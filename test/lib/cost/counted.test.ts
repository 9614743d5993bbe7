import { type DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb'
import { shorten } from '../../../functions/api/audit.ts'
import { dynamoAllowance } from '../../../functions/aws/dynamo-allowance.ts'
import { dynamoDirectory } from '../../../functions/aws/dynamo-directory.ts'
import { dynamoRegistry } from '../../../functions/aws/dynamo-registry.ts'
import { dynamoRounds } from '../../../functions/aws/dynamo-rounds.ts'
import { dynamoTokens } from '../../../functions/aws/dynamo-tokens.ts'
import { kmsEnvelope } from '../../../functions/aws/envelope.ts'
import { REVALIDATE_SECONDS } from '../../../functions/core/memory.ts'
import { vend } from '../../../functions/core/vend.ts'
import { checkAll } from '../../../functions/keeper/check.ts'
import { renewDue } from '../../../functions/keeper/sweep.ts'
import { vendors } from '../../../functions/vendors.ts'
import { type Calls, COUNTED } from '../../../lib/cost/counted.ts'
import { localAws } from '../../support/local-aws.ts'
import { machineTemplate } from '../../support/machine-stack.ts'
import { fakeVendor, gives, world } from '../../support/world.ts'

const LIFE_SECONDS = 3600

let aws: Awaited<ReturnType<typeof localAws>>
beforeAll(async () => {
  aws = await localAws()
})
afterAll(() => aws.close())

/** Machines on a table of their own, one process each, and what a piece of work asks of the services. */
async function machine(lifeSeconds = LIFE_SECONDS) {
  const { processFor, clock, secrets } = world()
  const units = { read: 0, write: 0 }
  const table = await aws.createTable()
  const options = { client: metered(aws.dynamoClient(), units), table }
  const fake = fakeVendor({ script: gives({ lifeSeconds, name: 'x'.repeat(999) }) })
  const process = () => ({
    ...processFor(20),
    tokens: dynamoTokens({ ...options, envelope: kmsEnvelope(aws.kms, aws.keyId, clock.now), onUnsealable: () => {} }),
    registry: dynamoRegistry(options),
    directory: dynamoDirectory(options),
    rounds: dynamoRounds(options),
    allowance: dynamoAllowance(options),
  })
  const keyCalls = () =>
    Object.entries(aws.calls()).reduce((sum, [name, n]) => sum + (name.startsWith('TrentService.') ? n : 0), 0)
  return {
    ...fake,
    clock,
    process,
    vend: (runtime: ReturnType<typeof process>) => vend({ connection: fake.connection, minTtlSeconds: 0 }, runtime),
    callsOf: async (work: () => Promise<unknown>): Promise<Calls> => {
      const before = { ...units, keys: keyCalls(), secrets: secrets.reads() }
      await work()
      return {
        readUnits: units.read - before.read,
        writeUnits: units.write - before.write,
        keyCalls: keyCalls() - before.keys,
        secretCalls: secrets.reads() - before.secrets,
      }
    },
  }
}

/** Counts units as DynamoDB bills them; the emulator leaves out what it refuses, and the index. */
function metered(client: DynamoDBClient, units: { read: number; write: number }): DynamoDBClient {
  interface Update {
    readonly TableName: string
    readonly Key: { readonly pk: { readonly S: string }; readonly sk: { readonly S: string } }
  }
  const turnOf = async ({ TableName, Key }: Update) =>
    (await aws.dynamo.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }))).Item?.sweepAt?.N
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        Object.assign(args.input, { ReturnConsumedCapacity: 'TOTAL' })
        const isWrite = commandName === 'UpdateItemCommand'
        // The cast is safe: the adapters write by updates alone, and those name table and key.
        const update = args.input as unknown as Update
        const turn = isWrite ? await turnOf(update) : undefined
        const answered = await next(args).catch((error: Error) => {
          if (error.name === 'ConditionalCheckFailedException') units.write += 1
          throw error
        })
        const { ConsumedCapacity } = answered.output as { ConsumedCapacity?: { CapacityUnits?: number } }
        // A read that finds nothing is half a unit too.
        units[isWrite ? 'write' : 'read'] += ConsumedCapacity?.CapacityUnits || 0.5
        // A turn that moves is deleted in the index and put there again.
        if (isWrite && (await turnOf(update)) !== turn) units.write += turn === undefined ? 1 : 2
        return answered
      },
    { step: 'initialize' },
  )
  return client
}

it('a vend from the table, quiet or not, asks for what the cost model says', async () => {
  const { process, clock, vend, callsOf } = await machine(24 * LIFE_SECONDS)
  const runtime = process()
  await vend(runtime)
  const other = process()
  expect(await callsOf(() => vend(other))).toEqual(COUNTED.quietVend)
  clock.advance(REVALIDATE_SECONDS - 1)
  expect(await callsOf(() => vend(other))).toEqual({ readUnits: 0, writeUnits: 0, keyCalls: 0, secretCalls: 0 })
  clock.advance(1)
  expect(await callsOf(() => vend(other))).toEqual(COUNTED.tableVend)
  clock.advance(COUNTED.seconds.openKey)
  expect(await callsOf(() => vend(other))).toEqual(COUNTED.quietVend)
  expect(REVALIDATE_SECONDS).toBe(COUNTED.seconds.copy)
})

const beyond = (calls: Calls, others: Calls): Calls => ({
  readUnits: calls.readUnits - others.readUnits,
  writeUnits: calls.writeUnits - others.writeUnits,
  keyCalls: calls.keyCalls - others.keyCalls,
  secretCalls: calls.secretCalls - others.secretCalls,
})

it('a sweep, its renewals and the daily check ask for what the cost model says', async () => {
  const { vendor, process, clock, vend, callsOf, calls } = await machine()
  const keeper = process()
  await vend(process())
  for (let hour = 0; hour < 2; hour++) {
    clock.advance(LIFE_SECONDS * 0.85)
    await renewDue(vendor, { ...keeper, timeLeft: () => 20 })
  }
  expect(calls).toHaveLength(3)
  const empty = await callsOf(() => renewDue(vendor, { ...keeper, timeLeft: () => 20 }))
  expect(empty).toEqual(COUNTED.emptySweep)
  // A data key lasts for two renewals of an hourly token, so two are counted.
  const sweeps: Calls[] = []
  for (let hour = 0; hour < 2; hour++) {
    clock.advance(LIFE_SECONDS * 0.85)
    const sweep = await callsOf(() => renewDue(vendor, { ...keeper, timeLeft: () => 20 }))
    sweeps.push(beyond(sweep, empty))
  }
  expect(calls).toHaveLength(5)
  const { keyCalls, ...others } = COUNTED.renewal
  expect(sweeps).toMatchObject([others, others])
  expect(sweeps.reduce((sum, one) => sum + one.keyCalls, 0)).toBe(2 * keyCalls)
  const nobody = await machine()
  const idle = await nobody.callsOf(() => checkAll(nobody.vendor, { ...nobody.process(), timeLeft: () => 20 }))
  const check = await callsOf(() => checkAll(vendor, { ...keeper, timeLeft: () => 20 }))
  expect(beyond(check, idle)).toEqual(COUNTED.check)
})

it('the audit line of a hit is as long as the cost model says, to 10 %', () => {
  const line = shorten(
    {
      op: 'vend',
      request_id: '6e1b1c1e-7d1b-4b7f-9a55-6b2a7e6a2f10',
      caller: 'arn:aws:sts::123456789012:assumed-role/billing-service/i-0abcd1234ef567890',
      connection: 'accelo#hq',
      outcome: 'cache',
      fingerprint: '628b49d96dcde97a',
      expires_in: 86_399,
      ms: 12,
    },
    348,
  )
  const bytes = JSON.stringify({ level: 'INFO', time: '2026-11-21T00:00:00.000Z', ...line }).length + 1
  expect(Math.abs(bytes / COUNTED.logBytes - 1)).toBeLessThan(0.1)
})

it('the stack has as many keys, alarms, dashboards and schedules as the cost model says', () => {
  const template = machineTemplate()
  const all = (type: string) => Object.values(template.findResources(type))
  const metricsOf = ({ MetricName, Metrics = [] }: { MetricName?: string; Metrics?: { MetricStat?: object }[] }) =>
    MetricName === undefined ? Metrics.filter(({ MetricStat }) => MetricStat).length : 1
  expect({
    keys: all('AWS::KMS::Key').length,
    dashboards: all('AWS::CloudWatch::Dashboard').length,
    alarmMetrics: all('AWS::CloudWatch::Alarm').reduce((sum, { Properties }) => sum + metricsOf(Properties), 0),
    schedules: all('AWS::Scheduler::Schedule').length,
    vendors: Object.keys(vendors).length,
  }).toEqual(COUNTED.stack)
})
