import { logMetrics } from '@aws-lambda-powertools/metrics/middleware'
import middy from '@middy/core'
import type { Context } from 'aws-lambda'
import { answerExchange, type ExchangeAnswer } from '../consent/hosted.ts'
import type { Vendor } from '../core/vendor.ts'
import { metrics, recordEvent } from './log.ts'
import { lambdaRuntime } from './runtime.ts'

/**
 * The entry of the function that exchanges a vendor's codes for the hosted callback. It does that and nothing else, and
 * answers no token, so that who breaks into the callback can vend nothing.
 */
export function exchangeHandler(vendor: Vendor) {
  const runtime = lambdaRuntime(vendor, process.env)
  return middy(
    async (event: unknown, { awsRequestId }: Context): Promise<ExchangeAnswer> =>
      answerExchange(vendor, { event, requestId: awsRequestId }, runtime, (line, error) =>
        recordEvent(vendor.id, line, error),
      ),
  ).use(logMetrics(metrics))
}
