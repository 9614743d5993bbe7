import { logMetrics } from '@aws-lambda-powertools/metrics/middleware'
import middy from '@middy/core'
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda'
import { type ApiRequest, answer } from '../core/app.ts'
import { operationOf } from '../core/routes.ts'
import type { Vendor } from '../core/vendor.ts'
import { metrics, recordEvent } from './log.ts'
import { lambdaRuntime } from './runtime.ts'

/** The entry of one vendor's function. The vendor is fixed here; an event cannot name another. */
export function lambdaHandler(vendor: Vendor) {
  const runtime = lambdaRuntime(vendor, process.env)
  return middy(async (event: APIGatewayProxyEvent): Promise<APIGatewayProxyResult> => {
    const { status, headers, body } = await answer(vendor, requestOf(event, vendor.id), runtime, (line, error) =>
      recordEvent(vendor.id, line, error),
    )
    return { statusCode: status, headers: { ...headers }, body }
  }).use(logMetrics(metrics))
}

/** Identity comes from what the gateway verified, never from a header. An event without it did not come through the gateway. */
function requestOf(event: APIGatewayProxyEvent, vendorId: string): ApiRequest {
  const { requestContext, httpMethod, resource, pathParameters, multiValueQueryStringParameters, body } = event
  const caller = requestContext?.identity?.userArn
  const operation = operationOf(httpMethod, resource, vendorId)
  if (!caller || !operation) throw new Error('the call did not come through the gateway')
  return {
    operation,
    requestId: requestContext.requestId,
    caller,
    connection: pathParameters?.connection,
    query: Object.fromEntries(
      Object.entries(multiValueQueryStringParameters ?? {}).map(([name, values]) => [name, values ?? []]),
    ),
    body: body === null || !event.isBase64Encoded ? (body ?? undefined) : Buffer.from(body, 'base64').toString(),
  }
}
