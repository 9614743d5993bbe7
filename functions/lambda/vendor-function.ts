import { logMetrics } from '@aws-lambda-powertools/metrics/middleware'
import middy from '@middy/core'
import type { APIGatewayProxyResult, Context } from 'aws-lambda'
import { answer } from '../api/app.ts'
import { audited, type Recorder } from '../api/audit.ts'
import { callSeconds } from '../environment.ts'
import type { Vendor, VendorFacts } from '../kit/vendor.ts'
import { requestOf } from './gateway-event.ts'
import { metrics, recordEvent } from './log.ts'
import { during, lambdaRuntime } from './runtime.ts'
import type { ScheduledTask } from './task.ts'
import { vendorOnDemand } from './vendor-on-demand.ts'

/** The entry of one vendor's function. The vendor is fixed here; an event cannot name another. */
export function lambdaHandler(facts: VendorFacts, code: () => Promise<Vendor>) {
  const { vendor, load } = vendorOnDemand(facts, code)
  const machine = lambdaRuntime(vendor, process.env, load)
  const record: Recorder = (line, error) => recordEvent(vendor.id, line, error)
  return middy(async (event: unknown, context: Context) => {
    if (isTask(event)) {
      const by = { request_id: context.awsRequestId, caller: 'schedule' }
      const runtime = audited(during(machine, context), by, record)
      const [{ runTask }] = await Promise.all([import('./task.ts'), load()])
      return runTask(vendor, event, runtime)
    }
    const runtime = during(machine, context, callSeconds(vendor))
    const request = requestOf(event, vendor.id)
    // All others may ask of the vendor what it can before they have its credentials.
    if (request.operation !== 'vend') await load()
    const { status, headers, body } = await answer(vendor, request, runtime, record)
    return { statusCode: status, headers: { ...headers }, body } satisfies APIGatewayProxyResult
  }).use(logMetrics(metrics))
}

const isTask = (event: unknown): event is ScheduledTask =>
  typeof event === 'object' && event !== null && 'task' in event && typeof event.task === 'string'
