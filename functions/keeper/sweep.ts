import { callSeconds } from '../core/call.ts'
import { FAILURES, VendingError } from '../core/errors.ts'
import type { Runtime } from '../core/runtime.ts'
import type { State } from '../core/store.ts'
import { DAY_SECONDS, dueAt, NEVER, secondsAfter, secondsBetween } from '../core/token.ts'
import { vend } from '../core/vend.ts'
import type { Vendor } from '../core/vendor.ts'
import { noteSweep } from './sweep-health.ts'

/** What came of one look at all that was due. */
export interface Sweep {
  readonly due: number
  readonly renewed: number
  readonly failed: number
  /** Not begun, for want of time. */
  readonly left: number
}

const MINUTE_SECONDS = 60
const HOUR_SECONDS = 60 * MINUTE_SECONDS
/** Where tokens stay in memory connections rest sooner: each token is obtained for one process, which nobody asks. */
const REST_AFTER_DAYS_IN_MEMORY = 2
const AT_ONCE = 16
/** So that a vendor sees no burst even of connections that were made together. */
const STARTS_PER_SECOND = 16
const MOST = 500
const COMMIT_SECONDS = 2

/**
 * Renews what is due, ahead of need: the same `vend`, called by the schedule, under the same lease, so that it may run
 * twice, late, or beside another. When tokens are due is spread by their connections' names (`refreshAt`).
 * `endsAt` is when the function has to be done; what is left over is still due in a minute.
 */
export async function renewDue(vendor: Vendor, runtime: Runtime, endsAt: Date): Promise<Sweep> {
  try {
    const sweep = await renewAll(vendor, runtime, endsAt)
    const fault = sweep.left > 0 ? `${sweep.left} renewals were due and could not be begun in time` : undefined
    await noteSweep(vendor, fault, runtime)
    return sweep
  } catch (error) {
    await noteSweep(vendor, error instanceof VendingError ? error.message : 'it broke on our side', runtime)
    throw error
  }
}

async function renewAll(vendor: Vendor, runtime: Runtime, endsAt: Date): Promise<Sweep> {
  const keys = [...(await runtime.store.due(vendor.id, runtime.now(), MOST))]
  const sweep = { due: keys.length, renewed: 0, failed: 0 }
  const turn = turns(runtime)
  const work = async () => {
    while (keys.length > 0) {
      await turn()
      // No renewal is begun that could not end in the time left.
      if (secondsBetween(runtime.now(), endsAt) < callSeconds(vendor.tokens) + COMMIT_SECONDS) return
      const key = keys.shift()
      if (key === undefined) return
      const outcome = await keep(vendor, key, runtime)
      if (outcome !== 'left') sweep[outcome] += 1
    }
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, keys.length) }, work))
  return { ...sweep, left: keys.length }
}

/** Lets its callers through one by one, evenly in time. */
function turns({ now, sleep }: Runtime): () => Promise<void> {
  let next = now()
  return async () => {
    const at = next > now() ? next : now()
    next = secondsAfter(at, 1 / STARTS_PER_SECOND)
    if (at > now()) await sleep(secondsBetween(now(), at))
  }
}

async function keep(vendor: Vendor, key: string, runtime: Runtime): Promise<'renewed' | 'failed' | 'left'> {
  const now = runtime.now()
  const postpone = (until: Date) => runtime.store.postpone(key, { now, until })
  const { state } = await runtime.store.read(key)
  if (state.status !== 'active' || rests(vendor, state, runtime)) {
    await postpone(NEVER)
    return 'left'
  }
  try {
    const ask = { vendor, connection: key.slice(vendor.id.length + 1), minTtlSeconds: 0, ahead: true } as const
    const { source, token } = await vend(ask, runtime)
    const due = dueAt(token)
    // A stored token is looked at daily; one that is due still is in somebody's hands, or the vendor is left alone for now.
    await postpone(due > now ? earlier(due, secondsAfter(now, DAY_SECONDS)) : again(state, now))
    if (source === 'vendor') return 'renewed'
    return source === 'stale' ? 'failed' : 'left'
  } catch (error) {
    if (!(error instanceof VendingError)) throw error
    const { retryable, status } = FAILURES[error.code]
    await postpone(retryable ? again(state, now) : secondsAfter(now, HOUR_SECONDS))
    // It waits for a person, and has been counted when it began to.
    const waits = status === 424 || (!retryable && state.failure?.code === error.code)
    return waits ? 'left' : 'failed'
  }
}

/** A grant that is not used dies, so it never rests. */
function rests({ tokens }: Vendor, { askedAt, keepWarm }: State, { restAfterDays, now }: Runtime): boolean {
  if (tokens.rotates || keepWarm || !askedAt) return false
  const days = tokens.keep === 'memory' ? Math.min(restAfterDays, REST_AFTER_DAYS_IN_MEMORY) : restAfterDays
  return secondsBetween(askedAt, now()) > days * DAY_SECONDS
}

/** In a minute, and in five when it goes on failing: a fleet without its vendor must not fill the sweeps. */
const again = ({ failure }: State, now: Date): Date =>
  secondsAfter(now, MINUTE_SECONDS * Math.min((failure?.count ?? 0) + 1, 5))

const earlier = (a: Date, b: Date): Date => (a < b ? a : b)
