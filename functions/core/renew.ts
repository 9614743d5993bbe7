import { keyOf } from '../kit/connection.ts'
import { isFailure, VendingError } from '../kit/errors.ts'
import { countObtained, takeRefreshPermit } from './allowance.ts'
import { type Attempted, attempt } from './attempt.ts'
import { bars, type Failure } from './failure.ts'
import { tablePolicy, withLease } from './lease.ts'
import { share } from './memory.ts'
import { freshnessFor, isForced, isUsable, type Look, refuseTheImpossible, stale, type Vended } from './request.ts'
import type { Credentials, Runtime } from './runtime.ts'
import type { Lease } from './store.ts'

/** 'leased': another caller is at it. 'superseded': somebody overtook us; read again. */
export type NotYet = 'leased' | 'superseded'

/** The failure for which the vendor was not called, or that its answer was. */
type Withheld = Extract<Attempted, { readonly failure: Failure }>

export type Renewed = Vended | Withheld | NotYet

/** So many tokens in an hour of a vendor whose tokens are kept in memory are worth a notice. */
const NOTIFY_AT = 30

/**
 * Renews if nothing speaks against it: under the lease of the connection, or where nothing may be written down in each
 * process for itself.
 */
export async function renew(look: Look, credentials: Credentials, runtime: Runtime): Promise<Renewed> {
  const { request, row, readAt, held } = look
  const { connection, ahead } = request
  const { state } = row
  const { failure } = state
  const now = runtime.now()
  refuseTheImpossible(request, held)
  if (failure && bars(failure, credentials.version, now)) return { failure, checkedAt: readAt }

  const usable = isUsable(held, request, now) ? held : undefined
  const work = async (lease?: Lease) => {
    if (isForced(held, request, now)) await takeRefreshPermit(connection, runtime)
    const count = lease ? 0 : await countObtained(connection, runtime)
    if (count === NOTIFY_AT) await runtime.observe({ kind: 'many_obtained', connection, state, count })
    return attempt({ connection, state, credentials, lease, held: usable, used: !ahead }, runtime)
  }
  try {
    const policy = tablePolicy(connection, credentials)
    const outcome = policy
      ? await withLease(connection, { row, policy }, work, runtime)
      : await inThisProcess(look, work, runtime)
    if (typeof outcome === 'string' || 'failure' in outcome) return outcome
    refuseTheImpossible(request, outcome.token)
    const again = 'the vendor gave the token once more that its API refuses'
    const isSame = outcome.token.accessToken.value.fingerprint === request.rejected
    if (isSame) throw new VendingError('vendor_malformed', again)
    return { ...outcome, source: 'vendor' }
  } catch (error) {
    if (!usable || !isFailure(error, 'refresh_rate_limited', 'vendor_paused')) throw error
    return stale(usable, request, runtime.now(), error)
  }
}

/** All callers of a process share one renewal; with a late token in hand nobody waits for it. */
async function inThisProcess<T>(look: Look, work: () => Promise<T>, { memory, now }: Runtime): Promise<T | 'leased'> {
  const { request, held } = look
  const flight = `obtain ${keyOf(request.connection)}`
  const isLate = held !== undefined && freshnessFor(held, request, now()) === 'late'
  return isLate && memory.flights.has(flight) ? 'leased' : share(memory, flight, work)
}
