import { logMetrics } from '@aws-lambda-powertools/metrics/middleware'
import middy from '@middy/core'
import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from 'aws-lambda'
import { type ApiRequest, answer } from '../api/app.ts'
import { operationOf } from '../api/routes.ts'
import { checkAll, continueCheck } from '../keeper/check.ts'
import { renewDue } from '../keeper/sweep.ts'
import type { Vendor } from '../kit/vendor.ts'
import { metrics, recordChecks, recordEvent, recordSweep } from './log.ts'
import { callSeconds, during, lambdaRuntime, type Machine } from './runtime.ts'

/** The entry of one vendor's function. The vendor is fixed here; an event cannot name another. */
export function lambdaHandler(vendor: Vendor) {
  const machine = lambdaRuntime(vendor, process.env)
  return middy(async (event: APIGatewayProxyEvent | ScheduledTask, context: Context) => {
    if ('task' in event) return runTask(vendor, event, during(machine, context))
    const runtime = during(machine, context, callSeconds(vendor))
    const { status, headers, body } = await answer(vendor, requestOf(event, vendor.id), runtime, (line, error) =>
      recordEvent(vendor.id, line, error),
    )
    return { statusCode: status, headers: { ...headers }, body } satisfies APIGatewayProxyResult
  }).use(logMetrics(metrics))
}

/** What the schedule sends, always the same: it names no connection, so who forges one has only renewed early. */
export interface ScheduledTask {
  readonly task: string
}

async function runTask(vendor: Vendor, { task }: ScheduledTask, runtime: Machine) {
  switch (task) {
    case 'renew': {
      const sweep = await renewDue(vendor, runtime)
      recordSweep(vendor.id, sweep)
      recordChecks(vendor.id, await continueCheck(vendor, runtime))
      return sweep
    }
    case 'check': {
      const checks = await checkAll(vendor, runtime)
      recordChecks(vendor.id, checks)
      return checks
    }
    default:
      throw new Error('the schedule asked for a task that there is not')
  }
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
