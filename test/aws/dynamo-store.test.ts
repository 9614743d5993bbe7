import { GetItemCommand, PutItemCommand, QueryCommand, ScanCommand } from '@aws-sdk/client-dynamodb'
import { dynamoStore } from '../../functions/aws/dynamo-store.ts'
import { kmsEnvelope } from '../../functions/aws/envelope.ts'
import { Secret } from '../../functions/core/secret.ts'
import type { Lease, TokenStore } from '../../functions/core/store.ts'
import { secondsAfter } from '../../functions/core/token.ts'
import { tokenStoreContract } from '../contracts/token-store.ts'
import { localAws } from '../support/local-aws.ts'
import { The } from '../support/world.ts'

let aws: Awaited<ReturnType<typeof localAws>>
beforeAll(async () => {
  aws = await localAws()
})
afterAll(() => aws.close())

const open = async (table: string, unsealable: string[] = []): Promise<TokenStore> =>
  dynamoStore({
    client: aws.dynamo,
    table,
    envelope: kmsEnvelope(aws.kms, aws.keyId, () => The.now),
    onUnsealable: (key) => unsealable.push(key),
  })

tokenStoreContract('DynamoDB', async () => open(await aws.createTable()))

describe('what the table holds', () => {
  const accessToken = {
    value: new Secret('canary-access-token'),
    issuedAt: The.now,
    expiresAt: secondsAfter(The.now, 3600.5),
    context: {},
  }

  async function filled(key = 'acme#hq') {
    const table = await aws.createTable()
    const unsealable: string[] = []
    const store = await open(table, unsealable)
    const lease = await leased(store, key)
    await store.commit(lease, {
      refreshToken: new Secret('canary-refresh-token'),
      credentialVersion: 'v1',
      usualSeconds: 0.2,
      now: The.now,
      dueAt: secondsAfter(The.now, 2880),
    })
    const { fence, epoch } = lease
    await store.put(lease, {
      keep: 'table',
      accessToken,
      refreshAt: secondsAfter(The.now, 2880),
      fence,
      epoch,
      credentialVersion: 'v1',
    })
    return { table, store, unsealable }
  }

  async function leased(store: TokenStore, key: string): Promise<Lease> {
    const { state } = await store.read(key)
    const lease = await store.acquire(key, state, { now: The.now, until: secondsAfter(The.now, 15) })
    if (!lease) throw new Error('no lease')
    return lease
  }

  const item = async (table: string, pk: string, sk: string) =>
    (await aws.dynamo.send(new GetItemCommand({ TableName: table, Key: { pk: { S: pk }, sk: { S: sk } } }))).Item ?? {}

  it('is sealed: neither token is in any item', async () => {
    const { table } = await filled()
    const raw = JSON.stringify(await aws.dynamo.send(new ScanCommand({ TableName: table })))
    for (const token of ['canary-access-token', 'canary-refresh-token']) {
      expect(raw).not.toContain(token)
      expect(raw).not.toContain(Buffer.from(token).toString('base64').slice(0, 20))
    }
  })

  it('gives the token a ttl in whole seconds, not before its end, and the state none', async () => {
    const { table } = await filled()
    expect((await item(table, 'acme#hq', 'TOKEN')).ttl?.N).toBe(
      String(Math.ceil(accessToken.expiresAt.getTime() / 1000)),
    )
    expect((await item(table, 'acme#hq', 'STATE')).ttl).toBeUndefined()
  })

  it('lists the connection in the index of what is due, by vendor', async () => {
    const { table } = await filled()
    const due = async (vendor: string, before: Date) =>
      (
        await aws.dynamo.send(
          new QueryCommand({
            TableName: table,
            IndexName: 'due',
            KeyConditionExpression: 'vendor = :vendor AND dueAt <= :before',
            ExpressionAttributeValues: { ':vendor': { S: vendor }, ':before': { N: String(before.getTime()) } },
          }),
        )
      ).Items?.map(({ pk }) => pk?.S)
    expect(await due('acme', secondsAfter(The.now, 2880))).toEqual(['acme#hq'])
    expect(await due('acme', secondsAfter(The.now, 2879))).toEqual([])
    expect(await due('apex', secondsAfter(The.now, 2880))).toEqual([])
  })

  it('does not open in another row, and says so', async () => {
    const { table, store, unsealable } = await filled()
    const copied = await item(table, 'acme#hq', 'TOKEN')
    await aws.dynamo.send(new PutItemCommand({ TableName: table, Item: { ...copied, pk: { S: 'acme#other' } } }))
    expect((await store.read('acme#other')).token).toBeUndefined()
    expect(unsealable).toEqual(['acme#other'])
    expect((await store.read('acme#hq')).token?.accessToken.value.reveal()).toBe('canary-access-token')
  })

  it.each([
    ['another fence', { fence: { N: '2' } }],
    ['another epoch', { epoch: { N: '1' } }],
    ['a changed text', { sealed: { S: 'eyJhbGciOiJkaXIifQ..AAAA.AAAA.AAAA' } }],
    ['no JWE at all', { sealed: { S: 'canary' } }],
  ])('does not open with %s', async (_, change) => {
    const { table, store, unsealable } = await filled()
    const changed = { ...(await item(table, 'acme#hq', 'TOKEN')), ...change }
    await aws.dynamo.send(new PutItemCommand({ TableName: table, Item: changed }))
    expect((await store.read('acme#hq')).token).toBeUndefined()
    expect(unsealable).toEqual(['acme#hq'])
  })

  it('does not open as an access token when it is the refresh token', async () => {
    const { table, store, unsealable } = await filled()
    const { refreshToken } = await item(table, 'acme#hq', 'STATE')
    const changed = { ...(await item(table, 'acme#hq', 'TOKEN')), ...(refreshToken && { sealed: refreshToken }) }
    await aws.dynamo.send(new PutItemCommand({ TableName: table, Item: changed }))
    expect((await store.read('acme#hq')).token).toBeUndefined()
    expect(unsealable).toEqual(['acme#hq'])
  })

  it('is read in one call, and the key is fetched once for each token', async () => {
    const { table } = await filled()
    const store = await open(table)
    const before = aws.calls()
    await store.read('acme#hq')
    await store.read('acme#hq')
    const after = aws.calls()
    const made = (operation: string) => (after[operation] ?? 0) - (before[operation] ?? 0)
    expect(made('DynamoDB_20120810.Query')).toBe(2)
    expect(made('TrentService.Decrypt')).toBe(1)
  })

  it('is out of reach without the key: that is our failure, not an empty table', async () => {
    const { table } = await filled()
    const store = dynamoStore({
      client: aws.dynamo,
      table,
      envelope: kmsEnvelope(aws.kms, 'no-such-key', () => The.now),
      onUnsealable: () => {},
    })
    await expect(store.read('acme#hq')).rejects.toMatchObject({ code: 'store_unavailable' })
  })

  it('is not taken for empty when the table does not answer', async () => {
    const store = await open('no-such-table')
    await expect(store.read('acme#hq')).rejects.toMatchObject({ code: 'store_unavailable' })
  })
})
