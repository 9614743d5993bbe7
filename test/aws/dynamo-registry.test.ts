import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { dynamoDirectory } from '../../functions/aws/dynamo-directory.ts'
import { dynamoRegistry } from '../../functions/aws/dynamo-registry.ts'
import { dynamoTokens } from '../../functions/aws/dynamo-tokens.ts'
import { kmsEnvelope } from '../../functions/aws/envelope.ts'
import { registryContract } from '../contracts/registry.ts'
import { acme, later, now } from '../contracts/vendors.ts'
import { sendingTwice, withShortPages } from '../support/interference.ts'
import { localAws } from '../support/local-aws.ts'

let aws: Awaited<ReturnType<typeof localAws>>
beforeAll(async () => {
  aws = await localAws()
})
afterAll(() => aws.close())

async function open(client: DynamoDBClient) {
  const table = await aws.createTable()
  const envelope = kmsEnvelope(aws.kms, aws.keyId, () => now)
  return {
    registry: dynamoRegistry({ client, table }),
    directory: dynamoDirectory({ client, table }),
    tokens: dynamoTokens({ client, table, envelope, onUnsealable: () => {} }),
  }
}

registryContract('DynamoDB', () => open(aws.dynamo))
registryContract('DynamoDB, where every write is sent twice,', () => open(sendingTwice(aws.dynamoClient())))

it('goes through all pages of the index, and no further than asked for', async () => {
  const { registry } = await open(withShortPages(aws.dynamoClient()))
  const connections = ['e', 'a', 'd', 'b', 'c'].map((name) => ({ vendor: acme, name }))
  for (const [i, connection] of connections.entries()) await registry.register(connection, { sweepAt: later(i) })
  expect(await registry.due(acme, later(10), 10)).toEqual(connections)
  expect(await registry.due(acme, later(10), 3)).toEqual(connections.slice(0, 3))
})

it('is out of reach when the table does not answer: that is not a vendor without connections', async () => {
  const registry = dynamoRegistry({ client: aws.dynamo, table: 'no-such-table' })
  await expect(registry.due(acme, now, 10)).rejects.toMatchObject({ code: 'store_unavailable' })
})
