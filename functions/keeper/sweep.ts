import { needsConsent } from '../core/failure.ts'
import { renewalSeconds } from '../core/lease.ts'
import type { Runtime } from '../core/runtime.ts'
import type { State } from '../core/store.ts'
import { vend } from '../core/vend.ts'
import type { Connection } from '../kit/connection.ts'
import { bestEffort, FAILURES, VendingError } from '../kit/errors.ts'
import { DAY_SECONDS, earlier, NEVER, secondsAfter, secondsBetween } from '../kit/time.ts'
import { hasSingleUse, sweepAt } from '../kit/token.ts'
import type { Vendor } from '../kit/vendor.ts'
import { paceFrom } from './pace.ts'
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
  /** Due, and not begun. */
  readonly left: number
}

const MINUTE_SECONDS = 60
const HOUR_SECONDS = 60 * MINUTE_SECONDS
/** Where tokens stay in memory connections rest sooner: each token is obtained for one process, which nobody may use. */
const REST_AFTER_DAYS_IN_MEMORY = 2
/** Reading the row before the renewal itself. */
const OWN_SECONDS = 1
/** So many are looked up at a time. */
const PAGE = 1000
/** When so many fail one after another the vendor has nothing for the others either: they are left to the next sweep. */
const DOWN_AFTER = 64
/** A token that lives for six minutes or more is due at least so long before callers renew it (`sweepAt`). */
const OVERDUE_SECONDS = 90

/**
 * Renews what is due, ahead of need: the same `vend`, called by the schedule, under the same lease, so that it may run
 * twice, late, or beside another: what another is renewing it passes over. When tokens are due is spread by their
 * connections' names (`refreshAt`). What is left over is still due in a minute.
 */
export async function renewDue(vendor: Vendor, runtime: KeeperRuntime): Promise<Sweep> {
  try {
    const { late, broken, ...sweep } = await renewAll(vendor, runtime)
    const fault = faultOf(late, broken)
    await runtime.observe({ kind: 'swept', vendor, ...(fault !== undefined && { fault }) })
    return sweep
  } catch (error) {
    const fault = error instanceof VendingError ? error.message : 'it broke on our side'
    await runtime.observe({ kind: 'swept', vendor, fault })
    throw error
  }
}

/** What people have to hear of: work that is not done in time, or undone for a reason of our own. */
function faultOf(late: number, broken: number): string | undefined {
  if (late > 0) return `${late} renewals were due for more than ${OVERDUE_SECONDS} s and could not be begun in time`
  return broken > 0 ? `${broken} renewals failed since the table, the key service or the secret store did` : undefined
}

interface Tally extends Sweep {
  /** Of what is left: what callers may have to renew. The rest the next sweep renews before them. */
  readonly late: number
  /** Of what failed: for a reason of our own. */
  readonly broken: number
}

async function renewAll(vendor: Vendor, runtime: KeeperRuntime): Promise<Tally> {
  const { registry, now } = runtime
  const pace = paceFrom(runtime)
  const count: Record<Renewed, number> = { renewed: 0, failed: 0, broken: 0, 'nothing to do': 0 }
  const begun = new Set<string>()
  let failedInARow = 0
  /** What was begun may still stand at the head of the index, which is a moment behind. */
  const due = async (at: Date, limit = Number.POSITIVE_INFINITY) =>
    (await registry.due(vendor, at, begun.size + limit)).filter(({ name }) => !begun.has(name))
  const work = async (connection: Connection) => {
    begun.add(connection.name)
    const outcome = await pace.measured(renewAhead(connection, runtime))
    count[outcome] += 1
    if (outcome !== 'nothing to do') failedInARow = outcome === 'renewed' ? 0 : failedInARow + 1
  }
  const isDown = () => failedInARow >= DOWN_AFTER
  const isOver = () => isDown() || pace.isOver()
  const secondsEach = renewalSeconds(vendor.tokens) + OWN_SECONDS
  const tally = (left: number, late: number): Tally => {
    const { renewed, failed, broken } = count
    return { due: begun.size + left, renewed, failed: failed + broken, broken, left, late }
  }
  for (;;) {
    const page = await due(now(), PAGE)
    const isLast = page.length < PAGE
    const atOnce = (waiting: number) => pace.lanes(isLast ? waiting : Number.POSITIVE_INFINITY)
    const left = await forEach(page, { atOnce, secondsEach, isOver }, work, runtime)
    if (left.length > 0) break
    if (isLast) return tally(0, 0)
  }
  // A vendor that is down is reported by what failed.
  const late = isDown() ? [] : await due(secondsAfter(now(), -OVERDUE_SECONDS))
  return tally((await due(now())).length, late.length)
}

/** 'broken': it failed for a reason of our own. */
type Renewed = 'renewed' | 'failed' | 'broken' | 'nothing to do'

async function renewAhead(connection: Connection, runtime: KeeperRuntime): Promise<Renewed> {
  const readAt = runtime.now()
  const postpone = (until: Date) => bestEffort(runtime.registry.postpone(connection, { now: readAt, until }))
  let state: State | undefined
  try {
    const row = await runtime.tokens.read(connection)
    state = row.state
    if (state.status !== 'active' || needsConsent(state.failure) || rests(connection, state, runtime)) {
      await postpone(NEVER)
      return 'nothing to do'
    }
    const request = { connection, minTtlSeconds: 0, ahead: true } as const
    const { source, token, fault } = await vend(request, runtime, { row, readAt })
    // With the renewal its next turn was recorded.
    if (source === 'vendor') return 'renewed'
    const due = sweepAt(token)
    if (source === 'cache') {
      // A static token is checked daily. One that is due still is in somebody's hands.
      if (due > readAt) await postpone(earlier(due, secondsAfter(readAt, DAY_SECONDS)))
      return 'nothing to do'
    }
    // Nothing renews it, as the person was told who connected it.
    const isForOnce = fault === 'not_connected'
    await postpone(isForOnce ? secondsAfter(readAt, HOUR_SECONDS) : again(state, readAt))
    if (isForOnce) return 'nothing to do'
    return fault === 'store_unavailable' ? 'broken' : 'failed'
  } catch (error) {
    if (!(error instanceof VendingError)) throw error
    // Another was first.
    if (error.code === 'busy') return 'nothing to do'
    const { retryable, status } = FAILURES[error.code]
    await postpone(retryable ? again(state, readAt) : secondsAfter(readAt, HOUR_SECONDS))
    if (error.code === 'store_unavailable') return 'broken'
    // It waits for a person, and has been counted when it began to.
    const waits = status === 424 || (!retryable && state?.failure?.code === error.code)
    return waits ? 'nothing to do' : 'failed'
  }
}

/** A grant that is not used dies, so it does not rest: also one whose refresh token is used again and again. */
export function rests(
  { vendor }: Connection,
  { usedAt, keepWarm }: State,
  { restAfterDays, now }: Pick<KeeperRuntime, 'restAfterDays' | 'now'>,
): boolean {
  if (hasSingleUse(vendor.tokens) || vendor.authorization || keepWarm || !usedAt) return false
  const days = vendor.tokens.storage === 'memory' ? Math.min(restAfterDays, REST_AFTER_DAYS_IN_MEMORY) : restAfterDays
  return secondsBetween(usedAt, now()) > days * DAY_SECONDS
}

/** In a minute, and in five when it goes on failing: a fleet without its vendor must not fill the sweeps. */
const again = (state: State | undefined, now: Date): Date =>
  secondsAfter(now, MINUTE_SECONDS * Math.min((state?.failure?.count ?? 0) + 1, 5))
