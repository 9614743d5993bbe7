import { type Connection, keyOf } from '../kit/connection.ts'
import { isFailure, VendingError } from '../kit/errors.ts'
import { secondsBetween } from '../kit/time.ts'
import { permitAt, takeRefreshPermit, windowEnd } from './allowance.ts'
import { attempt } from './attempt.ts'
import { bars } from './failure.ts'
import { tablePolicy, withLease } from './lease.ts'
import { share } from './memory.ts'
import {
  freshnessFor,
  isForced,
  isUsable,
  type Look,
  refuseTheImpossible,
  stale,
  staleOr,
  type Vended,
} from './request.ts'
import type { Credentials, Runtime } from './runtime.ts'
import type { Lease, State } from './store.ts'

/**
 * Renews if nothing speaks against it: under the lease of the connection, or where nothing may be written down in each
 * process for itself. 'leased': another caller is at it. 'superseded': somebody overtook us; read again.
 */
export async function renew(
  look: Look,
  credentials: Credentials,
  runtime: Runtime,
): Promise<Vended | 'leased' | 'superseded'> {
  const { request, row, held } = look
  const { connection, ahead } = request
  const { state } = row
  const now = runtime.now()
  if (state.failure && bars(state.failure, credentials.version, now)) return staleOr(state.failure, look, now)

  const usable = isUsable(held, request, now) ? held : undefined
  const work = async (lease?: Lease) => {
    if (isForced(held, request, now)) await takeRefreshPermit(connection, runtime)
    if (!lease) await countObtained(connection, state, runtime)
    return attempt({ connection, state, credentials, lease, held: usable, used: !ahead }, runtime)
  }
  try {
    const policy = tablePolicy(connection, credentials)
    const outcome = policy
      ? await withLease(connection, { row, policy }, work, runtime)
      : await inThisProcess(look, work, runtime)
    if (outcome === 'leased' || outcome === 'superseded') return outcome
    if ('failure' in outcome) return { ...staleOr(outcome.failure, look, runtime.now()), checkedAt: outcome.checkedAt }
    refuseTheImpossible(request, outcome.token)
    return { ...outcome, source: 'vendor' }
  } catch (error) {
    if (!usable || !isFailure(error, 'refresh_rate_limited', 'vendor_paused')) throw error
    return stale(usable, request, runtime.now(), error)
  }
}

/** All callers of a process share one renewal; with an ageing token in hand nobody waits for it. */
async function inThisProcess<T>(
  { request, held }: Look,
  work: () => Promise<T>,
  { memory, now }: Runtime,
): Promise<T | 'leased'> {
  const flight = `obtain ${keyOf(request.connection)}`
  const isAgeing = held !== undefined && freshnessFor(held, request, now()) === 'ageing'
  return isAgeing && memory.flights.has(flight) ? 'leased' : share(memory, flight, work)
}

/** A process needs two tokens an hour. Many more means that processes come and go, or that callers refuse what they get. */
const OBTAINED = { most: 120, windowSeconds: 3600 }
const NOTIFY_AT = 30

/** Throws `vendor_paused` when this hour's tokens of a vendor whose tokens are kept in memory are used up. */
async function countObtained(connection: Connection, state: State, runtime: Runtime): Promise<void> {
  const limit = { ...OBTAINED, name: `OBTAINED#${connection.name}` }
  const now = runtime.now()
  const count = await runtime.allowance.take(connection.vendor, limit, permitAt(now))
  if (count === NOTIFY_AT) await runtime.observe({ kind: 'many_obtained', connection, state, count })
  if (count !== undefined) return
  const retryAfterSeconds = Math.ceil(secondsBetween(now, windowEnd(limit, now)))
  const spent = `${keyOf(connection)} has obtained ${OBTAINED.most} tokens this hour, which is its limit`
  throw new VendingError('vendor_paused', spent, { retryAfterSeconds })
}
