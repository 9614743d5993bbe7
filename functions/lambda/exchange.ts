import { logMetrics } from '@aws-lambda-powertools/metrics/middleware'
import middy from '@middy/core'
import type { Context } from 'aws-lambda'
import { connectionIn, exchangeHosted } from '../consent/hosted.ts'
import { VendingError } from '../kit/errors.ts'
import { secondsBetween } from '../kit/time.ts'
import type { Vendor } from '../kit/vendor.ts'
import { metrics, recordEvent } from './log.ts'
import { during, lambdaRuntime, type Machine } from './runtime.ts'

/** 'connected' or the code of the failure. It is all that the callback learns, and no token is in it. */
export interface ExchangeAnswer {
  readonly outcome: string
}

/**
 * The entry of the function that exchanges a vendor's codes for the hosted callback. It does that and nothing else, and
 * answers no token, so that who breaks into the callback can vend nothing.
 */
export function exchangeHandler(vendor: Vendor) {
  const machine = lambdaRuntime(vendor, process.env)
  return middy(
    async (event: unknown, context: Context): Promise<ExchangeAnswer> =>
      answerExchange(vendor, { event, requestId: context.awsRequestId }, during(machine, context)),
  ).use(logMetrics(metrics))
}

interface ExchangeCall {
  readonly event: unknown
  readonly requestId: string
}

/** Never throws, and leaves one audit line. */
export async function answerExchange(
  vendor: Vendor,
  { event, requestId }: ExchangeCall,
  runtime: Machine,
  record = recordEvent,
): Promise<ExchangeAnswer> {
  const startedAt = runtime.now()
  const line = (begunBy?: string) => ({
    op: 'authorize' as const,
    request_id: requestId,
    caller: begunBy ? `hosted callback, begun by ${begunBy}` : 'hosted callback',
    connection: `${vendor.id}#${connectionIn(event)}`,
    ms: Math.round(secondsBetween(startedAt, runtime.now()) * 1000),
  })
  try {
    const { token, begunBy } = await exchangeHosted(vendor, event, runtime)
    record(vendor.id, { ...line(begunBy), outcome: 'connected', fingerprint: token.accessToken.value.fingerprint })
    return { outcome: 'connected' }
  } catch (error) {
    const outcome = error instanceof VendingError ? error.code : 'internal'
    record(vendor.id, { ...line(), outcome }, error)
    return { outcome }
  }
}
