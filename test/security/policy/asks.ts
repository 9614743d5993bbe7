import type { Context } from './condition.ts'
import { type Machine, VENDORS } from './machine.ts'
import { arn, REGION } from './template.ts'

/** Something that a role could try. */
export interface Ask {
  readonly name: string
  readonly action: string
  readonly resource: string
  readonly context?: Context
}

const via = (service: string): Context => ({ 'kms:ViaService': `${service}.${REGION}.amazonaws.com` })
const secretOf = (vendor: string) => arn('secretsmanager', `secret:vendomat/${vendor}/hq-a1B2c3`)
const [PK, SK] = ['pk', 'sk']
/** Attributes of which one write has one: those that hold a token, sealed or not, or what a token says of itself. */
export const TOKEN_ATTRIBUTES = ['sealed', 'refreshToken', 'accessToken', 'token', 'context', 'scope', 'fingerprint']
/** All that a function may do with the table's key, and that through the table alone. */
export const TABLE_KEY_ACTIONS = [
  ...['Decrypt', 'DescribeKey', 'Encrypt', 'GenerateDataKey', 'GenerateDataKeyWithoutPlaintext'],
  ...['ReEncryptFrom', 'ReEncryptTo'],
]

/** Everything that is asked of every role of the machine: of each vendor what is its own, and then what is there once. */
export function asksOf(machine: Machine): readonly Ask[] {
  return [...VENDORS.flatMap((vendor) => ofVendor(vendor, machine)), ...ofMachine(machine)]
}

function ofVendor(vendor: string, { table, keys, secretsKey, functions, logs }: Machine): Ask[] {
  const leading = (...values: readonly string[]): Context => ({ 'dynamodb:LeadingKeys': values })
  const row = leading(`${vendor}#hq`)
  const update = { name: '', action: 'dynamodb:UpdateItem', resource: table }
  const attributes = (...names: readonly string[]): Context => ({ 'dynamodb:Attributes': [PK, SK, ...names] })
  const bound = { 'kms:EncryptionContext:app': 'vendomat', 'kms:EncryptionContext:vendor': vendor }
  const context = { ...bound, 'kms:EncryptionContext:connection': 'hq' }
  const secret = { 'kms:EncryptionContext:SecretARN': secretOf(vendor) }
  const envelope = (name: string, action: string, given: Context = context) => ({
    name: `${name} ${vendor}`,
    action,
    resource: keys.envelope,
    context: given,
  })
  const fn = (what: string): Ask[] => {
    const [resource, log] = [functions[`${what} ${vendor}`], logs[`${what} ${vendor}`]]
    if (resource === undefined || log === undefined) return []
    return [
      { name: `call the ${what} function of ${vendor}`, action: 'lambda:InvokeFunction', resource },
      {
        name: `call a version of the ${what} function of ${vendor}`,
        action: 'lambda:InvokeFunction',
        resource: `${resource}:1`,
      },
      { name: `change the code of the ${what} function of ${vendor}`, action: 'lambda:UpdateFunctionCode', resource },
      {
        name: `read the environment of the ${what} function of ${vendor}`,
        action: 'lambda:GetFunctionConfiguration',
        resource,
      },
      ...logAsks(`the ${what} function of ${vendor}`, log),
    ]
  }
  return [
    { name: `read the secret of ${vendor}`, action: 'secretsmanager:GetSecretValue', resource: secretOf(vendor) },
    { name: `write the secret of ${vendor}`, action: 'secretsmanager:PutSecretValue', resource: secretOf(vendor) },
    { name: `delete the secret of ${vendor}`, action: 'secretsmanager:DeleteSecret', resource: secretOf(vendor) },
    {
      name: `let others at the secret of ${vendor}`,
      action: 'secretsmanager:PutResourcePolicy',
      resource: secretOf(vendor),
    },
    ...(secretsKey === undefined
      ? []
      : [
          { name: `open the secret of ${vendor}`, context: { ...via('secretsmanager'), ...secret } },
          { name: `open the secret of ${vendor} without Secrets Manager`, context: secret },
          { name: `open a secret by another service for ${vendor}`, context: { ...via('sns'), ...secret } },
        ].map((ask) => ({ ...ask, action: 'kms:Decrypt', resource: secretsKey }))),

    { name: `get a row of ${vendor}`, action: 'dynamodb:GetItem', resource: table, context: row },
    { name: `get many rows of ${vendor}`, action: 'dynamodb:BatchGetItem', resource: table, context: row },
    { name: `query rows of ${vendor}`, action: 'dynamodb:Query', resource: table, context: row },
    {
      ...update,
      name: `update a row of ${vendor}`,
      context: { ...row, ...attributes('status', 'epoch'), 'dynamodb:ReturnValues': 'NONE' },
    },
    {
      ...update,
      name: `update a row of ${vendor} and see what changed`,
      context: { ...row, ...attributes('ids'), 'dynamodb:ReturnValues': 'UPDATED_NEW' },
    },
    {
      ...update,
      name: `update a row of ${vendor} and see the whole`,
      context: { ...row, ...attributes('status'), 'dynamodb:ReturnValues': 'ALL_OLD' },
    },
    { ...update, name: `update a row of ${vendor} and name no attribute`, context: row },
    ...TOKEN_ATTRIBUTES.map((one) => ({
      ...update,
      name: `write ${one} of ${vendor}`,
      context: { ...row, ...attributes(one) },
    })),
    {
      ...update,
      name: `carry a consent of ${vendor} on`,
      context: { ...leading(`${vendor}#FLOW`), ...attributes('taken', 'writeId', 'bind', 'until', 'authorizationUrl') },
    },
    {
      name: `get a consent of ${vendor}`,
      action: 'dynamodb:GetItem',
      resource: table,
      context: leading(`${vendor}#FLOW`),
    },
    { name: `put a row of ${vendor}`, action: 'dynamodb:PutItem', resource: table, context: row },
    { name: `delete a row of ${vendor}`, action: 'dynamodb:DeleteItem', resource: table, context: row },
    // A vendor whose name begins with this one's.
    { name: `get a row of ${vendor}x`, action: 'dynamodb:GetItem', resource: table, context: leading(`${vendor}x#hq`) },
    ...['due', 'names'].flatMap((index) => {
      const query = { action: 'dynamodb:Query', resource: `${table}/index/${index}` }
      return [
        { ...query, name: `query the index ${index} of ${vendor}`, context: leading(vendor) },
        { ...query, name: `query the index ${index} by a row of ${vendor}`, context: leading(`${vendor}#hq`) },
      ]
    }),

    envelope('make a data key of', 'kms:GenerateDataKey'),
    envelope('open a data key of', 'kms:Decrypt'),
    envelope('make a data key of another use of', 'kms:GenerateDataKey', {
      ...context,
      'kms:EncryptionContext:app': 'other',
    }),
    envelope('encrypt under the envelope key for', 'kms:Encrypt'),
    ...fn('vending'),
    ...fn('exchange'),
  ]
}

function ofMachine({ table, keys, topics, queue, functions, logs, apis, roles }: Machine): Ask[] {
  const [mail = '', chat] = topics
  const events = { action: 'events:PutEvents', resource: arn('events', 'event-bus/default') }
  const callback = functions.callback
  return [
    { name: 'list the names of secrets', action: 'secretsmanager:ListSecrets', resource: '*' },
    ...['accelo#hq', 'netrex#FLOW'].map((key) => ({
      name: `get the row ${key} beside one of another vendor`,
      action: 'dynamodb:BatchGetItem',
      resource: table,
      context: { 'dynamodb:LeadingKeys': [key, 'iobeya#hq', 'clearid#hq'] },
    })),
    ...['GetItem', 'BatchGetItem', 'Query', 'UpdateItem'].map((action) => ({
      name: `${action} without a key`,
      action: `dynamodb:${action}`,
      resource: table,
      ...(action === 'UpdateItem' && { context: { 'dynamodb:Attributes': [PK, SK] } }),
    })),
    ...['due', 'names'].map((index) => ({
      name: `query the index ${index} without a key`,
      action: 'dynamodb:Query',
      resource: `${table}/index/${index}`,
    })),
    ...['', '/index/due', '/index/names'].map((index) => ({
      name: `scan the table${index}`,
      action: 'dynamodb:Scan',
      resource: `${table}${index}`,
    })),
    ...[
      'PartiQLSelect',
      'PartiQLUpdate',
      'BatchWriteItem',
      'DeleteTable',
      'ExportTableToPointInTime',
      'DescribeTable',
    ].map((action) => ({ name: `${action} of the table`, action: `dynamodb:${action}`, resource: table })),
    ...TABLE_KEY_ACTIONS.flatMap((action) => {
      const ask = { action: `kms:${action}`, resource: keys.table }
      return [
        { ...ask, name: `${action} under the table's key`, context: via('dynamodb') },
        { ...ask, name: `${action} under the table's key without the table` },
      ]
    }),
    ...Object.entries(keys).flatMap(([name, resource]) => [
      { name: `let others use the ${name} key`, action: 'kms:CreateGrant', resource },
      { name: `let AWS use the ${name} key`, action: 'kms:CreateGrant', resource, context: FOR_AWS },
    ]),
    ...['Decrypt', 'GenerateDataKey'].flatMap((action) => {
      const ask = { action: `kms:${action}`, resource: keys.notices }
      return [
        { ...ask, name: `${action} under the key of notices`, context: via('sns') },
        { ...ask, name: `${action} under the key of notices without a notice` },
      ]
    }),
    ...['Decrypt', 'GenerateDataKey'].map((action) => ({
      name: `${action} under the envelope key for nobody`,
      action: `kms:${action}`,
      resource: keys.envelope,
    })),
    { name: 'read the policy of the envelope key', action: 'kms:GetKeyPolicy', resource: keys.envelope },
    { name: 'change the policy of the envelope key', action: 'kms:PutKeyPolicy', resource: keys.envelope },

    ...topicAsks('mail', mail),
    ...(chat === undefined ? [] : topicAsks('chat', chat)),
    { ...events, name: 'send an event', context: { 'events:source': ['vendomat'] } },
    { ...events, name: 'send an event of AWS', context: { 'events:source': ['aws.health'] } },
    {
      ...events,
      name: 'send an event of ours beside one of AWS',
      context: { 'events:source': ['vendomat', 'aws.health'] },
    },
    { ...events, name: 'send an event of nobody' },
    {
      ...events,
      name: 'send an event to another bus',
      resource: arn('events', 'event-bus/other'),
      context: { 'events:source': ['vendomat'] },
    },

    { name: 'leave a call in the queue', action: 'sqs:SendMessage', resource: queue },
    { name: 'leave a call in the queue without TLS', action: 'sqs:SendMessage', resource: queue, context: OPEN_LINE },
    ...['ReceiveMessage', 'DeleteMessage', 'PurgeQueue'].map((action) => ({
      name: `${action} of the queue`,
      action: `sqs:${action}`,
      resource: queue,
    })),
    ...(callback === undefined
      ? []
      : [{ name: 'call the callback', action: 'lambda:InvokeFunction', resource: callback }]),
    ...(logs.callback === undefined ? [] : logAsks('the callback', logs.callback)),
    { name: 'read logs of all functions', action: 'logs:StartQuery', resource: arn('logs', 'log-group:*') },
    { name: 'get a token', action: 'execute-api:Invoke', resource: `${apis.signed}/v1/GET/tokens/accelo/hq` },
    ...roles.map(({ arn: role }) => ({ name: `become ${role}`, action: 'sts:AssumeRole', resource: role })),
    ...roles.map(({ arn: role }) => ({ name: `hand ${role} on`, action: 'iam:PassRole', resource: role })),
    { name: 'make a role', action: 'iam:CreateRole', resource: '*' },
    {
      name: 'change the stack',
      action: 'cloudformation:UpdateStack',
      resource: arn('cloudformation', 'stack/Vendomat/*'),
    },
  ]
}

/** Of a grant that lasts for as long as AWS needs it for a resource, like DynamoDB's for its table. */
export const FOR_AWS: Context = { 'kms:GrantIsForAWSResource': 'true' }
export const OPEN_LINE: Context = { 'aws:SecureTransport': 'false' }

const topicAsks = (name: string, resource: string): Ask[] => [
  { name: `publish to ${name}`, action: 'sns:Publish', resource },
  { name: `publish to ${name} without TLS`, action: 'sns:Publish', resource, context: OPEN_LINE },
  ...['Subscribe', 'SetTopicAttributes', 'DeleteTopic'].map((action) => ({
    name: `${action} of ${name}`,
    action: `sns:${action}`,
    resource,
  })),
]

/** STRIDE T5: what is written is not taken back by who wrote it. */
const logAsks = (of: string, group: string): Ask[] => [
  { name: `begin a stream in the log of ${of}`, action: 'logs:CreateLogStream', resource: `${group}:log-stream:s` },
  { name: `write to the log of ${of}`, action: 'logs:PutLogEvents', resource: `${group}:log-stream:s` },
  ...['DeleteLogGroup', 'DeleteLogStream', 'PutRetentionPolicy', 'DeleteRetentionPolicy', 'GetLogEvents', 'Unmask'].map(
    (action) => ({
      name: `${action} of the log of ${of}`,
      action: `logs:${action}`,
      resource: `${group}:log-stream:s`,
    }),
  ),
]
