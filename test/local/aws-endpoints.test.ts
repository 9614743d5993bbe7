import { connect } from 'node:net'
import {
  ConditionalCheckFailedException,
  CreateTableCommand,
  DynamoDBClient,
  GetItemCommand,
  ListTablesCommand,
  PutItemCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb'
import { EventBridgeClient, ListRulesCommand, PutEventsCommand } from '@aws-sdk/client-eventbridge'
import {
  CreateTopicCommand,
  ListSubscriptionsByTopicCommand,
  ListSubscriptionsCommand,
  ListTopicsCommand,
  PublishCommand,
  SNSClient,
  SubscribeCommand,
} from '@aws-sdk/client-sns'
import { followTable } from '../../functions/aws/table-clock.ts'
import { tableClock } from '../../functions/kit/time.ts'
import { type AwsEndpoints, startAwsEndpoints } from '../../lib/local/aws-endpoints.ts'
import { machineClock } from '../../lib/local/clock.ts'
import type { BusEvent } from '../../lib/local/event-bus.ts'
import type { FunctionPool } from '../../lib/local/function-pool.ts'
import type { Notice } from '../../lib/local/sns.ts'
import { jsonOf } from './json.ts'

const credentials = { accessKeyId: 'a', secretAccessKey: 'b' }
const account = { region: 'us-east-1', accountId: '123456789012' }
const now = new Date('2026-11-20T12:00:00Z')
const noticed: Notice[] = []
const heard: BusEvent[] = []
/** What was invoked: the function's name, the event and the call's id. */
const invoked: (readonly [string, unknown, string])[] = []
let aws: AwsEndpoints
let dynamo: DynamoDBClient
let mail: SNSClient
let bus: EventBridgeClient

beforeEach(async () => {
  noticed.length = 0
  heard.length = 0
  invoked.length = 0
  aws = await startAwsEndpoints({
    ...account,
    port: 0,
    now: () => now,
    onNotice: (notice) => noticed.push(notice),
    onEvent: (event) => heard.push(event),
    functions: new Map([functionThat('vendomat-accelo', { checked: 1 }), functionThat('vendomat-broken', undefined)]),
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

const post = (target: string, body: string, headers = {}) =>
  fetch(aws.url, { method: 'POST', headers: { authorization: 'signed', 'x-amz-target': target, ...headers }, body })

/** What a client of the service sends beside what it asks; nobody checks the signature. */
const signedFor = (service: string) => ({
  authorization: `AWS4-HMAC-SHA256 Credential=a/20261120/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0`,
})
const form = (service: string, Action: string, more = {}) =>
  fetch(aws.url, { method: 'POST', headers: signedFor(service), body: new URLSearchParams({ Action, ...more }) })

function functionThat(name: string, answers: unknown): [string, { invoke: FunctionPool['invoke']; logFile: string }] {
  const invoke: FunctionPool['invoke'] = async (event, requestId) => {
    invoked.push([name, event, requestId])
    return answers
  }
  return [name, { invoke, logFile: `logs/${name}.log` }]
}

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

  it('lists who is subscribed, to all topics or to one', async () => {
    const arns: (string | undefined)[] = []
    for (const Name of ['notices', 'chat']) {
      const { TopicArn } = await mail.send(new CreateTopicCommand({ Name }))
      await mail.send(new SubscribeCommand({ TopicArn, Protocol: 'email', Endpoint: `${Name}@example.com` }))
      arns.push(TopicArn)
    }
    const { Subscriptions = [] } = await mail.send(new ListSubscriptionsCommand({}))
    expect(Subscriptions.map(({ Endpoint }) => Endpoint)).toEqual(['notices@example.com', 'chat@example.com'])
    expect(Subscriptions[0]).toMatchObject({ Protocol: 'email', Owner: account.accountId, TopicArn: arns[0] })
    const ofChat = await mail.send(new ListSubscriptionsByTopicCommand({ TopicArn: arns[1] }))
    expect(ofChat.Subscriptions).toEqual(Subscriptions.slice(1))
    const elsewhere = new ListSubscriptionsByTopicCommand({ TopicArn: `${arns[1]}-2` })
    await expect(mail.send(elsewhere)).rejects.toMatchObject({ name: 'NotFoundException' })
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

  it('has no rules on its bus, and no other bus', async () => {
    expect((await bus.send(new ListRulesCommand({}))).Rules).toEqual([])
    expect((await bus.send(new ListRulesCommand({ EventBusName: 'default' }))).Rules).toEqual([])
    await expect(bus.send(new ListRulesCommand({ EventBusName: 'mine' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    })
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

describe('STS', () => {
  it('says who calls', async () => {
    const answer = await form('sts', 'GetCallerIdentity', { Version: '2011-06-15' })
    expect(answer.headers.get('content-type')).toBe('text/xml')
    const result =
      '<Arn>arn:aws:iam::123456789012:user/laptop</Arn><UserId>AIDALAPTOP</UserId><Account>123456789012</Account>'
    expect(await answer.text()).toContain(
      `<GetCallerIdentityResponse><GetCallerIdentityResult>${result}</GetCallerIdentityResult><ResponseMetadata>`,
    )
    expect(aws.calls()).toEqual({ 'sts.GetCallerIdentity': 1 })
  })
})

describe('Lambda', () => {
  const invoke = (name: string, body: string, headers = {}) =>
    fetch(`${aws.url}/2015-03-31/functions/${name}/invocations`, {
      method: 'POST',
      headers: { ...signedFor('lambda'), ...headers },
      body,
    })

  it.each([
    'vendomat-accelo',
    'vendomat-accelo:$LATEST',
    'arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Avendomat-accelo',
    '123456789012:function:vendomat-accelo',
  ])('runs %s and answers what it answers', async (name) => {
    const answer = await invoke(name, '{"task":"check"}')
    expect([answer.status, await answer.json()]).toEqual([200, { checked: 1 }])
    expect(answer.headers.get('x-amz-function-error')).toBeNull()
    expect(answer.headers.get('x-amz-executed-version')).toBe('$LATEST')
    expect(invoked).toEqual([['vendomat-accelo', { task: 'check' }, answer.headers.get('x-amzn-requestid')]])
    expect(aws.calls()).toEqual({ 'lambda.Invoke': 1 })
  })

  it('takes an event and answers at once, and of a dry run runs nothing', async () => {
    const dry = await invoke('vendomat-accelo', '', { 'x-amz-invocation-type': 'DryRun' })
    expect([dry.status, await dry.text(), invoked.length]).toEqual([204, '', 0])
    const event = await invoke('vendomat-accelo', '', { 'x-amz-invocation-type': 'Event' })
    expect([event.status, await event.text()]).toEqual([202, ''])
    expect(invoked.map(([, given]) => given)).toEqual([{}])
  })

  it('says of one that failed where its log is', async () => {
    const answer = await invoke('vendomat-broken', '{}')
    expect([answer.status, answer.headers.get('x-amz-function-error')]).toEqual([200, 'Unhandled'])
    expect(await answer.json()).toEqual({
      errorType: 'Error',
      errorMessage: 'the function failed; its log is logs/vendomat-broken.log',
    })
  })

  it.each([
    ['nobody', '{}', {}, 404, 'ResourceNotFoundException', /function:nobody\. There are vendomat-accelo, vendomat-/],
    ['vendomat-accelo', '{', {}, 400, 'InvalidRequestContentException', /json/],
    ['vendomat-accelo', '{}', { 'x-amz-invocation-type': 'Soon' }, 400, 'InvalidParameterValueException', /Soon/],
  ])('refuses to invoke %s with %s and %j', async (name, body, headers, status, errorType, message) => {
    const answer = await invoke(name, body, headers)
    expect([answer.status, answer.headers.get('x-amzn-errortype')]).toEqual([status, errorType])
    expect(await answer.json()).toEqual({ message: expect.stringMatching(message) })
    expect(invoked).toEqual([])
  })
})

describe('what is not simulated', () => {
  const known = 'there are dynamodb, events, kms, lambda, secretsmanager, sns, sts'
  const said = (asked: string, there = known) => `${asked} is not simulated on this machine; ${there}`

  it.each([
    ['AmazonSQS.ListQueues', 'sqs', '1.0', 'sqs ListQueues'],
    ['Logs_20140328.DescribeLogGroups', 'logs', '1.1', 'logs DescribeLogGroups'],
  ])('is refused in JSON as %s was asked', async (target, service, version, asked) => {
    const type = `application/x-amz-json-${version}`
    const answer = await post(target, '{}', { ...signedFor(service), 'content-type': type })
    expect([answer.status, answer.headers.get('content-type')]).toEqual([400, type])
    expect(await answer.json()).toEqual({ __type: 'UnknownOperationException', message: said(asked) })
  })

  it.each([
    ['sts', 'AssumeRole', '<ErrorResponse><Error><Type>Sender</Type>', 'of sts there are GetCallerIdentity'],
    ['iam', 'ListUsers', '<ErrorResponse><Error><Type>Sender</Type>', known],
    ['ec2', 'DescribeInstances', '<Response><Errors><Error>', known],
  ])('is refused in XML as %s would', async (service, action, envelope, there) => {
    const answer = await form(service, action)
    expect([answer.status, answer.headers.get('content-type')]).toEqual([400, 'text/xml'])
    const error = `<Code>UnknownOperationException</Code><Message>${said(`${service} ${action}`, there)}</Message>`
    expect(await answer.text()).toContain(`${envelope}${error}`)
  })

  it.each([
    ['scheduler', '/schedules?MaxResults=1', 'GET /schedules', known],
    ['lambda', '/2015-03-31/functions', 'GET /2015-03-31/functions', 'of lambda there are Invoke'],
  ])('is refused in JSON of REST as %s would', async (service, path, operation, there) => {
    const answer = await fetch(`${aws.url}${path}`, { headers: signedFor(service) })
    expect([answer.status, answer.headers.get('x-amzn-errortype')]).toEqual([400, 'UnknownOperationException'])
    expect(await answer.json()).toEqual({ message: said(`${service} ${operation}`, there) })
  })

  it('is refused in XML of REST as s3 would', async () => {
    const answer = await fetch(`${aws.url}/bucket`, { headers: signedFor('s3') })
    expect(await answer.text()).toContain(
      `<Error><Code>UnknownOperationException</Code><Message>${said('s3 GET /bucket')}</Message>`,
    )
  })

  it('is refused in CBOR to who speaks that', async () => {
    const path = '/service/GraniteServiceVersion20100801/operation/ListMetrics'
    const headers = { ...signedFor('monitoring'), 'smithy-protocol': 'rpc-v2-cbor' }
    const answer = await fetch(`${aws.url}${path}`, { method: 'POST', headers })
    expect([answer.status, answer.headers.get('smithy-protocol')]).toEqual([400, 'rpc-v2-cbor'])
    const bytes = Buffer.from(await answer.arrayBuffer())
    const [map, text, high = 0, low = 0] = bytes
    expect([map, text, bytes.toString('utf8', 4, 4 + high * 256 + low)]).toEqual([0xa2, 0x79, '__type'])
    expect(bytes.toString()).toContain(said('monitoring ListMetrics'))
  })

  it('is said of DynamoDB too, in place of an empty refusal', async () => {
    const enable = { TableName: 'vendomat', TimeToLiveSpecification: { Enabled: true, AttributeName: 'ttl' } }
    await expect(dynamo.send(new UpdateTimeToLiveCommand(enable))).rejects.toMatchObject({
      name: 'UnknownOperationException',
      message: expect.stringMatching(/^dynamodb UpdateTimeToLive is not simulated.*of dynamodb there are BatchGetItem/),
    })
    const json = { 'content-type': 'application/x-amz-json-1.0' }
    const { message } = await jsonOf<{ message: string }>(post('DynamoDB_20120810.Nothing', '{}', json))
    const [, names = ''] = message.split(' there are ')
    for (const name of names.split(', ')) {
      const { __type } = await jsonOf<{ __type: string }>(post(`DynamoDB_20120810.${name}`, '{}', json))
      expect([name, __type]).not.toEqual([name, expect.stringContaining('UnknownOperation')])
    }
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
    const answer = await form('sns', 'DeleteTopic')
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
    const answer = await fetch(other.url, {
      method: 'POST',
      headers: signedFor('sns'),
      body: new URLSearchParams({ Action: 'ListTopics' }),
    })
    expect([answer.status, await answer.text()]).toEqual([200, expect.not.stringContaining('notices')])
    await other.close()
  })

  it('refuses to start on a port that is taken', async () => {
    const port = Number(new URL(aws.url).port)
    await expect(startAwsEndpoints({ ...account, port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })
})
