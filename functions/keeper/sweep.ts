import { needsConsent } from '../core/failure.ts'
import { renewalSeconds } from '../core/lease.ts'
import type { Runtime } from '../core/runtime.ts'
import type { State } from '../core/store.ts'
import { vend } from '../core/vend.ts'
import type { Connection } from '../kit/connection.ts'
import { bestEffort, FAILURES, VendingError } from '../kit/errors.ts'
import { DAY_SECONDS, NEVER, secondsAfter, secondsBetween } from '../kit/time.ts'
import { hasSingleUse, sweepAt } from '../kit/token.ts'
import type { Vendor } from '../kit/vendor.ts'
import { forEach } from './pool.ts'

export interface KeeperRuntime extends Runtime {
  /** A connection that nobody has used in so many days is not renewed ahead of need. */
  readonly restAfterDays: number
}

/** What came of one sweep. */
export interface Sweep {
  readonly due: number
  readonly renewed: number
  readonly failed: number
  /** Not begun, for want of time. */
  readonly left: number
}

const MINUTE_SECONDS = 60
const HOUR_SECONDS = 60 * MINUTE_SECONDS
/** Where tokens stay in memory connections rest sooner: each token is obtained for one process, which nobody may use. */
const REST_AFTER_DAYS_IN_MEMORY = 2
const MOST = 500
/** So that a vendor sees no burst even of connections that were made together. */
const PACE = { atOnce: 16, perSecond: 16 }
/** Reading the row before the renewal itself. */
const OWN_SECONDS = 1

/**
 * Renews what is due, ahead of need: the same `vend`, called by the schedule, under the same lease, so that it may run
 * twice, late, or beside another. When tokens are due is spread by their connections' names (`refreshAt`). What is left
 * over is still due in a minute.
 */
export async function renewDue(vendor: Vendor, runtime: KeeperRuntime): Promise<Sweep> {
  try {
    const { broken, ...sweep } = await renewAll(vendor, runtime)
    const fault = faultOf({ ...sweep, broken })
    await runtime.observe({ kind: 'swept', vendor, ...(fault !== undefined && { fault }) })
    return sweep
  } catch (error) {
    const fault = error instanceof VendingError ? error.message : 'it broke on our side'
    await runtime.observe({ kind: 'swept', vendor, fault })
    throw error
  }
}

/** What people have to hear of: work left undone, or undone for a reason of our own. */
function faultOf({ left, broken }: Sweep & { readonly broken: number }): string | undefined {
  if (left > 0) return `${left} renewals were due and could not be begun in time`
  return broken > 0 ? `${broken} renewals failed since the table, the key service or the secret store did` : undefined
}

async function renewAll(vendor: Vendor, runtime: KeeperRuntime): Promise<Sweep & { readonly broken: number }> {
  const due = await runtime.registry.due(vendor, runtime.now(), MOST)
  const sweep = { due: due.length, renewed: 0, failed: 0, broken: 0 }
  const work = async (connection: Connection) => {
    const outcome = await renewAhead(connection, runtime)
    if (outcome === 'renewed') sweep.renewed += 1
    if (outcome === 'failed' || outcome === 'broken') sweep.failed += 1
    if (outcome === 'broken') sweep.broken += 1
  }
  const pool = { ...PACE, secondsEach: renewalSeconds(vendor.tokens) + OWN_SECONDS }
  const left = await forEach(due, pool, work, runtime)
  return { ...sweep, left: left.length }
}

/** 'broken': it failed for a reason of our own. */
type Renewed = 'renewed' | 'failed' | 'broken' | 'nothing to do'

async function renewAhead(connection: Connection, runtime: KeeperRuntime): Promise<Renewed> {
  const now = runtime.now()
  const postpone = (until: Date) => bestEffort(runtime.registry.postpone(connection, { now, until }))
  let state: State | undefined
  try {
    state = (await runtime.tokens.read(connection)).state
    if (state.status !== 'active' || needsConsent(state.failure) || rests(connection, state, runtime)) {
      await postpone(NEVER)
      return 'nothing to do'
    }
    const { source, token, fault } = await vend({ connection, minTtlSeconds: 0, ahead: true }, runtime)
    const due = sweepAt(token)
    // A static token is checked daily; one that is due still is in somebody's hands, or the vendor is left alone for now.
    await postpone(due > now ? earlier(due, secondsAfter(now, DAY_SECONDS)) : again(state, now))
    if (source === 'vendor') return 'renewed'
    if (source === 'cache') return 'nothing to do'
    return fault === 'store_unavailable' ? 'broken' : 'failed'
  } catch (error) {
    if (!(error instanceof VendingError)) throw error
    const { retryable, status } = FAILURES[error.code]
    await postpone(retryable ? again(state, now) : secondsAfter(now, HOUR_SECONDS))
    if (error.code === 'store_unavailable') return 'broken'
    // It waits for a person, and has been counted when it began to.
    const waits = status === 424 || (!retryable && state?.failure?.code === error.code)
    return waits ? 'nothing to do' : 'failed'
  }
}

/** A grant that is not used dies, so it does not rest. */
function rests({ vendor }: Connection, { usedAt, keepWarm }: State, { restAfterDays, now }: KeeperRuntime): boolean {
  if (hasSingleUse(vendor.tokens) || keepWarm || !usedAt) return false
  const days = vendor.tokens.storage === 'memory' ? Math.min(restAfterDays, REST_AFTER_DAYS_IN_MEMORY) : restAfterDays
  return secondsBetween(usedAt, now()) > days * DAY_SECONDS
}

/** In a minute, and in five when it goes on failing: a fleet without its vendor must not fill the sweeps. */
const again = (state: State | undefined, now: Date): Date =>
  secondsAfter(now, MINUTE_SECONDS * Math.min((state?.failure?.count ?? 0) + 1, 5))

const earlier = (a: Date, b: Date): Date => (a < b ? a : b)
