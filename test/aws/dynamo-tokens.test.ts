import {
  type AttributeValue,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb'
import { dynamoDirectory } from '../../functions/aws/dynamo-directory.ts'
import { dynamoRegistry } from '../../functions/aws/dynamo-registry.ts'
import { rowReader } from '../../functions/aws/dynamo-row.ts'
import { dynamoTokens } from '../../functions/aws/dynamo-tokens.ts'
import { type Envelope, kmsDataKeys, kmsEnvelope } from '../../functions/aws/envelope.ts'
import { jweEnvelope } from '../../functions/aws/jwe-envelope.ts'
import { signedCall } from '../../functions/aws/signed-call.ts'
import { signedDecrypt, signedQuery } from '../../functions/aws/signed-reads.ts'
import type { Lease, Outcome, TokenStore } from '../../functions/core/store.ts'
import { type Connection, keyOf } from '../../functions/kit/connection.ts'
import { VendingError } from '../../functions/kit/errors.ts'
import { Secret } from '../../functions/kit/secret.ts'
import { tokenStoreContract } from '../contracts/token-store.ts'
import { acme, hq, later, mnemo, now, policy } from '../contracts/vendors.ts'
import { sendingTwice, withLateWrites } from '../support/interference.ts'
import { localAws } from '../support/local-aws.ts'

let aws: Awaited<ReturnType<typeof localAws>>
beforeAll(async () => {
  aws = await localAws()
})
afterAll(() => aws.close())

const signing = {
  region: 'eu-west-1',
  credentials: { accessKeyId: 'AKIDLOCAL', secretAccessKey: 'local' },
  now: () => new Date(),
}

interface Opened {
  readonly client?: DynamoDBClient
  readonly unsealable?: string[]
  /** Instead of what KMS does. */
  readonly envelope?: Partial<Envelope>
  readonly now?: () => Date
}

const open = (
  table: string,
  { client = aws.dynamo, unsealable = [], envelope = {}, now: at }: Opened = {},
): TokenStore =>
  dynamoTokens({
    client,
    table,
    now: at,
    envelope: { ...kmsEnvelope(aws.kms, aws.keyId, () => now), ...envelope },
    onUnsealable: (key) => unsealable.push(key),
  })

tokenStoreContract('DynamoDB, read by signed calls', async () => {
  const table = await aws.createTable()
  const onUnsealable = () => {}
  const client = async (): Promise<never> => {
    throw new Error('a signed call was not enough')
  }
  const call = (service: 'dynamodb' | 'kms') =>
    signedCall({ ...signing, service, endpoint: service === 'dynamodb' ? aws.dynamoUrl : aws.url })
  const decrypt = signedDecrypt(call('kms'), aws.keyId, client)
  const { generate } = kmsDataKeys(aws.kms, aws.keyId)
  const envelope = jweEnvelope({ decrypt, generate }, () => now)
  const tokens = dynamoTokens({ client: aws.dynamo, table, envelope, onUnsealable })
  const query = signedQuery(call('dynamodb'), table, client)
  const read = rowReader({ query, envelope, onUnsealable })
  const options = { client: aws.dynamo, table }
  return { tokens: { ...tokens, read }, registry: dynamoRegistry(options), directory: dynamoDirectory(options) }
})

tokenStoreContract('DynamoDB', async () => {
  const table = await aws.createTable()
  const options = { client: aws.dynamo, table }
  return { tokens: open(table), registry: dynamoRegistry(options), directory: dynamoDirectory(options) }
})

const withoutKms = async (): Promise<never> => {
  throw new VendingError('store_unavailable', 'the key service of this machine does not answer')
}

const accessToken = {
  value: new Secret('canary-access-token'),
  issuedAt: now,
  expiresAt: later(3600.5),
  context: { since: '2026-11-21T12:00:00Z' },
}
const success = { credentialVersion: 'v1', usualSeconds: 0.2, at: now, sweepAt: later(2880) }
const failure = { code: 'vendor_unavailable', detail: 'd', count: 1, since: now, credentialVersion: 'v1' } as const

async function leased(store: TokenStore, at = 0, connection: Connection = hq): Promise<Lease> {
  const { state } = await store.read(connection)
  const lease = await store.acquire(connection, state, { policy, now: later(at), until: later(at + 15) })
  if (!lease) throw new Error('no lease')
  return lease
}

async function filled(options: Opened = {}) {
  const table = await aws.createTable()
  const unsealable: string[] = []
  const store = open(table, { unsealable, ...options })
  const lease = await leased(store)
  await store.record(lease, { refreshToken: new Secret('canary-refresh-token'), success })
  const { fence, epoch } = lease
  const cached = { accessToken, refreshAt: later(2880), fence, epoch, credentialVersion: 'v1' }
  await store.put(lease, { policy: 'table', ...cached })
  return { table, store, unsealable, lease }
}

const ofGrant = { since: now, at: later(60), until: later(86_400), stated: later(90_000) }

async function itemOf(table: string, pk: string, sk: string): Promise<Record<string, AttributeValue>> {
  const key = { pk: { S: pk }, sk: { S: sk } }
  const { Item = {} } = await aws.dynamo.send(new GetItemCommand({ TableName: table, Key: key }))
  return Item
}

describe('what the table holds', () => {
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
    const end = Math.ceil(accessToken.expiresAt.getTime() / 1000)
    expect((await itemOf(table, 'acme#hq', 'TOKEN')).ttl?.N).toBe(String(end))
    expect((await itemOf(table, 'acme#hq', 'STATE')).ttl).toBeUndefined()
  })

  it('gives the context back as it was, also what looks like a date', async () => {
    const { store } = await filled()
    expect((await store.read(hq)).token?.accessToken.context).toEqual(accessToken.context)
  })

  it('reads as before where a version of ours has not written yet what this one knows, or has written more', async () => {
    const { table, store } = await filled()
    const { state } = await store.read(hq)
    expect(state).not.toHaveProperty('grantEnd')
    const newer = { grantEnd: { S: JSON.stringify({ ...ofGrant, of: 'a later day' }) }, another: { S: 'attribute' } }
    const item = { ...(await itemOf(table, 'acme#hq', 'STATE')), ...newer }
    await aws.dynamo.send(new PutItemCommand({ TableName: table, Item: item }))
    const after = (await store.read(hq)).state
    expect(after).toMatchObject({ ...state, grantEnd: ofGrant })
    expect(after).not.toHaveProperty('another')
    expect((await leased(store, 20)).refreshToken?.reveal()).toBe('canary-refresh-token')
    expect(await itemOf(table, 'acme#hq', 'STATE')).toMatchObject(newer)
  })

  it('has the connection in the index of what is due, by vendor', async () => {
    const { table } = await filled()
    const due = async (vendor: string, until: Date) =>
      (
        await aws.dynamo.send(
          new QueryCommand({
            TableName: table,
            IndexName: 'due',
            KeyConditionExpression: 'vendor = :vendor AND sweepAt <= :until',
            ExpressionAttributeValues: { ':vendor': { S: vendor }, ':until': { N: String(until.getTime()) } },
          }),
        )
      ).Items?.map(({ pk }) => pk?.S)
    expect(await due('acme', later(2880))).toEqual(['acme#hq'])
    expect(await due('acme', later(2879))).toEqual([])
    expect(await due('apex', later(2880))).toEqual([])
  })

  it('does not open in another row, and says so', async () => {
    const { table, store, unsealable } = await filled()
    const copied = await itemOf(table, 'acme#hq', 'TOKEN')
    await aws.dynamo.send(new PutItemCommand({ TableName: table, Item: { ...copied, pk: { S: 'acme#other' } } }))
    expect((await store.read({ vendor: acme, name: 'other' })).token).toBeUndefined()
    expect(unsealable).toEqual(['acme#other'])
    expect((await store.read(hq)).token?.accessToken.value.reveal()).toBe('canary-access-token')
  })

  it.each([
    ['another fence', { fence: { N: '2' } }],
    ['another epoch', { epoch: { N: '1' } }],
    ['a changed text', { sealed: { S: 'eyJhbGciOiJkaXIifQ..AAAA.AAAA.AAAA' } }],
    ['no JWE at all', { sealed: { S: 'canary' } }],
  ])('does not open with %s', async (_, change) => {
    const { table, store, unsealable } = await filled()
    const changed = { ...(await itemOf(table, 'acme#hq', 'TOKEN')), ...change }
    await aws.dynamo.send(new PutItemCommand({ TableName: table, Item: changed }))
    expect((await store.read(hq)).token).toBeUndefined()
    expect(unsealable).toEqual(['acme#hq'])
  })

  it('does not open as an access token when it is the refresh token', async () => {
    const { table, store, unsealable } = await filled()
    const { refreshToken } = await itemOf(table, 'acme#hq', 'STATE')
    const changed = { ...(await itemOf(table, 'acme#hq', 'TOKEN')), ...(refreshToken && { sealed: refreshToken }) }
    await aws.dynamo.send(new PutItemCommand({ TableName: table, Item: changed }))
    expect((await store.read(hq)).token).toBeUndefined()
    expect(unsealable).toEqual(['acme#hq'])
  })

  it('is read in one call, and the key is fetched once for each token', async () => {
    const { table } = await filled()
    const operations: string[] = []
    const client = aws.dynamoClient()
    client.middlewareStack.add((next, { commandName = '' }) => (args) => {
      operations.push(commandName)
      return next(args)
    })
    const store = open(table, { client })
    const before = aws.calls()['TrentService.Decrypt'] ?? 0
    await store.read(hq)
    await store.read(hq)
    expect(operations).toEqual(['QueryCommand', 'QueryCommand'])
    expect((aws.calls()['TrentService.Decrypt'] ?? 0) - before).toBe(1)
  })

  it('is never read from an answer that may be out of date', async () => {
    const { table, store } = await filled()
    const { state } = await store.read(hq)
    await leased(store, 20)
    const reads: unknown[] = []
    const client = aws.dynamoClient()
    client.middlewareStack.add((next, { commandName = '' }) => (args) => {
      if (commandName !== 'UpdateItemCommand')
        reads.push([commandName, 'ConsistentRead' in args.input && args.input.ConsistentRead])
      return next(args)
    })
    const careful = open(table, { client })
    await careful.read(hq)
    await careful.acquire(hq, state, { policy, now: later(40), until: later(55) })
    expect(reads).toEqual([['QueryCommand', true]])
    // Whose lease it is, is read when the write for it was refused, and may have been refused by itself.
    const twice = open(table, { client: sendingTwice(client) })
    await twice.acquire(hq, state, { policy, now: later(40), until: later(55) })
    expect(reads).toEqual([
      ['QueryCommand', true],
      ['GetItemCommand', true],
    ])
  })

  it('is not opened once it has ended: its value is nobody’s any more, its name and its end are known', async () => {
    const { table, lease } = await filled()
    const { expiresAt, value } = accessToken
    const before = new Date(expiresAt.getTime() - 1)
    const decrypts = () => aws.calls()['TrentService.Decrypt'] ?? 0
    const at = decrypts()
    const ended = (await open(table, { now: () => expiresAt }).read(hq)).token
    expect(decrypts()).toBe(at)
    expect([ended?.accessToken.expiresAt, ended?.fence]).toEqual([expiresAt, lease.fence])
    expect(ended?.accessToken.value.fingerprint).toBe(value.fingerprint)
    expect(() => ended?.accessToken.value.reveal()).toThrow('ended')
    expect((await open(table, { now: () => before }).read(hq)).token?.accessToken.value.reveal()).toBe(value.reveal())
    expect(decrypts()).toBe(at + 1)
  })

  it('is out of reach without the key: that is our failure, not an empty table', async () => {
    const { table } = await filled()
    const store = open(table, { envelope: kmsEnvelope(aws.kms, 'no-such-key', () => now) })
    await expect(store.read(hq)).rejects.toMatchObject({ code: 'store_unavailable' })
  })

  it('is not taken for empty when the table does not answer', async () => {
    await expect(open('no-such-table').read(hq)).rejects.toMatchObject({ code: 'store_unavailable' })
  })

  it('is not taken for changed by another when the table does not answer a write', async () => {
    const { lease } = await filled()
    const deaf = open('no-such-table')
    const writes = [
      () => deaf.noteSend(lease),
      () => deaf.record(lease, { success }),
      () => deaf.stop(hq, { kind: 'disable' }),
    ]
    for (const write of writes) await expect(write()).rejects.toMatchObject({ code: 'store_unavailable' })
  })
})

describe('a lease', () => {
  it.each<[string, Partial<Envelope>]>([
    ['open the refresh token', { open: withoutKms }],
    ['give a key to seal with', { sealer: withoutKms }],
  ])('is given back at once when KMS does not %s', async (_, envelope) => {
    const { table, store } = await filled()
    const { state: seen } = await store.read(hq)
    const lost = open(table, { envelope }).acquire(hq, seen, { policy, now: later(20), until: later(35) })
    await expect(lost).rejects.toMatchObject({ code: 'store_unavailable' })
    const { state } = await store.read(hq)
    expect([state.fence, state.lease]).toEqual([2, undefined])
    expect((await leased(store, 20)).refreshToken?.reveal()).toBe('canary-refresh-token')
  })

  it('says what failed first when it cannot be given back either', async () => {
    const { table, store } = await filled()
    const { state: seen } = await store.read(hq)
    const client = aws.dynamoClient()
    let writes = 0
    client.middlewareStack.add((next, { commandName }) => async (args) => {
      if (commandName === 'UpdateItemCommand' && writes++ > 0) throw new Error('the table is gone')
      return next(args)
    })
    const noKey = async () => {
      throw new VendingError('store_unavailable', 'no key')
    }
    const broken = open(table, { client, envelope: { open: noKey, sealer: noKey } })
    const lost = broken.acquire(hq, seen, { policy, now: later(20), until: later(35) })
    await expect(lost).rejects.toMatchObject({ message: expect.stringContaining('no key') })
  })

  it('is without a refresh token that does not open, and says so', async () => {
    const { table, store, unsealable } = await filled()
    const state = await itemOf(table, 'acme#hq', 'STATE')
    const damaged = { ...state, refreshToken: { S: 'canary' } }
    await aws.dynamo.send(new PutItemCommand({ TableName: table, Item: damaged }))
    expect((await leased(store, 20)).refreshToken).toBeUndefined()
    expect(unsealable).toEqual(['acme#hq'])
  })
})

describe('a revoke', () => {
  it.each<[string, Partial<Envelope>]>([
    ['KMS does not answer', { open: withoutKms }],
    ['the refresh token does not open', { open: async () => undefined }],
  ])('goes through although %s, and gives no refresh token out', async (_, envelope) => {
    const { table, store } = await filled()
    expect(await open(table, { envelope }).stop(hq, { kind: 'revoke' })).toEqual({ leasedUntil: expect.any(Date) })
    expect((await store.read(hq)).state.epoch).toBe(1)
    expect((await leased(store, 20)).refreshToken).toBeUndefined()
  })

  it('of a vendor whose tokens are never stored names no attribute that could hold one', async () => {
    const client = aws.dynamoClient()
    const inputs: string[] = []
    client.middlewareStack.add((next) => (args) => {
      inputs.push(JSON.stringify(args.input))
      return next(args)
    })
    await open(await aws.createTable(), { client }).stop({ vendor: mnemo, name: 'hq' }, { kind: 'revoke', failure })
    expect(inputs).toHaveLength(1)
    for (const name of ['refreshToken', 'lease', 'unconfirmedSends', 'ALL_OLD']) expect(inputs[0]).not.toContain(name)
  })
})

describe('a write whose answer was lost, and which the SDK has sent again', () => {
  /** Ids differ from run to run, and so does what is sealed. */
  const stateAfter = async (client: DynamoDBClient, act: (store: TokenStore, lease: Lease) => Promise<unknown>) => {
    const { table, store } = await filled()
    const lease = await leased(store, 20)
    await act(open(table, { client }), lease)
    const { leaseId, stopId, refreshToken, unconfirmedSends, ...item } = await itemOf(table, keyOf(hq), 'STATE')
    const present = [leaseId && leaseId.S === lease.id, stopId !== undefined, refreshToken !== undefined]
    return { item, present, sends: unconfirmedSends?.SS?.length }
  }

  const outcomes: Record<string, Outcome> = {
    success: { success },
    'success with a new refresh token': { success, refreshToken: new Secret('r2') },
    'new grant without a refresh token': { success: { ...success, newGrant: true } },
    failure: { failure },
    'failure with a new refresh token': { failure, refreshToken: new Secret('r2') },
    'failure that leaves its send unconfirmed': { failure, unconfirmed: true },
    nothing: {},
  }

  it.each(Object.entries(outcomes))('leaves the state as one write does: record of %s', async (_, outcome) => {
    const act = async (store: TokenStore, lease: Lease) => {
      await store.noteSend(lease)
      await store.record(lease, outcome)
    }
    expect(await stateAfter(sendingTwice(aws.dynamoClient()), act)).toEqual(await stateAfter(aws.dynamo, act))
  })

  it.each<[string, (store: TokenStore, lease: Lease) => Promise<unknown>]>([
    ['noteSend', (store, lease) => store.noteSend(lease)],
    ['disable', (store) => store.stop(hq, { kind: 'disable' })],
    ['revoke', (store) => store.stop(hq, { kind: 'revoke', failure })],
    ['enable', (store) => store.enable(hq)],
    ['record without a lease', (store) => store.record({ connection: hq, epoch: 0 }, { failure })],
  ])('leaves the state as one write does: %s', async (_, act) => {
    expect(await stateAfter(sendingTwice(aws.dynamoClient()), act)).toEqual(await stateAfter(aws.dynamo, act))
  })

  it('still gives the lease, records the success and puts the token', async () => {
    const { store, lease } = await filled({ client: sendingTwice(aws.dynamoClient()) })
    const { state, token } = await store.read(hq)
    expect([state.fence, lease.fence, token?.accessToken.value.reveal()]).toEqual([1, 1, 'canary-access-token'])
    const next = await leased(store, 20)
    expect(next.fence).toBe(2)
    expect(await store.noteSend(next)).toBe(1)
    expect(await store.record(next, { success })).toBe('recorded')
  })

  it.each<['enable' | 'disable', 'active' | 'disabled']>([
    ['enable', 'disabled'],
    ['disable', 'active'],
  ])('does not undo what was done between: %s', async (first, expected) => {
    const { table, store } = await filled()
    const act = (on: TokenStore, what: 'enable' | 'disable') =>
      what === 'enable' ? on.enable(hq) : on.stop(hq, { kind: 'disable' })
    const second = first === 'enable' ? 'disable' : 'enable'
    if (first === 'enable') await act(store, 'disable')
    const late = withLateWrites(aws.dynamoClient())
    await act(open(table, { client: late.client }), first)
    expect((await store.read(hq)).state.status).toBe(first === 'enable' ? 'active' : 'disabled')
    await act(store, second)
    await late.resend()
    expect((await store.read(hq)).state.status).toBe(expected)
  })

  it('says what a revoke has taken when its first answer was lost, and counts it once', async () => {
    const { table, store } = await filled()
    const before = (await store.read(hq)).state.epoch
    const twice = open(table, { client: sendingTwice(aws.dynamoClient()) })
    const { refreshToken } = await twice.stop(hq, { kind: 'revoke' })
    expect(refreshToken?.reveal()).toBe('canary-refresh-token')
    expect((await store.read(hq)).state.epoch).toBe(before + 1)
    expect(await twice.stop(hq, { kind: 'revoke' })).toEqual({})
  })

  it('gives no lease to one whose reading is out of date', async () => {
    const { table, store } = await filled()
    const { state } = await store.read(hq)
    await leased(store, 20)
    const twice = open(table, { client: sendingTwice(aws.dynamoClient()) })
    expect(await twice.acquire(hq, state, { policy, now: later(40), until: later(55) })).toBeUndefined()
  })
})
