import { logMetrics } from '@aws-lambda-powertools/metrics/middleware'
import middy from '@middy/core'
import type { Context } from 'aws-lambda'
import { audited, REQUESTED } from '../api/audit.ts'
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

/** Leaves an audit line before it begins and one before it answers; throws only what keeps the last from being written. */
export async function answerExchange(
  vendor: Vendor,
  { event, requestId }: ExchangeCall,
  runtime: Machine,
  record = recordEvent,
): Promise<ExchangeAnswer> {
  const startedAt = runtime.now()
  const by = { request_id: requestId, caller: 'hosted callback' }
  const line = { op: 'authorize', ...by, connection: `${vendor.id}#${connectionIn(event)}` } as const
  const ms = () => Math.round(secondsBetween(startedAt, runtime.now()) * 1000)
  try {
    record(vendor.id, { ...line, ...REQUESTED })
    const within = audited(runtime, by, (one) => record(vendor.id, one))
    const { token, begunBy } = await exchangeHosted(vendor, event, within)
    const { fingerprint } = token.accessToken.value
    const caller = begunBy ? `${by.caller}, begun by ${begunBy}` : by.caller
    record(vendor.id, { ...line, caller, outcome: 'connected', fingerprint, ms: ms() })
    return { outcome: 'connected' }
  } catch (error) {
    const outcome = error instanceof VendingError ? error.code : 'internal'
    record(vendor.id, { ...line, outcome, ms: ms() }, error)
    return { outcome }
  }
}
