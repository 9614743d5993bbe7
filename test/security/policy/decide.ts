import { type Context, holds, like } from './condition.ts'
import type { Attached, Statement } from './statement.ts'

export type Principal = { readonly arn: string } | { readonly service: string } | 'anybody'

export interface Request {
  readonly principal: Principal
  readonly action: string
  /** An ARN, or `*` where the action has no resources. */
  readonly resource: string
  readonly context?: Context
}

export type Decision = 'allowed' | 'implicitly denied' | 'explicitly denied'

/** What is asked of these before the caller's own policies count: without their policy nobody is let in. */
const OWN_POLICY_FIRST = /^(kms|sts):/

/**
 * How AWS decides by the policies of the caller and of the resource (IAM user guide, "Policy evaluation logic", 2026-11;
 * KMS developer guide, "Key policies in AWS KMS"). Left out, since the stack has none: boundaries, session policies,
 * grants, and the policies of organizations, which all only take away.
 */
export function decide(request: Request, policies: readonly Attached[]): Decision {
  const context = contextOf(request)
  const asked = { ...request, context }
  const found = policies.filter(
    (one) => isAbout(one, request) && namedBy(one, request.principal) !== undefined && applies(one.statement, asked),
  )
  if (found.some(({ statement }) => statement.Effect === 'Deny')) return 'explicitly denied'
  return isAllowed(request, found) ? 'allowed' : 'implicitly denied'
}

function isAllowed({ principal, action, resource }: Request, found: readonly Attached[]): boolean {
  const isNamed = found.some((one) => one.kind === 'resource' && namedBy(one, principal) === 'itself')
  if (typeof principal === 'string' || 'service' in principal) return isNamed
  const isAccountNamed = found.some((one) => one.kind === 'resource' && namedBy(one, principal) === 'its account')
  const isAllowedItself = found.some(({ kind }) => kind === 'identity')
  const isOwn = resource === '*' || accountOf(resource) === accountOf(principal.arn)
  if (!isOwn) return isAllowedItself && (isNamed || isAccountNamed)
  if (OWN_POLICY_FIRST.test(action)) return isNamed || (isAccountNamed && isAllowedItself)
  return isNamed || isAllowedItself
}

/** Whether a statement is of the caller's policies or of the resource's. */
export function isAbout({ kind, on }: Attached, { principal, resource }: Request): boolean {
  if (kind === 'identity') return typeof principal === 'object' && 'arn' in principal && principal.arn === on
  return resource === on || resource.startsWith(`${on}/`) || resource.startsWith(`${on}:`)
}

/**
 * Whether a statement names the caller. One that names an account leaves it to the policies of that account who of it may
 * (IAM user guide, "Principal", AWS account principals).
 */
function namedBy({ kind, statement }: Attached, principal: Principal): 'itself' | 'its account' | undefined {
  if (kind === 'identity') return 'itself'
  const { Principal: named } = statement
  if (named === undefined) throw new Error('a policy of a resource has to name somebody')
  if (named === '*' || named.AWS?.includes('*')) return 'itself'
  if (principal === 'anybody') return undefined
  if ('service' in principal) return named.Service?.includes(principal.service) ? 'itself' : undefined
  if (named.AWS?.includes(principal.arn)) return 'itself'
  const account = accountOf(principal.arn)
  return named.AWS?.some((one) => one === account || one === `arn:aws:iam::${account}:root`) ? 'its account' : undefined
}

function applies(
  statement: Statement,
  { action, resource, context }: Request & { readonly context: Context },
): boolean {
  const { Action, NotAction, Resource, NotResource, Condition = {} } = statement
  // Names of actions have no case.
  const isAction = (pattern: string) => like(action.toLowerCase(), pattern.toLowerCase())
  const isResource = (pattern: string) => like(resource, pattern)
  if (Action ? !Action.some(isAction) : NotAction?.some(isAction)) return false
  if (Resource ? !Resource.some(isResource) : NotResource?.some(isResource)) return false
  return holds(Condition, context)
}

/** What AWS adds to every request. All calls are made over TLS that do not say otherwise. */
function contextOf({ principal, context }: Request): Context {
  const account = typeof principal === 'object' && 'arn' in principal ? accountOf(principal.arn) : undefined
  return {
    'aws:SecureTransport': 'true',
    ...(typeof principal === 'object' && 'arn' in principal && { 'aws:PrincipalArn': principal.arn }),
    ...(account !== undefined && { 'aws:PrincipalAccount': account, 'kms:CallerAccount': account }),
    'aws:PrincipalIsAWSService': String(typeof principal === 'object' && 'service' in principal),
    ...context,
  }
}

const accountOf = (arn: string): string => arn.split(':')[4] ?? ''
