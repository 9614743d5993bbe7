import * as z from 'zod'
import { type Attached, statementOf } from './statement.ts'

export const ACCOUNT = '111122223333'
export const REGION = 'eu-west-1'
const STACK = 'Vendomat'

const TEMPLATE = z.object({
  Resources: z.record(
    z.string(),
    z.object({ Type: z.string(), Properties: z.record(z.string(), z.unknown()).default({}) }),
  ),
})

export type Resources = Readonly<Record<string, Resource>>

export interface Resource {
  readonly Type: string
  /** With stand-ins for what only a deployment knows. */
  readonly Properties: Readonly<Record<string, unknown>>
}

const PSEUDO: Readonly<Record<string, string>> = {
  'AWS::AccountId': ACCOUNT,
  'AWS::Partition': 'aws',
  'AWS::Region': REGION,
  'AWS::StackName': STACK,
  'AWS::URLSuffix': 'amazonaws.com',
}

/** The ARN that a resource has here: of its service, and of its name in the template. */
const ARNS: Readonly<Record<string, (id: string) => string>> = {
  'AWS::DynamoDB::Table': (id) => arn('dynamodb', `table/${id}`),
  'AWS::IAM::Role': (id) => `arn:aws:iam::${ACCOUNT}:role/${id}`,
  'AWS::KMS::Key': (id) => arn('kms', `key/${id}`),
  'AWS::Lambda::Function': (id) => arn('lambda', `function:${id}`),
  // As CloudFormation gives it, which begins the name with the stack's.
  'AWS::Logs::LogGroup': (id) => `${arn('logs', `log-group:${STACK}-${id}`)}:*`,
  'AWS::Scheduler::ScheduleGroup': (id) => arn('scheduler', `schedule-group/${id}`),
  'AWS::SNS::Topic': (id) => arn('sns', id),
  'AWS::SQS::Queue': (id) => arn('sqs', id),
}

export const arn = (service: string, resource: string): string => `arn:aws:${service}:${REGION}:${ACCOUNT}:${resource}`

/** The ARN that calls of an API are asked for under. */
export const apiArn = (apiId: string): string => arn('execute-api', apiId)

/** All resources of a template, with `Fn::Join`, `Fn::Sub`, `Fn::GetAtt` and `Ref` filled in. */
export function resourcesOf(template: unknown): Resources {
  const { Resources: raw } = TEMPLATE.parse(template)

  function ref(name: string): unknown {
    const pseudo = PSEUDO[name]
    if (pseudo !== undefined) return pseudo
    const found = raw[name]
    if (!found) throw new Error(`nothing is called ${name}`)
    switch (found.Type) {
      case 'AWS::ApiGateway::Stage':
        return found.Properties.StageName
      case 'AWS::Logs::LogGroup':
        return `${STACK}-${name}`
      case 'AWS::SNS::Topic':
        return getAtt(name, 'Arn')
      default:
        return name
    }
  }

  function getAtt(name: string, attribute: string): string {
    const toArn = ARNS[raw[name]?.Type ?? '']
    return attribute === 'Arn' && toArn ? toArn(name) : `${name}.${attribute}`
  }

  function filled(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(filled)
    if (typeof value !== 'object' || value === null) return value
    const [[name, given] = ['', undefined], ...more] = Object.entries(value)
    if (more.length === 0 && name === 'Ref') return ref(String(given))
    if (more.length > 0 || !name.startsWith('Fn::'))
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, filled(inner)]))
    const [first, second] = [given].flat()
    if (name === 'Fn::GetAtt') return getAtt(String(first), String(second))
    if (name === 'Fn::Join') return [filled(second)].flat().join(String(first))
    if (name === 'Fn::Sub' && second === undefined)
      return String(first).replace(/\$\{([\w:]+)(?:\.(\w+))?\}/g, (_, id, attribute) =>
        attribute === undefined ? String(ref(id)) : getAtt(id, attribute),
      )
    throw new Error(`${name} is not known here`)
  }

  return Object.fromEntries(
    Object.entries(raw).map(([id, { Type, Properties }]) => [
      id,
      // `filled` gives an object for an object.
      { Type, Properties: filled(Properties) as Record<string, unknown> },
    ]),
  )
}

const DOCUMENT = z.object({ Statement: z.array(z.unknown()) })
const NAMES = z.array(z.string())

/** Every statement of every policy. Throws at a policy that is attached to something not known here. */
export function statementsOf(resources: Resources): readonly Attached[] {
  const seen = new Set<unknown>()
  const found = Object.entries(resources).flatMap(([id, { Type, Properties }]) => {
    const read = (kind: Attached['kind'], on: string, document: unknown): Attached[] => {
      if (document === undefined) return []
      seen.add(document)
      return DOCUMENT.parse(document).Statement.map((text, at) => {
        const statement = statementOf(withWholeArns(text, on))
        return { kind, on, statement, where: `${id}, statement ${at + 1} (${summaryOf(statement)})` }
      })
    }
    const onAll = (kind: Attached['kind'], names: unknown, type: string): Attached[] =>
      NAMES.parse(names).flatMap((name) => read(kind, named(name, type), Properties.PolicyDocument))
    switch (Type) {
      case 'AWS::IAM::Role':
        return read('resource', named(id, Type), Properties.AssumeRolePolicyDocument)
      case 'AWS::IAM::Policy':
        return onAll('identity', Properties.Roles, 'AWS::IAM::Role')
      case 'AWS::KMS::Key':
        return read('resource', named(id, Type), Properties.KeyPolicy)
      case 'AWS::ApiGateway::RestApi':
        return read('resource', apiArn(id), Properties.Policy)
      case 'AWS::SNS::TopicPolicy':
        return onAll('resource', Properties.Topics, 'AWS::SNS::Topic')
      case 'AWS::SQS::QueuePolicy':
        return onAll('resource', Properties.Queues, 'AWS::SQS::Queue')
      case 'AWS::Lambda::Permission':
        return [permissionOf(id, Properties)]
      case 'AWS::ApiGateway::Method':
        return openMethod(id, Properties, resources)
      default:
        return []
    }
  })
  for (const [id, { Properties }] of Object.entries(resources)) refuseUnseen(id, Properties, seen)
  return found
}

/** A name in the template, or what a `Ref` of it gives. */
function named(name: string, type: string): string {
  if (name.startsWith('arn:')) return name
  const toArn = ARNS[type]
  if (!toArn) throw new Error(`a ${type} has no ARN here`)
  return toArn(name)
}

/** In the policy of an API `execute-api:/` stands for that API (API Gateway developer guide, resource policy examples). */
function withWholeArns(text: unknown, on: string): unknown {
  if (!on.includes(':execute-api:')) return text
  return JSON.parse(JSON.stringify(text).replaceAll('"execute-api:/', `"${on}/`))
}

const PERMISSION = z.strictObject({
  Action: z.string(),
  FunctionName: z.string(),
  Principal: z.string(),
  SourceArn: z.string().optional(),
  SourceAccount: z.string().optional(),
})

/** Lambda makes a statement of it (Lambda API reference, AddPermission). */
function permissionOf(id: string, properties: unknown): Attached {
  const { Action, FunctionName, Principal, SourceArn, SourceAccount } = PERMISSION.parse(properties)
  const isService = Principal.endsWith('.amazonaws.com')
  return {
    kind: 'resource',
    on: FunctionName,
    where: `${id} (${Action} by ${Principal})`,
    statement: statementOf({
      Effect: 'Allow',
      Principal: isService ? { Service: Principal } : { AWS: Principal },
      Action,
      Resource: FunctionName,
      Condition: {
        ...(SourceArn !== undefined && { ArnLike: { 'aws:SourceArn': SourceArn } }),
        ...(SourceAccount !== undefined && { StringEquals: { 'aws:SourceAccount': SourceAccount } }),
      },
    }),
  }
}

const METHOD = z.object({
  RestApiId: z.string(),
  ResourceId: z.string(),
  HttpMethod: z.string(),
  AuthorizationType: z.enum(['AWS_IAM', 'NONE']),
})

/** A method without authorization lets everybody in whom the policy of its API does not keep out. */
function openMethod(id: string, properties: unknown, resources: Resources): Attached[] {
  const { RestApiId, ResourceId, HttpMethod, AuthorizationType } = METHOD.parse(properties)
  if (AuthorizationType === 'AWS_IAM') return []
  const pathOf = (name: string): string => {
    const { ParentId, PathPart } = resources[name]?.Properties ?? {}
    return PathPart === undefined ? '' : `${pathOf(String(ParentId))}/${String(PathPart).replace(/\{.*\}/, '*')}`
  }
  const on = apiArn(RestApiId)
  const Resource = `${on}/*/${HttpMethod}${pathOf(ResourceId)}`
  const statement = statementOf({ Effect: 'Allow', Principal: '*', Action: 'execute-api:Invoke', Resource })
  return [{ kind: 'resource', on, where: `${id} (open to everybody)`, statement }]
}

function refuseUnseen(id: string, part: unknown, seen: ReadonlySet<unknown>): void {
  if (typeof part !== 'object' || part === null || seen.has(part)) return
  if (!Array.isArray(part) && 'Statement' in part) throw new Error(`${id} has a policy that is not known here`)
  for (const inner of Object.values(part)) refuseUnseen(id, inner, seen)
}

const summaryOf = ({ Effect, Action, NotAction = [] }: Attached['statement']): string =>
  `${Effect} ${Action ? Action.join(', ') : `all but ${NotAction.join(', ')}`}`
