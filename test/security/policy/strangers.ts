import { ROUTES } from '../../../functions/api/routes.ts'
import { FOR_AWS, OPEN_LINE } from './asks.ts'
import type { Case } from './case.ts'
import type { Context } from './condition.ts'
import { DEPLOYED, type Machine, OTHER_ACCOUNT, VENDORS } from './machine.ts'
import { statementOf } from './statement.ts'
import { ACCOUNT, arn, REGION } from './template.ts'

const ALL = [statementOf({ Effect: 'Allow', Action: '*', Resource: '*' })]
const ADMIN = { principal: { arn: `arn:aws:iam::${ACCOUNT}:role/admin` }, own: ALL }
const STRANGER = { principal: { arn: 'arn:aws:iam::999900001111:role/admin' }, own: ALL }

/** What a key is used for. Everything else that KMS does with one administers it. */
const USES = [
  ...['Encrypt', 'Decrypt', 'ReEncryptFrom', 'ReEncryptTo', 'GenerateDataKey', 'GenerateDataKeyWithoutPlaintext'],
  ...['GenerateDataKeyPair', 'GenerateDataKeyPairWithoutPlaintext', 'GenerateMac', 'Sign', 'CreateGrant'],
]

/** Everybody who has no role of the machine: services, people of the account who may do everything, other accounts. */
export function strangerCases(machine: Machine): readonly Case[] {
  return [
    ...unsigned(machine),
    ...gateway(machine),
    ...services(machine),
    ...logs(machine),
    ...ownAccount(machine),
    ...otherAccounts(machine),
  ]
}

const service = (name: string, context: Context = {}) => ({ principal: { service: `${name}.amazonaws.com` }, context })

/** Somebody without a name: at every route of the API, and at the pages of the callback. */
function unsigned({ apis }: Machine): Case[] {
  const call = (resource: string, isAllowed: boolean): Case => ({
    title: `somebody who does not sign calls ${resource}`,
    principal: 'anybody',
    action: 'execute-api:Invoke',
    resource,
    isAllowed,
  })
  return [
    ...VENDORS.flatMap((id) =>
      Object.values(ROUTES).map(({ method, path }) =>
        call(`${apis.signed}/v1/${method}${path.replace('{vendor}', id).replace('{connection}', 'hq')}`, false),
      ),
    ),
    ...(apis.open === undefined ? [] : PAGES.map((path) => call(`${apis.open}/v1/GET${path}`, true))),
    ...(apis.open === undefined ? [] : PAGES.map((path) => call(`${apis.open}/v1/POST${path}`, false))),
  ]
}

const PAGES = ['/oauth/netrex/begin', '/oauth/netrex/callback', '/oauth/done']

/** The gateway, at a function, from a method: that of each route, and the nearest that must not get through. */
function gateway({ functions, apis }: Machine): Case[] {
  const invoke = (title: string, resource: string, source: string, isAllowed: boolean): Case => ({
    ...service('apigateway', { 'aws:SourceArn': source }),
    ...{ title: `the gateway calls ${title}`, action: 'lambda:InvokeFunction', resource, isAllowed },
  })
  const elsewhere = (source: string) => [
    ['of another API', source.replace(/:\w+\/v1/, ':other/v1')],
    ['of another stage', source.replace('/v1/', '/v2/')],
    ['from its console', source.replace('/v1/', '/test-invoke-stage/')],
    ['of another account', source.replace(ACCOUNT, OTHER_ACCOUNT)],
    ['by another path', source.replace(/\/(tokens|connections|vendors|oauth)/, '/things')],
  ]
  const routes = DEPLOYED.flatMap(({ id, authorization }) =>
    Object.entries(ROUTES).flatMap(([operation, { method, path }]) => {
      const own = functions[`vending ${id}`]
      if (own === undefined || (operation === 'authorize' && !authorization)) return []
      const source = `${apis.signed}/v1/${method}${path.replace('{vendor}', id).replace('{connection}', 'hq')}`
      return [
        invoke(`${id} to ${operation}`, own, source, true),
        ...elsewhere(source).map(([where, from = '']) => invoke(`${id} to ${operation} ${where}`, own, from, false)),
        ...Object.entries(functions).flatMap(([name, fn]) =>
          fn === own ? [] : [invoke(`the function ${name} to ${operation} of ${id}`, fn, source, false)],
        ),
      ]
    }),
  )
  if (functions.callback === undefined || apis.open === undefined) return routes
  const { callback } = functions
  const pages = PAGES.flatMap((path) => {
    const source = `${apis.open}/v1/GET${path}`
    return [
      invoke(`the callback at ${path}`, callback, source, true),
      ...elsewhere(source).map(([where, from = '']) =>
        invoke(`the callback at ${path} ${where}`, callback, from, false),
      ),
    ]
  })
  return [...routes, ...pages]
}

/** Services, which act for whoever asked them to (STRIDE E7): for this account, for another, and for nobody in particular. */
function services({ topics, keys, roles, functions, scheduleGroup, queue }: Machine): Case[] {
  const [mail = '', chat = ''] = topics
  const accounts: [string, Context][] = [
    ['of this account', { 'aws:SourceAccount': ACCOUNT }],
    ['of another account', { 'aws:SourceAccount': OTHER_ACCOUNT }],
    ['of no account', {}],
  ]
  const alarms = accounts.flatMap(([whose, context], at) => {
    const alarm = service('cloudwatch', context)
    const isAllowed = at === 0
    return [
      { ...alarm, title: `an alarm ${whose} sends a mail`, action: 'sns:Publish', resource: mail, isAllowed },
      ...['Decrypt', 'GenerateDataKey'].map((use) => ({
        ...alarm,
        ...{ title: `an alarm ${whose} uses ${use}`, action: `kms:${use}`, resource: keys.notices, isAllowed },
      })),
      {
        ...alarm,
        title: `an alarm ${whose} opens a token`,
        action: 'kms:Decrypt',
        resource: keys.envelope,
        isAllowed: false,
      },
      {
        ...alarm,
        title: `an alarm ${whose} opens the table`,
        action: 'kms:Decrypt',
        resource: keys.table,
        isAllowed: false,
      },
    ]
  })
  const own = { 'aws:SourceAccount': ACCOUNT }
  const others = ['events', 's3', 'scheduler', 'apigateway'].flatMap((name) =>
    [mail, chat, queue].filter(Boolean).map((resource) => ({
      ...service(name, own),
      title: `${name} writes to ${resource}`,
      action: resource === queue ? 'sqs:SendMessage' : 'sns:Publish',
      resource,
      isAllowed: false,
    })),
  )
  const invokers = ['events', 's3', 'scheduler', 'sns', 'lambda'].flatMap((name) =>
    Object.entries(functions).map(([what, resource]) => ({
      ...service(name, { ...own, 'aws:SourceArn': `arn:aws:${name}:${REGION}:${ACCOUNT}:thing` }),
      ...{ title: `${name} calls ${what}`, action: 'lambda:InvokeFunction', resource, isAllowed: false },
    })),
  )
  const RUNS = {
    vending: 'lambda',
    exchange: 'lambda',
    callback: 'lambda',
    schedules: 'scheduler',
    'gateway log': 'apigateway',
  }
  const group = { 'aws:SourceArn': scheduleGroup }
  const assumed = roles.flatMap(({ arn: role, duty, vendor = '' }) => {
    const become = (title: string, name: string, context: Context, isAllowed: boolean): Case => ({
      ...service(name, context),
      ...{ title: `${title} takes on ${duty} ${vendor}`, action: 'sts:AssumeRole', resource: role, isAllowed },
    })
    return [
      ...['lambda', 'scheduler', 'apigateway', 'ec2'].map((name) =>
        become(name, name, { ...own, ...group }, name === RUNS[duty]),
      ),
      ...(duty !== 'schedules'
        ? []
        : [
            become('a schedule that names no group', 'scheduler', own, false),
            become('a schedule of another group', 'scheduler', { ...own, 'aws:SourceArn': `${scheduleGroup}x` }, false),
            become(
              'a schedule of another account',
              'scheduler',
              { ...group, 'aws:SourceAccount': OTHER_ACCOUNT },
              false,
            ),
          ]),
    ]
  })
  return [...alarms, ...others, ...invokers, ...assumed]
}

/** The service that keeps logs: it uses the key of each log under one, for that log alone. */
function logs({ sealedLogs, keys }: Machine): Case[] {
  const use = (title: string, resource: string, context: Context, isAllowed: boolean, action = 'GenerateDataKey') => ({
    ...service(`logs.${REGION}`, context),
    ...{ title: `the service of logs uses ${title}`, action: `kms:${action}`, resource, isAllowed },
  })
  const of = (log: string): Context => ({ 'kms:EncryptionContext:aws:logs:arn': log })
  return [
    ...sealedLogs.flatMap(({ log, key }) => [
      ...['Encrypt', 'Decrypt', 'ReEncryptFrom', 'ReEncryptTo', 'GenerateDataKey', 'DescribeKey'].map((action) =>
        use(`${action} for ${log}`, key, of(log), true, action),
      ),
      use(`the key of ${log} for nothing`, key, {}, false),
      use(`the key of ${log} for a log of another stack`, key, of(arn('logs', 'log-group:Other-Log')), false),
      use(`the key of ${log} for another account`, key, of(log.replace(ACCOUNT, OTHER_ACCOUNT)), false),
    ]),
    ...[keys.table, keys.envelope].map((key) => use(key, key, of(arn('logs', 'log-group:Vendomat-Log')), false)),
    ...Object.values(keys).map((key) => use(`a grant of ${key}`, key, {}, false, 'CreateGrant')),
  ]
}

/** People of this account, mostly those who may do everything by IAM: they administer all keys, and use none that opens tokens. */
function ownAccount({ keys, topics, apis }: Machine): Case[] {
  const bound = { 'kms:EncryptionContext:app': 'vendomat', 'kms:EncryptionContext:vendor': 'accelo' }
  return [
    ...USES.map((use) => ({
      ...ADMIN,
      ...{ title: `an administrator uses ${use} of the envelope key`, action: `kms:${use}`, resource: keys.envelope },
      context: bound,
      isAllowed: false,
    })),
    ...Object.entries(keys).flatMap(([name, resource]) =>
      ['DescribeKey', 'PutKeyPolicy', 'DisableKey', 'ScheduleKeyDeletion', 'CancelKeyDeletion'].map((action) => ({
        ...ADMIN,
        ...{ title: `an administrator may ${action} of the ${name} key`, action: `kms:${action}`, resource },
        isAllowed: true,
      })),
    ),
    ...[keys.table, keys.notices].map((resource) => ({
      ...ADMIN,
      ...{ title: `an administrator lets AWS use ${resource}`, action: 'kms:CreateGrant', resource },
      context: FOR_AWS,
      isAllowed: true,
    })),
    {
      title: 'a role of this account that nobody lets do anything calls the API without TLS',
      principal: { arn: `arn:aws:iam::${ACCOUNT}:role/idle` },
      action: 'execute-api:Invoke',
      resource: `${apis.signed}/v1/GET/tokens/accelo/hq`,
      context: OPEN_LINE,
      isAllowed: false,
    },
    ...topics.flatMap((resource) => [
      {
        ...ADMIN,
        title: `an administrator publishes to ${resource}`,
        action: 'sns:Publish',
        resource,
        isAllowed: true,
      },
      {
        ...ADMIN,
        ...{ title: `an administrator publishes to ${resource} without TLS`, action: 'sns:Publish', resource },
        context: OPEN_LINE,
        isAllowed: false,
      },
    ]),
  ]
}

/** Who may do everything, in another account. */
function otherAccounts({ keys, topics, queue, functions, roles, table, apis }: Machine): Case[] {
  const everything: [string, string][] = [
    ...Object.values(keys).flatMap((key): [string, string][] => USES.map((use) => [`kms:${use}`, key])),
    ...topics.flatMap((topic): [string, string][] => [
      ['sns:Publish', topic],
      ['sns:Subscribe', topic],
    ]),
    ['sqs:SendMessage', queue],
    ['sqs:ReceiveMessage', queue],
    ['dynamodb:GetItem', table],
    ['secretsmanager:GetSecretValue', arn('secretsmanager', 'secret:vendomat/accelo/hq-a1B2c3')],
    ...Object.values(functions).map((fn): [string, string] => ['lambda:InvokeFunction', fn]),
    ...roles.map((role): [string, string] => ['sts:AssumeRole', role.arn]),
    ['execute-api:Invoke', `${apis.signed}/v1/GET/tokens/accelo/hq`],
  ]
  return everything.flatMap(([action, resource]) =>
    [{}, OPEN_LINE].map((context, at) => ({
      ...STRANGER,
      ...{ action, resource, context, isAllowed: false },
      title: `another account tries ${action} of ${resource}${at === 0 ? '' : ' without TLS'}`,
    })),
  )
}
