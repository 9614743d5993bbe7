import { contextFor } from './ask.ts'
import { windowAt } from './budget.ts'
import { isFailure, VendingError } from './errors.ts'
import type { Credentials, Runtime } from './runtime.ts'
import type { FailureWindow, Lease, State } from './store.ts'
import { secondsAfter, secondsBetween, type TokenPolicy } from './token.ts'
import type { Issued, Vendor } from './vendor.ts'

/**
 * A vendor has this long to answer: two calls and the commit fit into the lease. Where a refresh token may be spent by a
 * call whose answer comes late, the one call there is gets longer.
 */
const vendorSeconds = ({ rotates }: TokenPolicy): number => (rotates ? 15 : 8)
/** A second call is made only for a failure that came this quickly, so that it too ends within the lease. */
const AGAIN_WITHIN_SECONDS = 3
const PAUSE_SECONDS = 0.2

/** The longest that `call` can take. */
export const callSeconds = (policy: TokenPolicy): number => AGAIN_WITHIN_SECONDS + PAUSE_SECONDS + vendorSeconds(policy)

/** A fifth of what makes Accelo lock an address out: 100 refused credentials in 5 minutes (vendors.md 3.4). */
const BUDGET = { limit: 20, windowSeconds: 300 }
const BUDGET_RETRY_SECONDS = 5
const LOCK_OUT_SECONDS = 300

interface Job {
  readonly ask: { readonly vendor: Vendor; readonly connection: string }
  readonly state: State
  /** Left out where nothing is stored. */
  readonly lease?: Lease
  readonly credentials: Credentials
  /** These very credentials are in question, and no others will do. */
  readonly trial?: true
}

export type Outcome =
  | { readonly issued: Issued; readonly credentials: Credentials }
  | {
      readonly error: unknown
      readonly credentials: Credentials
      /** How often the refresh token was sent without a definite answer, this time included. */
      readonly sends?: number | undefined
    }
  | 'lease lost'

/** Calls the vendor, under a lease where there is one: once, or twice where a second call can help and cannot do harm. */
export async function call(job: Job, runtime: Runtime): Promise<Outcome> {
  const startedAt = runtime.now()
  const first = await callOnce(job, runtime)
  if (first === 'lease lost' || 'issued' in first || secondsBetween(startedAt, runtime.now()) > AGAIN_WITHIN_SECONDS)
    return first
  const credentials = await forSecondCall(first.error, job, runtime)
  return credentials ? callOnce({ ...job, credentials }, runtime) : first
}

/** The credentials to call again with, or undefined when the first answer stands. */
async function forSecondCall(error: unknown, { ask, lease, credentials, trial }: Job, runtime: Runtime) {
  if (trial) return undefined
  if (isFailure(error, 'credential_rejected')) {
    const latest = await runtime.credentials.read(ask.vendor.id, ask.connection, 0)
    return latest.version === credentials.version ? undefined : latest
  }
  // A refresh token may have been spent by the call whose answer was lost: it is not sent twice.
  if (!isFailure(error, 'vendor_unavailable') || error.retryAfterSeconds !== undefined || lease?.refreshToken)
    return undefined
  await runtime.sleep(PAUSE_SECONDS)
  return credentials
}

async function callOnce(job: Job, runtime: Runtime): Promise<Outcome> {
  const { ask, lease, credentials } = job
  const { vendor } = ask
  const window = windowAt(runtime.now(), BUDGET.windowSeconds, BUDGET.limit)
  let sends: number | undefined
  try {
    await takePermit(job, window, runtime)
    if (lease?.refreshToken && vendor.tokens.rotates) {
      sends = await runtime.store.intend(lease)
      if (sends === undefined) return 'lease lost'
    }
    const issued = await measured(job, runtime)
    await settle(undefined, job, window, runtime)
    return { issued, credentials }
  } catch (error) {
    if (!isFailure(error, 'vendor_paused')) await settle(error, job, window, runtime)
    return { error, credentials, sends }
  }
}

async function measured({ ask: { vendor }, lease, credentials }: Job, runtime: Runtime): Promise<Issued> {
  const startedAt = runtime.now()
  const seconds = () => secondsBetween(startedAt, runtime.now())
  try {
    const context = contextFor(vendor, runtime, vendorSeconds(vendor.tokens))
    const issued = await vendor.issue(credentials.document, lease?.refreshToken, context)
    runtime.measure({ kind: 'vendor_call', seconds: seconds() })
    return issued
  } catch (error) {
    const failure = error instanceof VendingError ? error.code : 'internal'
    runtime.measure({ kind: 'vendor_call', seconds: seconds(), failure })
    throw error
  }
}

/**
 * Credentials that have worked need no permit, or a burst of good renewals would hold itself up. Others take one
 * beforehand, so that many connections with wrong secrets together stay far below what locks us out.
 */
async function takePermit(
  { ask: { vendor }, state, credentials }: Job,
  window: FailureWindow,
  { store, now }: Runtime,
) {
  const stopped = await store.stoppedUntil(vendor.id, now())
  if (stopped) throw paused(`${vendor.title} has locked us out`, secondsBetween(now(), stopped))
  if (state.provenVersion === credentials.version || (await store.take(vendor.id, window))) return
  throw paused(`${vendor.title} has refused ${BUDGET.limit} calls of ours within 5 minutes`, BUDGET_RETRY_SECONDS)
}

const paused = (why: string, retryAfterSeconds: number): VendingError =>
  new VendingError('vendor_paused', `${why}; it is left alone for a while`, { retryAfterSeconds })

/** Keeps the vendor's failure count true. A count that cannot be kept is no reason to lose what the vendor gave us. */
async function settle(
  error: unknown,
  { ask: { vendor }, state, credentials }: Job,
  window: FailureWindow,
  runtime: Runtime,
) {
  const { store, now } = runtime
  const proven = state.provenVersion === credentials.version
  const refused = isFailure(error, 'credential_rejected')
  try {
    if (refused && proven) await store.take(vendor.id, window)
    if (!refused && !proven) await store.giveBack(vendor.id, window)
    if (isFailure(error, 'vendor_locked_out'))
      await store.stop(vendor.id, secondsAfter(now(), error.retryAfterSeconds ?? LOCK_OUT_SECONDS))
  } catch (fault) {
    if (!isFailure(fault, 'store_unavailable')) throw fault
  }
}
