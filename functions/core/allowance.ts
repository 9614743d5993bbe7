import { randomUUID } from 'node:crypto'
import { type Connection, labelOf } from '../kit/connection.ts'
import { bestEffort, type FailureCode, isFailure, VendingError } from '../kit/errors.ts'
import { secondsAfter, secondsBetween } from '../kit/time.ts'
import type { Vendor } from '../kit/vendor.ts'

/** So many in each fixed stretch of time. Over an edge between two stretches it may be twice as many. */
export interface Limit {
  /** Tells the limits of one vendor apart. */
  readonly name: string
  readonly most: number
  readonly windowSeconds: number
}

export interface Use {
  readonly taken: number
  /** The vendor told us to stop until then. */
  readonly blockedUntil?: Date
}

/**
 * Everything that is counted and limited, by one mechanism. What is taken has an id, so that a write which the SDK repeats
 * counts once. Throws `store_unavailable` as the token store does.
 */
export interface Allowance {
  /** Takes one. Returns how many are taken in this stretch, this one included; undefined when none is left, or it is blocked. */
  take(vendor: Vendor, limit: Limit, permit: { readonly id: string; readonly now: Date }): Promise<number | undefined>

  giveBack(vendor: Vendor, limit: Limit, permit: { readonly id: string; readonly now: Date }): Promise<void>

  use(vendor: Vendor, limit: Limit, now: Date): Promise<Use>

  /** Nothing of this limit may be taken until then. */
  block(vendor: Vendor, limit: Limit, until: Date): Promise<void>
}

interface Counting {
  readonly allowance: Allowance
  readonly now: () => Date
}

/** Renewals that a caller may force: by reporting a refused token, or by asking for more life than the token has left. */
const FORCED = [
  { name: 'REFRESH', most: 1, windowSeconds: 60 },
  { name: 'REFRESH-HOUR', most: 30, windowSeconds: 3600 },
]

/** Throws `refresh_rate_limited` when callers have forced their share of renewals of this connection. */
export async function takeRefreshPermit(connection: Connection, counting: Counting): Promise<void> {
  for (const limit of FORCED) await takeOrThrow('refresh_rate_limited', connection, limit, counting)
}

/** A process needs two tokens an hour. Many more means that processes come and go, or that callers refuse what they get. */
const OBTAINED = { name: 'OBTAINED', most: 120, windowSeconds: 3600 }

/**
 * Counts a try for a token that is kept in memory. Returns how many this hour has had; throws `vendor_paused`
 * when they are used up.
 */
export const countObtained = (connection: Connection, counting: Counting): Promise<number> =>
  takeOrThrow('vendor_paused', connection, OBTAINED, counting)

async function takeOrThrow(code: FailureCode, connection: Connection, all: Limit, { allowance, now }: Counting) {
  const limit = { ...all, name: `${all.name}#${connection.name}` }
  const count = await allowance.take(connection.vendor, limit, permitAt(now()))
  if (count !== undefined) return count
  const spent = `${labelOf(connection)} has been renewed ${all.most} times in ${all.windowSeconds} s, which is the limit`
  throw new VendingError(code, spent, { retryAfterSeconds: Math.ceil(secondsBetween(now(), windowEnd(limit, now()))) })
}

/** The start and the end of the stretch of time that `now` falls into. */
export const windowStart = ({ windowSeconds }: Limit, now: Date): Date =>
  new Date(now.getTime() - (now.getTime() % (windowSeconds * 1000)))
export const windowEnd = (limit: Limit, now: Date): Date => secondsAfter(windowStart(limit, now), limit.windowSeconds)

const permitAt = (now: Date) => ({ id: randomUUID().slice(0, 8), now })

/**
 * Refused credentials of one vendor: over the edge of two stretches 20 in 5 minutes. Accelo locks an address out after 100
 * (Accelo API documentation, "Authentication", 2026-11). Credentials that have not worked yet take a permit before they are
 * sent. Proven ones only look whether one is left, so that good renewals do not hold each other up: beyond the limit at
 * most those are refused that are on their way.
 */
const REFUSALS: Limit = { name: 'REFUSALS', most: 10, windowSeconds: 300 }
/** What has been refused is counted, whatever the limit. */
const COUNTED = { ...REFUSALS, most: Number.MAX_SAFE_INTEGER }
const BUSY_RETRY_SECONDS = 5
const LOCK_OUT_SECONDS = 300

/**
 * Calls the vendor if it has not refused too much or told us to stop, and counts how that went: otherwise throws
 * `vendor_paused`. What cannot be counted is no reason to lose what the vendor gave us.
 */
export async function withCallPermit<T>(
  vendor: Vendor,
  credentials: 'proven' | 'unproven',
  call: () => Promise<T>,
  { allowance, now }: Counting,
): Promise<T> {
  const permit = permitAt(now())
  const hasPermit = credentials === 'unproven' && (await allowance.take(vendor, REFUSALS, permit)) !== undefined
  if (!hasPermit) {
    const { taken, blockedUntil } = await allowance.use(vendor, REFUSALS, permit.now)
    if (blockedUntil) throw paused(`${vendor.title} has locked us out`, secondsBetween(permit.now, blockedUntil))
    if (credentials === 'unproven' || taken >= REFUSALS.most)
      throw paused(`${vendor.title} has refused too many of our calls in these 5 minutes`, BUSY_RETRY_SECONDS)
  }
  try {
    const answer = await call()
    if (credentials === 'unproven') await bestEffort(allowance.giveBack(vendor, REFUSALS, permit))
    return answer
  } catch (error) {
    const refused = isFailure(error, 'credential_rejected')
    if (refused && credentials === 'proven')
      await bestEffort(allowance.take(vendor, COUNTED, { ...permit, now: now() }))
    if (!refused && credentials === 'unproven') await bestEffort(allowance.giveBack(vendor, REFUSALS, permit))
    if (isFailure(error, 'vendor_locked_out')) {
      const until = secondsAfter(now(), error.retryAfterSeconds ?? LOCK_OUT_SECONDS)
      await bestEffort(allowance.block(vendor, REFUSALS, until))
    }
    throw error
  }
}

const paused = (why: string, retryAfterSeconds: number): VendingError =>
  new VendingError('vendor_paused', `${why}; it is left alone for a while`, { retryAfterSeconds })
