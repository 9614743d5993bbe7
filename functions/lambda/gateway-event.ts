import type { ApiRequest } from '../api/app.ts'
import { operationOf } from '../api/routes.ts'

/**
 * The call in an event of API Gateway (developer guide, "Input format of a Lambda function for proxy integration", 2026-11).
 * Identity comes from what the gateway verified, never from a header. Throws for an event that the gateway did not make.
 */
export function requestOf(event: unknown, vendorId: string): ApiRequest {
  const context = member(event, 'requestContext')
  const requestId = text(context, 'requestId')
  const caller = text(member(context, 'identity'), 'userArn')
  const method = text(event, 'httpMethod')
  const resource = text(event, 'resource')
  const path = text(event, 'path')
  const query = queryIn(member(event, 'multiValueQueryStringParameters'))
  const operation = operationOf(method, resource, vendorId)
  if (!requestId || !caller.startsWith('arn:') || !operation || !path.startsWith('/') || !query)
    throw new Error('the call did not come through the gateway')
  const connection = text(member(event, 'pathParameters'), 'connection')
  const body = text(event, 'body')
  return {
    operation,
    requestId,
    caller,
    // A path is no name, so that a call in another spelling is refused for it.
    connection: spells(path, resource, connection) ? connection || undefined : path,
    query,
    body: member(event, 'isBase64Encoded') === true ? Buffer.from(body, 'base64').toString() : body,
  }
}

/**
 * Whether the path is the resource with this connection, letter by letter. IAM judges the path as it was sent, and so it stands
 * in the event of a REST API; its parameters are decoded, and a policy on `hq` says nothing of `%68%71`. Before the resource
 * there may be the base path of a custom domain, of plain segments.
 */
function spells(path: string, resource: string, connection: string): boolean {
  const route = resource.replace('{connection}', () => connection)
  return path.endsWith(route) && BASE_PATH.test(path.slice(0, -route.length))
}

const BASE_PATH = /^(\/(?!\.{1,2}(\/|$))[\w.$+!*'()-]+)*$/

function queryIn(given: unknown): ApiRequest['query'] | undefined {
  const entries = Object.entries(given ?? {})
  return entries.every(isTexts) ? Object.fromEntries(entries) : undefined
}

const isTexts = (entry: [string, unknown]): entry is [string, string[]] =>
  Array.isArray(entry[1]) && entry[1].every((value) => typeof value === 'string')

/** Of an event anything may be missing, or be something else. */
const member = (of: unknown, name: string): unknown =>
  typeof of === 'object' && of !== null && Object.hasOwn(of, name) ? Reflect.get(of, name) : undefined

/** The text of a member, '' for anything else. */
function text(of: unknown, name: string): string {
  const value = member(of, name)
  return typeof value === 'string' ? value : ''
}
