import { type DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb'
import { jest } from '@jest/globals'
import { shorten } from '../../../functions/api/audit.ts'
import { dynamoAllowance } from '../../../functions/aws/dynamo-allowance.ts'
import { dynamoDirectory } from '../../../functions/aws/dynamo-directory.ts'
import { dynamoRegistry } from '../../../functions/aws/dynamo-registry.ts'
import { dynamoRounds } from '../../../functions/aws/dynamo-rounds.ts'
import { dynamoTokens } from '../../../functions/aws/dynamo-tokens.ts'
import { kmsEnvelope } from '../../../functions/aws/envelope.ts'
import { REVALIDATE_SECONDS } from '../../../functions/core/memory.ts'
import { vend } from '../../../functions/core/vend.ts'
import { checkAll, continueCheck } from '../../../functions/keeper/check.ts'
import { renewDue } from '../../../functions/keeper/sweep.ts'
import { metrics, recordChecks, recordEvent, recordObservation, recordSweep } from '../../../functions/lambda/log.ts'
import { vendors } from '../../../functions/vendors.ts'
import { billOf } from '../../../lib/cost/bill.ts'
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
    secrets,
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
  await checkAll(vendor, { ...keeper, timeLeft: () => 20 })
  // As functions/lambda/task.ts does both; of a check there is nothing to go on with.
  const sweep = async () => {
    await renewDue(vendor, { ...keeper, timeLeft: () => 20 })
    await continueCheck(vendor, { ...keeper, timeLeft: () => 20 })
  }
  const empty = await callsOf(sweep)
  expect(empty).toEqual(COUNTED.emptySweep)
  // A data key lasts for two renewals of an hourly token, so two are counted.
  const sweeps: Calls[] = []
  for (let hour = 0; hour < 2; hour++) {
    clock.advance(LIFE_SECONDS * 0.85)
    sweeps.push(beyond(await callsOf(sweep), empty))
  }
  expect(calls).toHaveLength(5)
  const { keyCalls, ...others } = COUNTED.renewal
  expect(sweeps).toMatchObject([others, others])
  expect(sweeps.reduce((sum, one) => sum + one.keyCalls, 0)).toBe(2 * keyCalls)
  const nobody = await machine()
  nobody.secrets.remove('acme/hq')
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
  expect(Math.abs(bytes / COUNTED.logBytes.hit - 1)).toBeLessThan(0.1)
})

/** What the function of one vendor has counted by the end of the work, as it would write it to its log. */
function countedBy(work: () => void) {
  const quiet = [process.stdout, process.stderr].map((stream) => jest.spyOn(stream, 'write').mockReturnValue(true))
  try {
    metrics.clearMetrics()
    work()
    return metrics.serializeMetrics()
  } finally {
    metrics.clearMetrics()
    for (const stream of quiet) stream.mockRestore()
  }
}

it('in a usual month a function has data for as many metrics as the cost model says', () => {
  const { _aws } = countedBy(() => {
    const { connection } = fakeVendor()
    const event = { op: 'vend', request_id: 'r', caller: 'arn', connection: 'hq', ms: 1 } as const
    recordSweep('acme', { due: 1, renewed: 1, failed: 0, left: 0 })
    recordChecks('acme', { checked: 1, failed: 0, left: 0 })
    recordObservation('acme', { kind: 'vendor_called', connection, seconds: 1 })
    recordObservation('acme', { kind: 'waited', connection, seconds: 1 })
    for (const outcome of ['cache', 'vendor']) recordEvent('acme', { ...event, outcome })
  })
  const [directive] = _aws.CloudWatchMetrics
  expect(directive?.Metrics).toHaveLength(COUNTED.metrics)
  // One set of dimensions, the same for each vendor: with another each metric would be billed once more.
  expect(directive?.Dimensions).toEqual([['service', 'vendor']])
})

it('what a sweep writes that finds nothing is as long as the cost model says, to 10 %', () => {
  const line = countedBy(() => recordSweep('accelo', { due: 0, renewed: 0, failed: 0, left: 0 }))
  const bytes = JSON.stringify(line).length + 1
  expect(Math.abs(bytes / COUNTED.logBytes.sweep - 1)).toBeLessThan(0.1)
})

describe('the stack', () => {
  const template = machineTemplate()
  const all = (type: string) => Object.values(template.findResources(type))

  it('has as many keys, alarms, dashboards and schedules, and as much memory, as the cost model says', () => {
    const metricsOf = ({ MetricName, Metrics = [] }: { MetricName?: string; Metrics?: { MetricStat?: object }[] }) =>
      MetricName === undefined ? Metrics.filter(({ MetricStat }) => MetricStat).length : 1
    const memory = new Set(all('AWS::Lambda::Function').map(({ Properties }) => Properties.MemorySize))
    expect({
      keys: all('AWS::KMS::Key').length,
      dashboards: all('AWS::CloudWatch::Dashboard').length,
      alarmMetrics: all('AWS::CloudWatch::Alarm').reduce((sum, { Properties }) => sum + metricsOf(Properties), 0),
      schedules: all('AWS::Scheduler::Schedule').length,
      topics: all('AWS::SNS::Topic').length,
      queues: all('AWS::SQS::Queue').length,
      vendors: Object.keys(vendors).length,
      memoryMegabytes: [...memory],
    }).toEqual({ ...COUNTED.stack, memoryMegabytes: [COUNTED.stack.memoryMegabytes] })
  })

  it('keeps logs for as long as the cost model says', () => {
    const groups = Object.entries(template.findResources('AWS::Logs::LogGroup'))
    for (const [id, { Properties }] of groups)
      expect([id, Properties.RetentionInDays]).toEqual([
        id,
        COUNTED.logDays[id.includes('AccessLog') ? 'gateway' : 'functions'],
      ])
  })

  it('lets the gateway report each method by itself, which is billed, and traces and caches nothing', () => {
    const [settings] = all('AWS::ApiGateway::Stage').map(({ Properties }) => Properties.MethodSettings[0])
    expect(settings).toMatchObject({ MetricsEnabled: true, CachingEnabled: false, DataTraceEnabled: false })
    expect(all('AWS::Lambda::Function').map(({ Properties }) => Properties.TracingConfig)).toEqual(
      all('AWS::Lambda::Function').map(() => undefined),
    )
  })

  it('has nothing that is billed and has no item in the bill', () => {
    const items = billOf({ connections: 10, vends: 1_000_000, renewals: 24 }).map(({ name }) => name)
    const billed = Object.values<readonly string[]>(BILLED).flat()
    expect(billed.filter((name) => !items.includes(name))).toEqual([])
    // Secrets are made without a deploy.
    const elsewhere = ['secrets', 'secret reads']
    expect(items.filter((name) => !billed.includes(name) && !elsewhere.includes(name))).toEqual([])
    const types = new Set(
      Object.values<{ Type: string }>(
        machineTemplate({ alertEmail: 'a@example.com', chatTopic: true }).toJSON().Resources,
      ).map(({ Type }) => Type),
    )
    expect([...types].filter((type) => !(type in BILLED) && !FREE.includes(type))).toEqual([])
  })
})

/** By which items of the bill a resource is billed. */
const BILLED = {
  'AWS::ApiGateway::RestApi': ['REST API'],
  'AWS::ApiGateway::Stage': ['access log', 'gateway metrics'],
  'AWS::CloudWatch::Alarm': ['alarms'],
  'AWS::CloudWatch::Dashboard': ['dashboard'],
  'AWS::DynamoDB::Table': ['table reads', 'table writes', 'table storage', 'key calls of the table'],
  'AWS::KMS::Key': ['keys', 'key calls for tokens'],
  'AWS::Lambda::Function': ['Lambda requests', 'Lambda compute', 'function metrics'],
  'AWS::Logs::LogGroup': ['function logs', 'stored logs', 'stored access log'],
  'AWS::SNS::Topic': ['notices'],
  'AWS::SNS::Subscription': ['notices'],
  'AWS::SQS::Queue': ['dead letters'],
  'AWS::Scheduler::Schedule': ['schedules'],
}

/** What AWS bills nothing for. */
const FREE = [
  ...['Account', 'Deployment', 'GatewayResponse', 'Method', 'RequestValidator', 'Resource'].map(
    (what) => `AWS::ApiGateway::${what}`,
  ),
  ...['AWS::IAM::Policy', 'AWS::IAM::Role', 'AWS::Lambda::EventInvokeConfig', 'AWS::Lambda::Permission'],
  ...['AWS::SNS::TopicPolicy', 'AWS::SQS::QueuePolicy', 'AWS::Scheduler::ScheduleGroup'],
]
