import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb'
import * as z from 'zod/mini'
import { type Rhythm, rhythmOf } from './rhythm.ts'

const resource = z.object({
  Type: z.string(),
  Properties: z._default(z.record(z.string(), z.unknown()), {}),
})
const template = z.object({ Resources: z.record(z.string(), resource) })
type Resource = z.output<typeof resource>

export interface Route {
  readonly method: string
  /** `/tokens/accelo/{connection}` */
  readonly resourcePath: string
  /** Logical id of the function behind it. */
  readonly functionId: string
}

/** What the gateway answers where no function does, by the type of its refusal. */
export type GatewayResponses = Readonly<
  Record<string, { readonly headers: Readonly<Record<string, string>>; readonly body: string }>
>

export interface DeployedFunction {
  readonly id: string
  /** `vendomat-accelo` */
  readonly name: string
  readonly bundle: string
  readonly timeoutSeconds: number
  readonly environment: Readonly<Record<string, unknown>>
}

/** A call that a schedule makes: the event that the function gets, and when. */
export interface ScheduledCall {
  readonly functionId: string
  readonly event: { readonly task: string }
  readonly rhythm: Rhythm
}

export interface Deployment {
  readonly stage: string
  /** `vendomat`, or with a stage of its own `vendomat-dev`. */
  readonly secretPrefix: string
  /** `dev`, or '' for the only deployment. Not the stage of the API. */
  readonly vendomatStage: string
  readonly vendors: readonly string[]
  readonly routes: readonly Route[]
  readonly gatewayResponses: GatewayResponses
  readonly functions: readonly DeployedFunction[]
  readonly schedules: readonly ScheduledCall[]
  readonly table: Omit<CreateTableCommandInput, 'TableName'>
  /** Type of each resource by its logical id. */
  readonly resources: Readonly<Record<string, string>>
}

/**
 * Returns what a synthesised stack would deploy, as far as a laptop needs it: the signed API, its functions, schedules,
 * and the table. A hosted callback is left out, since a laptop listens for itself. Reads the template and nothing else.
 */
export function readDeployment(assembly: string): Deployment {
  const [file, ...others] = readdirSync(assembly).filter((name) => name.endsWith('.template.json'))
  if (!file || others.length > 0) throw new Error(`expected one template in ${assembly}`)
  const { Resources } = template.parse(JSON.parse(readFileSync(join(assembly, file), 'utf8')))
  const of = (type: string) => Object.entries(Resources).filter(([, { Type }]) => Type === type)
  const signed = of('AWS::ApiGateway::Method').filter(
    ([, { Properties }]) => Properties.AuthorizationType === 'AWS_IAM',
  )
  const [[, stage] = []] = of('AWS::ApiGateway::Stage').filter(([, { Properties }]) =>
    signed.some(([, method]) => reference(method.Properties.RestApiId) === reference(Properties.RestApiId)),
  )
  const [[, table] = []] = of('AWS::DynamoDB::Table')
  if (!stage || !table) throw new Error('the template has no stage or no table')
  const { KeySchema, AttributeDefinitions, GlobalSecondaryIndexes, BillingMode } = table.Properties
  const routes = signed.map(([, method]) => ({
    method: String(method.Properties.HttpMethod),
    resourcePath: resourcePath(Resources, reference(method.Properties.ResourceId)),
    functionId: integrationFunction(Resources, method),
  }))
  const functions = of('AWS::Lambda::Function')
    .filter(([id]) => routes.some(({ functionId }) => functionId === id))
    .map(([id, { Properties }]) => ({
      id,
      name: nameOf(id, routes),
      bundle: join(assembly, assetOf(Properties), 'index.cjs'),
      timeoutSeconds: Number(Properties.Timeout ?? 3),
      environment: z.object({ Variables: z.record(z.string(), z.unknown()) }).parse(Properties.Environment).Variables,
    }))
  const { POWERTOOLS_SERVICE_NAME, VENDOMAT_STAGE = '' } = functions[0]?.environment ?? {}
  return {
    stage: String(stage.Properties.StageName),
    secretPrefix: String(POWERTOOLS_SERVICE_NAME),
    vendomatStage: String(VENDOMAT_STAGE),
    vendors: routes.flatMap(({ resourcePath }) => /^\/vendors\/([^/]+)$/.exec(resourcePath)?.[1] ?? []),
    routes,
    gatewayResponses: Object.fromEntries(
      of('AWS::ApiGateway::GatewayResponse')
        .filter(([, { Properties }]) => reference(Properties.RestApiId) === reference(stage.Properties.RestApiId))
        .map(([, { Properties }]) => gatewayResponse(Properties)),
    ),
    functions,
    schedules: of('AWS::Scheduler::Schedule').map(([, { Properties }]) => scheduledCall(Properties)),
    // CloudFormation's property names are the API's own.
    table: { KeySchema, AttributeDefinitions, GlobalSecondaryIndexes, BillingMode } as Deployment['table'],
    resources: Object.fromEntries(Object.entries(Resources).map(([id, { Type }]) => [id, Type])),
  }
}

const schedule = z.object({
  ScheduleExpression: z.string(),
  ScheduleExpressionTimezone: z._default(z.string(), 'UTC'),
  Target: z.object({ Arn: z.unknown(), Input: z.string() }),
})
const scheduledEvent = z.looseObject({ task: z.string() })

const response = z.object({
  ResponseType: z.string(),
  ResponseParameters: z.record(z.string(), z.string()),
  ResponseTemplates: z.object({ 'application/json': z.string() }),
})

function gatewayResponse(properties: Resource['Properties']) {
  const { ResponseType, ResponseParameters, ResponseTemplates } = response.parse(properties)
  const headers = Object.entries(ResponseParameters).map(([name, value]) => [
    name.replace('gatewayresponse.header.', '').toLowerCase(),
    // The value of a header of its own is in quotes.
    value.slice(1, -1),
  ])
  return [ResponseType, { headers: Object.fromEntries(headers), body: ResponseTemplates['application/json'] }] as const
}

/** A flexible window is ignored: here the call is made at the moment at which the window opens. */
function scheduledCall(properties: Resource['Properties']): ScheduledCall {
  const { ScheduleExpression, ScheduleExpressionTimezone, Target } = schedule.parse(properties)
  return {
    functionId: reference(Target.Arn) ?? '',
    event: scheduledEvent.parse(JSON.parse(Target.Input)),
    rhythm: rhythmOf(ScheduleExpression, ScheduleExpressionTimezone),
  }
}

/** The folder of a function's code in the assembly: the asset's hash names both it and the object in the bucket. */
const assetOf = (properties: Resource['Properties']): string =>
  `asset.${z
    .object({ S3Key: z.string() })
    .parse(properties.Code)
    .S3Key.replace(/\.zip$/, '')}`

/** A function is called after the vendor whose routes lead to it. */
const nameOf = (id: string, routes: readonly Route[]): string =>
  `vendomat-${routes.find(({ functionId }) => functionId === id)?.resourcePath.split('/')[2] ?? id}`

/**
 * Returns what a `Ref` or `Fn::GetAtt` stands for on this machine; plain text stays. Undefined for what is joined from
 * parts: an address that only a deployment has.
 */
export function resolve(value: unknown, resources: Readonly<Record<string, string>>): string | undefined {
  if (typeof value === 'string') return value
  const id = reference(value)
  if (id === undefined) return undefined
  const known = resources[id]
  if (known === undefined) throw new Error(`nothing on this machine stands for ${id}`)
  return known
}

/** The logical id that a `Ref` or a `Fn::GetAtt` points to. */
function reference(value: unknown): string | undefined {
  const parsed = z
    .union([z.object({ Ref: z.string() }), z.object({ 'Fn::GetAtt': z.array(z.string()) })])
    .safeParse(value)
  if (!parsed.success) return undefined
  return 'Ref' in parsed.data ? parsed.data.Ref : parsed.data['Fn::GetAtt'][0]
}

function resourcePath(resources: Record<string, Resource>, id: string | undefined): string {
  const found = id === undefined ? undefined : resources[id]
  if (found?.Type !== 'AWS::ApiGateway::Resource') return ''
  return `${resourcePath(resources, reference(found.Properties.ParentId))}/${String(found.Properties.PathPart)}`
}

/** The integration's address is joined from parts; one of them is the function's. */
function integrationFunction(resources: Record<string, Resource>, method: Resource): string {
  const parts = z
    .object({ Uri: z.object({ 'Fn::Join': z.tuple([z.string(), z.array(z.unknown())]) }) })
    .parse(method.Properties.Integration).Uri['Fn::Join'][1]
  const id = parts
    .map(reference)
    .find((part) => part !== undefined && resources[part]?.Type === 'AWS::Lambda::Function')
  if (id === undefined) throw new Error(`the method ${String(method.Properties.HttpMethod)} has no function behind it`)
  return id
}
