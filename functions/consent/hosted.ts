import * as z from 'zod/mini'
import type { Recorder } from '../api/app.ts'
import type { Connection } from '../core/ask.ts'
import { VendingError } from '../core/errors.ts'
import type { Runtime } from '../core/runtime.ts'
import { secret } from '../core/secret.ts'
import { secondsBetween } from '../core/token.ts'
import type { Vendor } from '../core/vendor.ts'
import { finishHostedConsent } from './consent.ts'

/** What the hosted callback hands over when somebody came back with a code. */
const RETURNED = z.strictObject({
  connection: z.string().check(z.regex(/^[a-z0-9][a-z0-9-]{0,62}$/)),
  code: secret,
  stateHash: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
})

export interface ExchangeCall {
  /** Whatever came in; nothing of it is trusted. */
  readonly event: unknown
  readonly requestId: string
}

/** 'connected' or the code of the failure. Never a token: it is all that the callback learns. */
export interface ExchangeAnswer {
  readonly outcome: string
}

/** Exchanges the code of a hosted consent. Never throws, and leaves one audit line. */
export async function answerExchange(
  vendor: Vendor,
  { event, requestId }: ExchangeCall,
  runtime: Runtime,
  record: Recorder,
): Promise<ExchangeAnswer> {
  const startedAt = runtime.now()
  const returned = RETURNED.safeParse(event)
  const connection = returned.success ? returned.data.connection : '?'
  const line = {
    op: 'authorize',
    request_id: requestId,
    caller: 'hosted callback',
    connection: `${vendor.id}#${connection}`,
  } as const
  const ms = () => Math.round(secondsBetween(startedAt, runtime.now()) * 1000)
  try {
    if (!returned.success) throw new VendingError('bad_request', 'this is not what the hosted callback hands over')
    const asked: Connection = { vendor, connection }
    const { accessToken } = await finishHostedConsent(asked, returned.data, runtime)
    record({ ...line, outcome: 'connected', fingerprint: accessToken.value.fingerprint, ms: ms() })
    return { outcome: 'connected' }
  } catch (error) {
    const outcome = error instanceof VendingError ? error.code : 'internal'
    record({ ...line, outcome, ms: ms() }, error)
    return { outcome }
  }
}
