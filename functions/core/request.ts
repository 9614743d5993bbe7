import { type Connection, labelOf } from '../kit/connection.ts'
import { type FailureCode, VendingError } from '../kit/errors.ts'
import { secondsBetween } from '../kit/time.ts'
import { type Freshness, freshness, lifeSeconds, marginSeconds, sweepAt } from '../kit/token.ts'
import type { Warning } from '../kit/vendor.ts'
import { asError, type Failure, needsConsent } from './failure.ts'
import type { HeldToken, Read } from './store.ts'

export interface VendRequest {
  readonly connection: Connection
  /** The token must still be good for this long. 0 leaves it to the margin that always holds. */
  readonly minTtlSeconds: number
  /** Fingerprint of a token that the vendor's API refused: that one will not do, any other will. */
  readonly rejected?: string
  /** Nobody waits for it: the schedule renews ahead of need. */
  readonly ahead?: true
}

export interface Vended {
  readonly token: HeldToken
  readonly source: 'cache' | 'vendor' | 'stale'
  readonly warnings: readonly Warning[]
  readonly fault?: FailureCode
  /** The moment before the table was last asked whether the token may be vended. @default when the row was read */
  readonly checkedAt?: Date
}

/** What a request is decided by: the row, and the token at hand that it lets us vend. */
export interface Look extends Read {
  readonly request: VendRequest
  readonly held: HeldToken | undefined
}

/** How a token at hand suits the request. 'refused': it is the one that the caller could not use. */
export function freshnessFor(token: HeldToken, request: VendRequest, now: Date): Freshness | 'refused' {
  const { connection, minTtlSeconds, rejected, ahead } = request
  const refreshAt = ahead ? sweepAt(token) : token.refreshAt
  const fit = freshness({ ...token, refreshAt }, { policy: connection.vendor.tokens, minTtlSeconds, now })
  const isRejected = rejected !== undefined && token.accessToken.value.fingerprint === rejected
  if (fit !== 'expired' && isRejected) return 'refused'
  if (token.isReplaced && fit === 'fresh') return 'late'
  // The schedule is the sweep that others leave it to.
  return (ahead || token.isReplaced) && fit === 'ageing' ? 'late' : fit
}

export const isUsable = (token: HeldToken | undefined, request: VendRequest, now: Date): token is HeldToken =>
  token !== undefined && !['expired', 'refused'].includes(freshnessFor(token, request, now))

/** Whether only the request makes this token too old: a renewal for it has to come out of what callers may force. */
export const isForced = (token: HeldToken | undefined, request: VendRequest, now: Date): boolean =>
  token !== undefined &&
  ['short', 'refused'].includes(freshnessFor(token, request, now)) &&
  freshness(token, { policy: request.connection.vendor.tokens, minTtlSeconds: 0, now }) === 'fresh'

export function served(token: HeldToken, warnings: readonly Warning[] = []): Vended {
  return { token, source: 'cache', warnings }
}

/** The token at hand with the failure as a warning, or the failure as an error. */
export function staleOr(failure: Failure, { request, held }: Pick<Look, 'request' | 'held'>, now: Date): Vended {
  const error = asError(failure, now)
  if (!isUsable(held, request, now)) throw error
  if (!needsConsent(failure)) return stale(held, request, now, error)
  const detail = `a person has to connect again before this token ends: ${failure.detail}`
  return served(held, [{ code: 'reconnect_needed', detail }, ...shortOf(held, request, now)])
}

export function stale(token: HeldToken, request: VendRequest, now: Date, reason: VendingError): Vended {
  const notRenewed = { code: 'not_renewed', detail: `nobody could renew or check this token: ${reason.message}` }
  return { token, source: 'stale', warnings: [notRenewed, ...shortOf(token, request, now)], fault: reason.code }
}

function shortOf({ accessToken }: HeldToken, { minTtlSeconds }: VendRequest, now: Date): readonly Warning[] {
  const left = Math.floor(secondsBetween(now, accessToken.expiresAt))
  if (left >= minTtlSeconds) return []
  return [{ code: 'min_ttl_not_met', detail: `it has ${left} s left, min_ttl is ${minTtlSeconds} s` }]
}

/** Asking for more than the vendor can give must not cost a vendor call each time. */
export function refuseTheImpossible(request: VendRequest, held: HeldToken | undefined): void {
  const { maxLifeSeconds } = request.connection.vendor.tokens
  const most = held ? lifeSeconds(held.accessToken) - marginSeconds(held.accessToken) : maxLifeSeconds
  if (request.minTtlSeconds > most) throw tooLong(request, most)
}

export function tooLong({ connection, minTtlSeconds }: VendRequest, mostSeconds: number): VendingError {
  const maxMinTtlSeconds = Math.floor(mostSeconds)
  const why = `min_ttl ${minTtlSeconds} is more than ${labelOf(connection)} can give: at most ${maxMinTtlSeconds} s`
  return new VendingError('min_ttl_unavailable', why, { maxMinTtlSeconds })
}
