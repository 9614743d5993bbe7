import { logMetrics } from '@aws-lambda-powertools/metrics/middleware'
import middy from '@middy/core'
import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from 'aws-lambda'
import { type ApiRequest, answer } from '../api/app.ts'
import { operationOf } from '../api/routes.ts'
import { callSeconds } from '../environment.ts'
import type { Vendor, VendorFacts } from '../kit/vendor.ts'
import { metrics, recordEvent } from './log.ts'
import { during, lambdaRuntime } from './runtime.ts'
import type { ScheduledTask } from './task.ts'
import { vendorOnDemand } from './vendor-on-demand.ts'

/** The entry of one vendor's function. The vendor is fixed here; an event cannot name another. */
export function lambdaHandler(facts: VendorFacts, code: () => Promise<Vendor>) {
  const { vendor, load } = vendorOnDemand(facts, code)
  const machine = lambdaRuntime(vendor, process.env, load)
  return middy(async (event: APIGatewayProxyEvent | ScheduledTask, context: Context) => {
    if ('task' in event) {
      const runtime = during(machine, context)
      const [{ runTask }] = await Promise.all([import('./task.ts'), load()])
      return runTask(vendor, event, runtime)
    }
    const runtime = during(machine, context, callSeconds(vendor))
    const request = requestOf(event, vendor.id)
    // All others may ask of the vendor what it can before they have its credentials.
    if (request.operation !== 'vend') await load()
    const { status, headers, body } = await answer(vendor, request, runtime, (line, error) =>
      recordEvent(vendor.id, line, error),
    )
    return { statusCode: status, headers: { ...headers }, body } satisfies APIGatewayProxyResult
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
