import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { dynamoRegistry } from '../../functions/aws/dynamo-registry.ts'
import { dynamoTokens } from '../../functions/aws/dynamo-tokens.ts'
import { kmsEnvelope } from '../../functions/aws/envelope.ts'
import { renewDue } from '../../functions/keeper/sweep.ts'
import { NEVER } from '../../functions/kit/time.ts'
import type { localAws } from './local-aws.ts'
import { fakeVendor, world } from './world.ts'

export interface Reads {
  readonly queries: number
  readonly items: number
}

/** What one sweep reads of a table with so many connections, ten of which are due: calls, and the items they returned. */
export async function readsOfSweep(aws: Awaited<ReturnType<typeof localAws>>, connections: number): Promise<Reads> {
  const reads = { queries: 0, items: 0 }
  const options = { client: counting(aws.dynamo, reads), table: await aws.createTable() }
  const { vendor } = fakeVendor()
  const { processFor, secrets, clock } = world()
  const registry = dynamoRegistry(options)
  const envelope = kmsEnvelope(aws.kms, aws.keyId, clock.now)
  const tokens = dynamoTokens({ ...options, envelope, onUnsealable: () => {} })
  for (let from = 0; from < connections; from += 100) {
    await Promise.all(
      Array.from({ length: Math.min(100, connections - from) }, (_, i) => {
        const name = `site-${from + i}`
        secrets.replace(`acme/${name}`, { password: name })
        return registry.register({ vendor, name }, { sweepAt: from + i < 10 ? clock.now() : NEVER })
      }),
    )
  }
  Object.assign(reads, { queries: 0, items: 0 })
  const sweep = await renewDue(vendor, { ...processFor(20), tokens, registry })
  if (sweep.renewed !== 10) throw new Error(`10 were due, ${sweep.renewed} were renewed`)
  return reads
}

/** The client itself, and what it reads. */
function counting(client: DynamoDBClient, reads: { queries: number; items: number }): DynamoDBClient {
  return new Proxy(client, {
    get: (target, name) => {
      if (name !== 'send') return Reflect.get(target, name)
      // As the store calls it: a command alone, of whichever kind.
      return async (command: Parameters<DynamoDBClient['send']>[0]) => {
        const output = await target.send(command)
        if ('Items' in output || 'Item' in output) {
          reads.queries += 1
          reads.items += 'Items' in output ? (output.Items?.length ?? 0) : 1
        }
        return output
      }
    },
  })
}
