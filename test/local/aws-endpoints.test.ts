import { connect } from 'node:net'
import {
  ConditionalCheckFailedException,
  CreateTableCommand,
  DynamoDBClient,
  GetItemCommand,
  ListTablesCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb'
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge'
import { CreateTopicCommand, ListTopicsCommand, PublishCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns'
import { followTable } from '../../functions/aws/table-clock.ts'
import { tableClock } from '../../functions/kit/time.ts'
import { type AwsEndpoints, startAwsEndpoints } from '../../lib/local/aws-endpoints.ts'
import { machineClock } from '../../lib/local/clock.ts'
import type { BusEvent } from '../../lib/local/event-bus.ts'
import type { Notice } from '../../lib/local/sns.ts'

const credentials = { accessKeyId: 'a', secretAccessKey: 'b' }
const account = { region: 'us-east-1', accountId: '123456789012' }
const now = new Date('2026-11-20T12:00:00Z')
const noticed: Notice[] = []
const heard: BusEvent[] = []
let aws: AwsEndpoints
let dynamo: DynamoDBClient
let mail: SNSClient
let bus: EventBridgeClient

beforeEach(async () => {
  noticed.length = 0
  heard.length = 0
  aws = await startAwsEndpoints({
    ...account,
    port: 0,
    now: () => now,
    onNotice: (notice) => noticed.push(notice),
    onEvent: (event) => heard.push(event),
  })
  const client = { endpoint: aws.url, region: account.region, credentials }
  // The SDK repeats what is refused by a server whose clock is far from its own, as the machine's is here.
  dynamo = new DynamoDBClient({ ...client, maxAttempts: 1 })
  mail = new SNSClient(client)
  bus = new EventBridgeClient(client)
})

afterEach(async () => {
  dynamo.destroy()
  mail.destroy()
  bus.destroy()
  await aws.close()
})

const post = (target: string, body: string) =>
  fetch(aws.url, { method: 'POST', headers: { 'x-amz-target': target }, body })

describe('DynamoDB', () => {
  const TableName = 'connections'
  const createTable = () =>
    dynamo.send(
      new CreateTableCommand({
        TableName,
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
        BillingMode: 'PAY_PER_REQUEST',
      }),
    )

  it('stores items and honours conditions', async () => {
    await createTable()
    const put = { TableName, Item: { pk: { S: 'accelo#hq' } }, ConditionExpression: 'attribute_not_exists(pk)' }
    await dynamo.send(new PutItemCommand(put))
    await expect(dynamo.send(new PutItemCommand(put))).rejects.toBeInstanceOf(ConditionalCheckFailedException)
    const read = await dynamo.send(new GetItemCommand({ TableName, Key: { pk: { S: 'accelo#hq' } } }))
    expect(read.Item).toEqual({ pk: { S: 'accelo#hq' } })
    expect(aws.calls()).toEqual({
      'DynamoDB_20120810.CreateTable': 1,
      'DynamoDB_20120810.PutItem': 2,
      'DynamoDB_20120810.GetItem': 1,
    })
  })

  it('dates what it answers by the machine’s clock, refusals too', async () => {
    const dates: (string | null)[] = []
    for (const [operation, body] of [
      ['ListTables', '{}'],
      ['GetItem', '{'],
    ])
      dates.push((await post(`DynamoDB_20120810.${operation}`, `${body}`)).headers.get('date'))
    expect(dates).toEqual(['Fri, 20 Nov 2026 12:00:00 GMT', 'Fri, 20 Nov 2026 12:00:00 GMT'])
  })

  it('leaves a function that learns the time from it in the machine’s, however far ahead that was moved', async () => {
    const machine = machineClock()
    machine.advance(30 * 24 * 3600 * 1000)
    const other = await startAwsEndpoints({ ...account, port: 0, now: machine.now })
    const client = new DynamoDBClient({ ...account, endpoint: other.url, credentials, maxAttempts: 1 })
    const clock = tableClock(machine.now)
    followTable(client, clock, machine.now)
    await client.send(new ListTablesCommand({}))
    expect(Math.abs(clock.now().getTime() - machine.now().getTime())).toBeLessThanOrEqual(1000)
    client.destroy()
    await other.close()
  })

  it('goes on after a client that left in the middle of its request', async () => {
    await new Promise<void>((resolve) => {
      const socket = connect(Number(new URL(aws.url).port), '127.0.0.1')
      const head =
        'POST / HTTP/1.1\r\nhost: local\r\nx-amz-target: DynamoDB_20120810.GetItem\r\ncontent-length: 99\r\n\r\n{'
      socket.write(head, () => socket.resetAndDestroy())
      socket.on('close', () => resolve())
    })
    await createTable()
    expect(aws.calls()).toMatchObject({ 'DynamoDB_20120810.CreateTable': 1 })
  })
})

describe('SNS', () => {
  it('passes a published message on and remembers it', async () => {
    const { TopicArn } = await mail.send(new CreateTopicCommand({ Name: 'notices' }))
    expect(TopicArn).toBe('arn:aws:sns:us-east-1:123456789012:notices')
    const Message = 'renew <iobeya#main> & tell "Ann"\nbefore 1 März'
    const { MessageId } = await mail.send(new PublishCommand({ TopicArn, Subject: 'A token ends soon', Message }))
    const notice = { id: MessageId, topicArn: TopicArn, subject: 'A token ends soon', message: Message, attributes: {} }
    expect(noticed).toEqual([notice])
    expect(aws.messages).toEqual([notice])
  })

  it('hears what subscribers may filter by', async () => {
    const { TopicArn } = await mail.send(new CreateTopicCommand({ Name: 'notices' }))
    const MessageAttributes = {
      kind: { DataType: 'String', StringValue: 'expiring & <more>' },
      days: { DataType: 'Number', StringValue: '30' },
      seal: { DataType: 'Binary', BinaryValue: Buffer.from('x') },
    }
    await mail.send(new PublishCommand({ TopicArn, Message: 'm', MessageAttributes }))
    expect(noticed.map(({ attributes }) => attributes)).toEqual([{ kind: 'expiring & <more>', days: '30' }])
  })

  it.each([
    [{ DataType: 'String', StringValue: '' }, /must contain non-empty message attribute value/],
    [{ DataType: 'String' }, /must contain non-empty message attribute value/],
    [{ DataType: 'Text', StringValue: 'x' }, /invalid message attribute type/],
  ])('refuses all of a message with the attribute %j', async (owner, reason) => {
    const { TopicArn } = await mail.send(new CreateTopicCommand({ Name: 'notices' }))
    const publish = new PublishCommand({ TopicArn, Message: 'm', MessageAttributes: { owner } })
    await expect(mail.send(publish)).rejects.toMatchObject({
      name: 'InvalidParameterValueException',
      message: expect.stringMatching(reason),
    })
    expect(aws.messages).toEqual([])
  })

  it('creates a topic once and lists it', async () => {
    const { Topics: none = [] } = await mail.send(new ListTopicsCommand({}))
    expect(none).toEqual([])
    const first = await mail.send(new CreateTopicCommand({ Name: 'notices' }))
    const again = await mail.send(new CreateTopicCommand({ Name: 'notices' }))
    expect(again.TopicArn).toBe(first.TopicArn)
    const { Topics } = await mail.send(new ListTopicsCommand({}))
    expect(Topics).toEqual([{ TopicArn: first.TopicArn }])
  })

  it('gives the same subscription to the same subscriber', async () => {
    const { TopicArn } = await mail.send(new CreateTopicCommand({ Name: 'notices' }))
    const subscription = { TopicArn, Protocol: 'email', Endpoint: 'ann@example.com' }
    const first = await mail.send(new SubscribeCommand(subscription))
    expect(first.SubscriptionArn).toMatch(/^arn:aws:sns:us-east-1:123456789012:notices:[0-9a-f-]{36}$/)
    const again = await mail.send(new SubscribeCommand(subscription))
    expect(again.SubscriptionArn).toBe(first.SubscriptionArn)
  })

  it('refuses an unknown topic, an empty message and a subject that is no mail header', async () => {
    const { TopicArn } = await mail.send(new CreateTopicCommand({ Name: 'notices' }))
    const publish = (change: object) => mail.send(new PublishCommand({ TopicArn, Message: 'm', ...change }))
    const elsewhere = { TopicArn: `${TopicArn}-2` }
    await expect(publish(elsewhere)).rejects.toMatchObject({
      name: 'NotFoundException',
      message: 'Topic does not exist',
    })
    await expect(publish({ Message: '' })).rejects.toMatchObject({ message: 'Invalid parameter: Empty message' })
    for (const Subject of ['two\nlines', 'ends on 1 März', 'x'.repeat(101)]) {
      await expect(publish({ Subject })).rejects.toMatchObject({
        name: 'InvalidParameterException',
        message: 'Invalid parameter: Subject',
      })
    }
    expect(aws.messages).toEqual([])
  })
})

describe('EventBridge', () => {
  const event = { Source: 'vendomat', DetailType: 'Credential Expiring', Detail: '{"vendor":"iobeya","days_left":30}' }
  const put = (...Entries: object[]) => bus.send(new PutEventsCommand({ Entries }))

  it('passes an event on and remembers it', async () => {
    const { FailedEntryCount, Entries = [] } = await put(event, { ...event, Time: new Date('2026-11-19T12:00:00Z') })
    expect(FailedEntryCount).toBe(0)
    const common = {
      source: 'vendomat',
      detailType: 'Credential Expiring',
      detail: { vendor: 'iobeya', days_left: 30 },
    }
    expect(heard).toEqual([
      { ...common, id: Entries[0]?.EventId, time: now },
      { ...common, id: Entries[1]?.EventId, time: new Date('2026-11-19T12:00:00Z') },
    ])
    expect(aws.events).toEqual(heard)
    expect(aws.calls()).toEqual({ 'AWSEvents.PutEvents': 1 })
  })

  it.each([
    [{ Source: undefined }, 'InvalidArgument', 'Source is a required argument'],
    [{ DetailType: '' }, 'InvalidArgument', 'DetailType is a required argument'],
    [{ Detail: undefined }, 'InvalidArgument', 'Detail is a required argument'],
    [{ DetailType: 'x'.repeat(129) }, 'InvalidArgument', '128'],
    [{ Detail: '{' }, 'MalformedDetail', 'Detail is malformed'],
    [{ Detail: '[]' }, 'MalformedDetail', 'Detail is malformed'],
    [{ Source: 'aws.ec2' }, 'NotAuthorizedForSourceException', 'source'],
  ])('refuses the entry with %j and takes the one beside it', async (change, ErrorCode, reason) => {
    const answer = await put({ ...event, ...change }, event)
    expect(answer.FailedEntryCount).toBe(1)
    expect(answer.Entries).toEqual([
      { ErrorCode, ErrorMessage: expect.stringContaining(reason) },
      { EventId: aws.events[0]?.id },
    ])
    expect(aws.events.length).toBe(1)
  })

  it('takes ten events and no more, and 256 KB and no more', async () => {
    expect((await put(...Array(10).fill(event))).FailedEntryCount).toBe(0)
    await expect(put(...Array(11).fill(event))).rejects.toMatchObject({ name: 'ValidationException' })
    await expect(put()).rejects.toMatchObject({ name: 'ValidationException' })
    const filled = (bytes: number) => ({ ...event, Detail: `{"a":"${'x'.repeat(bytes)}"}` })
    const room = 256 * 1024 - 'vendomat'.length - 'Credential Expiring'.length - '{"a":""}'.length
    expect((await put(filled(room))).FailedEntryCount).toBe(0)
    await expect(put(filled(room + 1))).rejects.toMatchObject({ name: 'ValidationException' })
  })
})

describe('the router', () => {
  it('counts calls by operation, refused ones too', async () => {
    await post('secretsmanager.GetSecretValue', '{"SecretId":"none"}')
    await post('secretsmanager.GetSecretValue', '{"SecretId":"none"}')
    await mail.send(new ListTopicsCommand({}))
    expect(aws.calls()).toEqual({ 'secretsmanager.GetSecretValue': 2, 'sns.ListTopics': 1 })
  })

  it.each(['secretsmanager.RotateSecret', 'TrentService.Sign', 'AWSEvents.PutRule', 'TrentService.constructor'])(
    'refuses the operation %s, which it does not have',
    async (target) => {
      const answer = await post(target, '{}')
      expect(answer.status).toBe(400)
      expect(answer.headers.get('x-amzn-errortype')).toBe('UnknownOperationException')
      expect(await answer.json()).toMatchObject({ __type: 'UnknownOperationException' })
    },
  )

  it('refuses an SNS action it does not have', async () => {
    const answer = await fetch(aws.url, { method: 'POST', body: new URLSearchParams({ Action: 'DeleteTopic' }) })
    expect(answer.status).toBe(400)
    expect(await answer.text()).toContain('<Code>UnknownOperationException</Code>')
  })

  it('refuses a body that is not JSON and input that lacks a member', async () => {
    expect(await (await post('secretsmanager.GetSecretValue', '{')).json()).toMatchObject({
      __type: 'SerializationException',
    })
    expect(await (await post('secretsmanager.GetSecretValue', '{}')).json()).toMatchObject({
      __type: 'ValidationException',
    })
  })

  it('keeps nothing from one start to the next', async () => {
    await mail.send(new CreateTopicCommand({ Name: 'notices' }))
    const other = await startAwsEndpoints({ ...account, port: 0 })
    const answer = await fetch(other.url, { method: 'POST', body: new URLSearchParams({ Action: 'ListTopics' }) })
    expect(await answer.text()).not.toContain('notices')
    await other.close()
  })

  it('refuses to start on a port that is taken', async () => {
    const port = Number(new URL(aws.url).port)
    await expect(startAwsEndpoints({ ...account, port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })
})
