import { describedVendors } from '../../../lib/descriptions.ts'
import type { VendingStackProps } from '../../../lib/vending-stack.ts'
import { machineTemplate } from '../../support/machine-stack.ts'
import { BOX, ZOOM } from '../../support/wrong-descriptions.ts'
import { type Attached, statementOf } from './statement.ts'
import { ACCOUNT, apiArn, arn, type Resource, resourcesOf, statementsOf } from './template.ts'

/** Beside the vendors that have code there are some that need none: one that stores tokens, and one that does not. */
const oauthVendors = { box: BOX, zoom: { ...ZOOM, keep: 'memory' } } as const
export const DEPLOYED = describedVendors({ oauthVendors })
export const VENDORS: readonly string[] = DEPLOYED.map(({ id }) => id)
/** What the secrets are encrypted with where the deployment says so. */
export const SECRETS_KEY = 'arn:aws:kms:eu-west-1:111122223333:key/0f7d3c6e-0000-4000-8000-000000000000'
/** An account and a role elsewhere that are given connections. */
export const OTHER_ACCOUNT = '222233334444'
export const OTHER_ROLE = 'arn:aws:iam::444455556666:role/erp'

/** The deployment that is proven, and the one with all that can be added to it. */
export const SETTINGS = {
  'as it is': { oauthVendors },
  'with everything that can be added to it': {
    oauthVendors,
    hostedCallback: true,
    chatTopic: true,
    secretsKey: SECRETS_KEY,
    callers: { [OTHER_ACCOUNT]: ['accelo/hq'], [OTHER_ROLE]: ['iobeya/*'] },
  },
} as const satisfies Record<string, VendingStackProps>

/** The key of the secrets leaves it to the account who may use it, as a new key of AWS does. */
export const OF_SECRETS: Attached = {
  kind: 'resource',
  on: SECRETS_KEY,
  where: 'the key of the secrets',
  statement: statementOf({ Effect: 'Allow', Principal: { AWS: ACCOUNT }, Action: 'kms:*', Resource: '*' }),
}

/** What runs under a role: a vendor's function, which keeps its tokens too, and so on. */
export type Duty = 'vending' | 'exchange' | 'callback' | 'schedules' | 'gateway log'

export interface Role {
  readonly arn: string
  readonly duty: Duty
  /** None of the callback and of the gateway. */
  readonly vendor: string | undefined
  /** Whether Lambda leaves what the function fails in the queue, as that function. */
  readonly leavesFailed: boolean
}

export interface Machine {
  readonly policies: readonly Attached[]
  readonly roles: readonly Role[]
  /** Of the functions, by what they do: 'vends accelo', 'exchanges netrex', 'callback'. */
  readonly functions: Readonly<Record<string, string>>
  readonly logs: Readonly<Record<string, string>>
  /** All logs that are under a key, with the key. */
  readonly sealedLogs: readonly { readonly log: string; readonly key: string }[]
  readonly apis: { readonly signed: string; readonly open: string | undefined }
  readonly keys: Readonly<Record<'table' | 'envelope' | 'notices', string>>
  /** Of the secrets, where the deployment says so. It is not of the stack. */
  readonly secretsKey: string | undefined
  /** Whether other accounts are given connections. */
  readonly hasCallers: boolean
  readonly table: string
  readonly topics: readonly string[]
  readonly queue: string
  readonly scheduleGroup: string
}

/** The machine of a deployment, as far as permissions go. Throws at a role that nobody expects. */
export function machineOf(settings: VendingStackProps): Machine {
  const resources = resourcesOf(machineTemplate(settings).toJSON())
  const all = (type: string) => Object.entries(resources).filter(([, { Type }]) => Type === type)
  const text = ({ Properties }: Resource, name: string) => String(Properties[name] ?? '')
  const idOf = (type: string, property: string, pattern: RegExp): string | undefined =>
    all(type).find(([, resource]) => pattern.test(text(resource, property)))?.[0]
  const only = (type: string, property: string, pattern: RegExp): string => {
    const id = idOf(type, property, pattern)
    if (id === undefined) throw new Error(`no ${type} with ${property} like ${pattern}`)
    return id
  }
  const key = (what: RegExp) => arn('kms', `key/${only('AWS::KMS::Key', 'Description', what)}`)

  const titles = DEPLOYED.map(({ id, title }) => [title, id] as const)
  const functions: Record<string, string> = {}
  const logs: Record<string, string> = {}
  const roles: Role[] = []
  for (const [id, resource] of all('AWS::Lambda::Function')) {
    const description = text(resource, 'Description')
    const vendor = titles.find(([title]) => description.includes(` ${title} `))?.[1]
    const duty = description.startsWith('vends') ? 'vending' : vendor === undefined ? 'callback' : 'exchange'
    const name = vendor === undefined ? duty : `${duty} ${vendor}`
    functions[name] = arn('lambda', `function:${id}`)
    logs[name] = arn('logs', `log-group:${Object(resource.Properties.LoggingConfig).LogGroup}`)
    const leavesFailed = resource.Properties.DeadLetterConfig !== undefined
    roles.push({ arn: text(resource, 'Role'), duty, vendor, leavesFailed })
  }
  for (const [, { Properties }] of all('AWS::Scheduler::Schedule')) {
    const { Arn, RoleArn } = Object(Properties.Target)
    const vendor = VENDORS.find((one) => functions[`vending ${one}`] === Arn)
    if (!roles.some((role) => role.arn === RoleArn))
      roles.push({ arn: RoleArn, duty: 'schedules', vendor, leavesFailed: true })
  }
  for (const [, resource] of all('AWS::ApiGateway::Account'))
    roles.push({
      arn: text(resource, 'CloudWatchRoleArn'),
      duty: 'gateway log',
      vendor: undefined,
      leavesFailed: false,
    })
  for (const [id] of all('AWS::IAM::Role'))
    if (!roles.some(({ arn }) => arn.endsWith(`/${id}`))) throw new Error(`nobody knows what the role ${id} is for`)

  const open = idOf('AWS::ApiGateway::RestApi', 'Name', /-callback$/)
  return {
    policies: [...statementsOf(resources), ...(settings.secretsKey === undefined ? [] : [OF_SECRETS])],
    roles,
    functions,
    logs,
    sealedLogs: all('AWS::Logs::LogGroup').flatMap(([id, { Properties }]) =>
      Properties.KmsKeyId === undefined
        ? []
        : [{ log: arn('logs', `log-group:Vendomat-${id}`), key: String(Properties.KmsKeyId) }],
    ),
    apis: {
      signed: apiArn(only('AWS::ApiGateway::RestApi', 'Name', /^vendomat$/)),
      open: open === undefined ? undefined : apiArn(open),
    },
    keys: { table: key(/table/), envelope: key(/sealed tokens/), notices: key(/notices/) },
    secretsKey: settings.secretsKey,
    hasCallers: settings.callers !== undefined,
    table: arn('dynamodb', `table/${only('AWS::DynamoDB::Table', 'BillingMode', /./)}`),
    topics: all('AWS::SNS::Topic').map(([id]) => arn('sns', id)),
    queue: arn('sqs', only('AWS::SQS::Queue', 'SqsManagedSseEnabled', /./)),
    scheduleGroup: arn('scheduler', `schedule-group/${only('AWS::Scheduler::ScheduleGroup', 'Name', /./)}`),
  }
}
