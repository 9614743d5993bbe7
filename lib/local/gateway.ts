import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import * as z from 'zod/mini'
import { callerArn } from './aws-service.ts'
import type { GatewayResponses, Route } from './deployment.ts'
import type { FunctionPool } from './function-pool.ts'
import { type Loopback, listenOnLoopback, readBody } from './loopback.ts'
import { verifySigV4 } from './sigv4.ts'

export interface GatewayOptions {
  readonly port: number
  readonly stage: string
  readonly region: string
  readonly accountId: string
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
  readonly routes: readonly Route[]
  readonly gatewayResponses: GatewayResponses
  readonly functions: ReadonlyMap<string, FunctionPool>
}

interface GatewayAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const proxyResult = z.object({
  statusCode: z.number(),
  headers: z.optional(z.record(z.string(), z.string())),
  body: z.string(),
})

/** API Gateway as callers see it: the routes of the template, AWS_IAM on each, and its answers where no function gives one. */
export function startGateway(options: GatewayOptions): Promise<Loopback> {
  return listenOnLoopback(options.port, (request, response) => {
    answer(request, options)
      .catch((): GatewayAnswer => refusal({ status: 500, errorType: 'InternalServerErrorException' }, options))
      .then(({ status, headers, body }) => {
        response.writeHead(status, { 'content-length': Buffer.byteLength(body), ...headers }).end(body)
      })
  })
}

async function answer(request: IncomingMessage, options: GatewayOptions): Promise<GatewayAnswer> {
  const { method = '', url = '/', headersDistinct } = request
  const [rawPath = '/', rawQuery = ''] = url.split(/\?(.*)/s)
  const body = await readBody(request)
  const requestId = randomUUID()
  const matched = match(method, rawPath, options)
  // API Gateway says the same of a route that does not exist as of a call that is not signed.
  if (!matched) return refusal({ status: 403, errorType: 'MissingAuthenticationTokenException', requestId }, options)

  const verdict = verifySigV4(
    { method, rawPath, rawQuery, headers: headersDistinct, body },
    { ...options.credentials, region: options.region, service: 'execute-api', now: new Date() },
  )
  if (!verdict.ok) return refusal({ ...verdict, requestId }, options)

  const { route, pathParameters } = matched
  const query = new URLSearchParams(rawQuery)
  const event = {
    resource: route.resourcePath,
    path: rawPath.slice(options.stage.length + 1),
    httpMethod: method,
    headers: Object.fromEntries(Object.entries(headersDistinct).map(([name, values]) => [name, values?.at(-1)])),
    queryStringParameters: query.size > 0 ? Object.fromEntries(query) : null,
    multiValueQueryStringParameters:
      query.size > 0 ? Object.fromEntries([...query.keys()].map((name) => [name, query.getAll(name)])) : null,
    pathParameters,
    requestContext: {
      requestId,
      apiId: 'local',
      stage: options.stage,
      resourcePath: route.resourcePath,
      httpMethod: method,
      accountId: options.accountId,
      identity: {
        accountId: options.accountId,
        accessKey: verdict.accessKeyId,
        caller: verdict.accessKeyId,
        userArn: callerArn(options),
      },
    },
    body: body.length > 0 ? body.toString() : null,
    isBase64Encoded: false,
  }
  const result = proxyResult.safeParse(await options.functions.get(route.functionId)?.invoke(event, requestId))
  if (!result.success) return refusal({ status: 502, errorType: 'InternalServerErrorException', requestId }, options)
  const { statusCode: status, headers = {}, body: text } = result.data
  return { status, headers: { 'x-amzn-requestid': requestId, ...headers }, body: text }
}

function match(method: string, rawPath: string, { stage, routes }: GatewayOptions) {
  const segments = rawPath.split('/')
  for (const route of routes) {
    const pattern = ['', stage, ...route.resourcePath.split('/').slice(1)]
    if (route.method !== method || pattern.length !== segments.length) continue
    const parameters = pattern.map((part, i) => ({ part, value: decode(segments[i] ?? '') }))
    if (!parameters.every(({ part, value }) => part === value || (isParameter(part) && value))) continue
    const named = parameters
      .filter(({ part }) => isParameter(part))
      .map(({ part, value }) => [part.slice(1, -1), value])
    return { route, pathParameters: Object.fromEntries(named) }
  }
  return undefined
}

const isParameter = (part: string): boolean => part.startsWith('{')

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

/** What is not here is of the default. AWS documents no type of its own for a key that it does not know. */
const TYPES: Readonly<Record<string, string>> = {
  MissingAuthenticationTokenException: 'MISSING_AUTHENTICATION_TOKEN',
  InvalidSignatureException: 'INVALID_SIGNATURE',
  IncompleteSignatureException: 'INVALID_SIGNATURE',
}

interface Refusal {
  readonly status: number
  readonly errorType: string
  readonly requestId?: string
}

/** In the words of the template, as a deployed API has them. */
function refusal(
  { status, errorType, requestId = randomUUID() }: Refusal,
  { gatewayResponses }: Pick<GatewayOptions, 'gatewayResponses'>,
): GatewayAnswer {
  const type = TYPES[errorType] ?? (status < 500 ? 'DEFAULT_4XX' : 'DEFAULT_5XX')
  const { headers = {}, body = '' } = gatewayResponses[type] ?? {}
  return {
    status,
    headers: { 'x-amzn-requestid': requestId, 'x-amzn-errortype': errorType, ...headers },
    body: body.replaceAll('$context.requestId', requestId),
  }
}
