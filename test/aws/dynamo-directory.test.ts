import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { dynamoDirectory } from '../../functions/aws/dynamo-directory.ts'
import { dynamoRegistry } from '../../functions/aws/dynamo-registry.ts'
import { dynamoTokens } from '../../functions/aws/dynamo-tokens.ts'
import { kmsEnvelope } from '../../functions/aws/envelope.ts'
import { directoryContract } from '../contracts/directory.ts'
import { acme, hq, mnemo, now } from '../contracts/vendors.ts'
import { leavingUnread, withShortPages } from '../support/interference.ts'
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
    directory: dynamoDirectory({ client, table }),
    registry: dynamoRegistry({ client: aws.dynamo, table }),
    tokens: dynamoTokens({ client: aws.dynamo, table, envelope, onUnsealable: () => {} }),
  }
}

directoryContract('DynamoDB', () => open(aws.dynamo))
directoryContract('DynamoDB, whose answers end early,', () => open(withShortPages(aws.dynamoClient())))

it('asks again for what a batch has left unread, and gives up when that goes on', async () => {
  const connections = ['a', 'b', 'c', 'hq'].map((name) => ({ vendor: acme, name }))
  const some = await open(leavingUnread(aws.dynamoClient(), 3))
  await some.registry.register(hq, { sweepAt: now, owner: 'ann' })
  const seen = await some.directory.glance(connections)
  expect(seen.map(({ exists, state }) => [exists, state.owner])).toEqual([
    ...[1, 2, 3].map(() => [false, undefined]),
    [true, 'ann'],
  ])
  const { directory } = await open(leavingUnread(aws.dynamoClient(), 0))
  await expect(directory.glance(connections)).rejects.toMatchObject({ code: 'store_unavailable' })
})

it('asks in batches of 100 items, strongly consistently, and for no token where none can be', async () => {
  const asked: { readonly Keys: object[]; readonly ConsistentRead: boolean; readonly ProjectionExpression: string }[] =
    []
  const client = aws.dynamoClient()
  client.middlewareStack.add(
    (next) => (args) => {
      if ('RequestItems' in args.input) asked.push(...(Object.values(args.input.RequestItems ?? {}).flat() as never[]))
      return next(args)
    },
    { step: 'initialize' },
  )
  const { directory } = await open(client)
  const named = (vendor: typeof acme, count: number) =>
    Array.from({ length: count }, (_, i) => ({ vendor, name: `site-${i}` }))
  await directory.glance(named(acme, 75))
  expect(asked.map(({ Keys, ConsistentRead }) => [Keys.length, ConsistentRead])).toEqual([
    [100, true],
    [50, true],
  ])
  for (const attribute of ['sealed', 'refreshToken', 'context'])
    expect(asked[0]?.ProjectionExpression).not.toContain(`#${attribute}`)
  asked.length = 0
  await directory.glance(named(mnemo, 75))
  expect(asked.map(({ Keys }) => Keys.length)).toEqual([75])
})

it('is out of reach when the table does not answer: that is not a vendor without connections', async () => {
  const directory = dynamoDirectory({ client: aws.dynamo, table: 'no-such-table' })
  await expect(directory.page(acme)).rejects.toMatchObject({ code: 'store_unavailable' })
  await expect(directory.glance([hq])).rejects.toMatchObject({ code: 'store_unavailable' })
})
