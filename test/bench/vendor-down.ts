import { dynamoAllowance } from '../../functions/aws/dynamo-allowance.ts'
import { dynamoRegistry } from '../../functions/aws/dynamo-registry.ts'
import { dynamoTokens } from '../../functions/aws/dynamo-tokens.ts'
import { kmsEnvelope } from '../../functions/aws/envelope.ts'
import { REVALIDATE_SECONDS } from '../../functions/core/memory.ts'
import { vend } from '../../functions/core/vend.ts'
import { VendingError } from '../../functions/kit/errors.ts'
import { localAws } from '../support/local-aws.ts'
import { fakeVendor, gives, refuses, type Script, world } from '../support/world.ts'
import { say } from './figures.ts'
import type { Row } from './report.ts'
import type { BenchResult } from './result.ts'

/** In virtual time. */
const SECONDS = 120
const VENDS_A_SECOND = 20

interface Trouble {
  readonly name: string
  readonly script: Script
  /** Whether it was vended before the trouble began, and that token has ended. */
  readonly vendedBefore: boolean
  readonly connection?: string
}

const unavailable = refuses('vendor_unavailable', 'the vendor does not answer')
const TROUBLES: readonly Trouble[] = [
  { name: 'the vendor is down, a token has ended', script: unavailable, vendedBefore: true },
  { name: 'the vendor is down, never vended', script: unavailable, vendedBefore: false },
  {
    ...{ name: 'the vendor refuses the credentials', vendedBefore: true },
    script: refuses('credential_rejected', 'the vendor refuses them'),
  },
  { name: 'the connection is unknown', script: gives({}), vendedBefore: false, connection: 'nobody' },
]

/** What a process asks of table, secrets and keys for each vend that can only fail, beyond one look in five seconds. */
export async function run(): Promise<BenchResult> {
  const aws = await localAws()
  const rows: Row[] = []
  for (const trouble of TROUBLES) {
    say(trouble.name)
    const counts = await callsUnder(trouble, aws)
    const vends = SECONDS * VENDS_A_SECOND
    const looks = SECONDS / REVALIDATE_SECONDS
    const all = counts.table + counts.secrets + counts.keys
    rows.push(
      {
        case: `${trouble.name}: calls of a vend, beyond a look each ${REVALIDATE_SECONDS} s`,
        value: Math.max(0, all - looks) / vends,
        unit: 'calls',
        goal: { most: 0.05 },
      },
      { case: `${trouble.name}: of the table, all`, value: counts.table / vends, unit: 'calls' },
      { case: `${trouble.name}: of secrets, all`, value: counts.secrets / vends, unit: 'calls' },
      { case: `${trouble.name}: of keys, all`, value: counts.keys / vends, unit: 'calls' },
    )
  }
  await aws.close()
  return { name: 'vendor-down', rows }
}

async function callsUnder(trouble: Trouble, aws: Awaited<ReturnType<typeof localAws>>) {
  const { clock, secrets, process } = world()
  const options = { client: aws.dynamo, table: await aws.createTable() }
  const { vendor, connection, will } = fakeVendor()
  const envelope = kmsEnvelope(aws.kms, aws.keyId, clock.now)
  const runtime = {
    ...process(),
    tokens: dynamoTokens({ ...options, envelope, onUnsealable: () => {} }),
    registry: dynamoRegistry(options),
    allowance: dynamoAllowance(options),
  }
  const place = trouble.connection === undefined ? connection : { vendor, name: trouble.connection }
  const request = { connection: place, minTtlSeconds: 0 }
  if (trouble.vendedBefore) {
    await vend(request, runtime)
    clock.advance(24 * 3600)
  }
  will(trouble.script)
  const so = (prefix: string) =>
    Object.entries(aws.calls()).reduce((sum, [name, n]) => sum + (name.startsWith(prefix) ? n : 0), 0)
  const before = { table: so('DynamoDB_'), keys: so('TrentService.'), secrets: secrets.reads() }
  const startedAt = clock.now().getTime()
  for (let i = 0; i < SECONDS * VENDS_A_SECOND; i++) {
    const code = await vend(request, runtime).then(
      () => 'a token',
      (error: unknown) => (error instanceof VendingError ? error.code : 'a fault of ours'),
    )
    if (code === 'a token' || code === 'a fault of ours') throw new Error(`${trouble.name}, and a vend gave ${code}`)
    const due = startedAt + (i + 1) * (1000 / VENDS_A_SECOND)
    clock.advance(Math.max(0, due - clock.now().getTime()) / 1000)
  }
  return {
    table: so('DynamoDB_') - before.table,
    keys: so('TrentService.') - before.keys,
    secrets: secrets.reads() - before.secrets,
  }
}
