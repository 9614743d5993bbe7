import { type Operation, ROUTES, type Route } from '../../functions/api/routes.ts'
import { domainOf } from './aws-endpoint.ts'
import { type ApiPlace, partitionOf, routeArn } from './machine-address.ts'

/** What somebody may be allowed, by what they do; each is no more than the routes that it needs. */
export const MAY = {
  vend: ['vend'],
  report: ['refresh'],
  read: ['list', 'show'],
  acknowledge: ['acknowledge'],
  rotate: ['describe', 'check', 'tryVersion'],
  disable: ['setStatus'],
  revoke: ['revoke'],
  manage: [
    ...['describe', 'list', 'show', 'acknowledge', 'check', 'tryVersion'],
    ...['setStatus', 'setOwner', 'setKeepWarm', 'revoke'],
  ],
  connect: ['describe', 'setOwner', 'authorize', 'check', 'tryVersion', 'setStatus', 'revoke', 'remove'],
} as const satisfies Record<string, readonly Operation[]>
export type May = keyof typeof MAY

/** What other accounts may be given at all (`callers`, lib/settings.ts). */
export const OF_CALLERS: readonly May[] = ['vend', 'report']

/** What the commands connect, rotate and remove ask of Secrets Manager. */
const OF_SECRETS = [
  ...['CreateSecret', 'DeleteSecret', 'DescribeSecret', 'GetSecretValue'],
  ...['PutSecretValue', 'RestoreSecret', 'UpdateSecretVersionStage'],
].map((name) => `secretsmanager:${name}`)

/** The connections that a policy is about. */
export interface Scope {
  readonly vendor: string
  /** Left out for all of the vendor. */
  readonly connection?: string | undefined
  readonly may: readonly May[]
  /** Begins the names of their secrets: `vendomat/accelo/hq`, or `vendomat/accelo/*`. */
  readonly secrets: string
  /** What the secrets are encrypted with, if not by the account's key of Secrets Manager. */
  readonly secretsKey?: string | undefined
}

interface Statement {
  readonly Effect: 'Allow'
  readonly Action: string | readonly string[]
  readonly Resource: string | readonly string[]
  readonly Condition?: object
}

export interface Policy {
  readonly Version: '2012-10-17'
  readonly Statement: readonly Statement[]
}

/** A policy to be attached to who calls: these routes of the machine, and nothing else. */
export function identityPolicy(scope: Scope, place: ApiPlace): Policy {
  const routes = operationsOf(scope).map((operation): Route => ROUTES[operation])
  const { vendor, connection = '*' } = scope
  const Resource = routes.map(({ method, path }) =>
    routeArn(place, method, path.replace('{vendor}', vendor).replace('{connection}', connection)),
  )
  const calls: Statement = { Effect: 'Allow', Action: 'execute-api:Invoke', Resource }
  const more = scope.may.includes('connect') ? secretStatements(scope, place) : []
  return { Version: '2012-10-17', Statement: [calls, ...more] }
}

/** Each once. What is about all connections of a vendor is not for who has one; a description is about none. */
function operationsOf({ connection, may }: Scope): readonly Operation[] {
  const wanted = new Set<Operation>(may.flatMap((name) => MAY[name]))
  return [...wanted].filter(
    (operation) =>
      connection === undefined || operation === 'describe' || ROUTES[operation].path.includes('{connection}'),
  )
}

function secretStatements({ connection, secrets, secretsKey }: Scope, { region, account }: ApiPlace): Statement[] {
  const arn = `arn:${partitionOf(region)}:secretsmanager:${region}:${account}:secret:${secrets}`
  // Secrets Manager ends the ARN of a secret with a hyphen and six characters of its own.
  const Resource = connection === undefined ? arn : `${arn}-??????`
  const own: Statement = { Effect: 'Allow', Action: OF_SECRETS, Resource }
  if (!secretsKey) return [own]
  const Condition = { StringEquals: { 'kms:ViaService': `secretsmanager.${region}.${domainOf(region)}` } }
  return [own, { Effect: 'Allow', Action: ['kms:Decrypt', 'kms:GenerateDataKey'], Resource: secretsKey, Condition }]
}
