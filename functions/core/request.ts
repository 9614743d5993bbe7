import { type Connection, keyOf } from '../kit/connection.ts'
import { type FailureCode, VendingError } from '../kit/errors.ts'
import { secondsBetween } from '../kit/time.ts'
import { type Freshness, freshness, lifeSeconds, marginSeconds, sweepAt } from '../kit/token.ts'
import type { Warning } from '../kit/vendor.ts'
import { asError, type Failure } from './failure.ts'
import type { HeldToken, Row } from './store.ts'

/** What a caller wants. */
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
  /** Why it is stale. */
  readonly fault?: FailureCode
  /** The moment before the table was last asked whether the token may be vended. @default when the row was read */
  readonly checkedAt?: Date
}

/** What a request is decided by: the row, and the token at hand that it lets us vend. */
export interface Look {
  readonly request: VendRequest
  readonly row: Row
  readonly readAt: Date
  readonly held: HeldToken | undefined
}

/** How a token at hand suits the request. 'refused': it is the one that the caller could not use. */
export function freshnessFor(token: HeldToken, request: VendRequest, now: Date): Freshness | 'refused' {
  const { minTtlSeconds, rejected, ahead } = request
  const refreshAt = ahead ? sweepAt(token) : token.refreshAt
  const fit = freshness(token.accessToken, { refreshAt, minTtlSeconds, now })
  const isRejected = rejected !== undefined && token.accessToken.value.fingerprint === rejected
  return fit !== 'expired' && isRejected ? 'refused' : fit
}

export const isUsable = (token: HeldToken | undefined, request: VendRequest, now: Date): token is HeldToken =>
  token !== undefined && !['expired', 'refused'].includes(freshnessFor(token, request, now))

/** Whether only the request makes this token too old: a renewal for it has to come out of what callers may force. */
export const isForced = (token: HeldToken | undefined, request: VendRequest, now: Date): boolean =>
  token !== undefined &&
  ['short', 'refused'].includes(freshnessFor(token, request, now)) &&
  freshness(token.accessToken, { refreshAt: token.refreshAt, minTtlSeconds: 0, now }) === 'fresh'

export const served = (token: HeldToken, warnings: readonly Warning[] = []): Vended => ({
  token,
  source: 'cache',
  warnings,
})

/** The token at hand with the failure as a warning, or the failure as an error. */
export function staleOr(failure: Failure, { request, held }: Look, now: Date): Vended {
  const error = asError(failure, now)
  if (isUsable(held, request, now)) return stale(held, request, now, error)
  throw error
}

export function stale(token: HeldToken, { minTtlSeconds }: VendRequest, now: Date, reason: VendingError): Vended {
  const left = Math.floor(secondsBetween(now, token.accessToken.expiresAt))
  const notRenewed = { code: 'not_renewed', detail: `this token could not be renewed: ${reason.message}` }
  const short = { code: 'min_ttl_not_met', detail: `it has ${left} s left, min_ttl is ${minTtlSeconds} s` }
  const warnings = left < minTtlSeconds ? [notRenewed, short] : [notRenewed]
  return { token, source: 'stale', warnings, fault: reason.code }
}

/** Asking for more than the vendor can give must not cost a vendor call each time. */
export function refuseTheImpossible(request: VendRequest, held: HeldToken | undefined): void {
  const { maxLifeSeconds } = request.connection.vendor.tokens
  const most = held ? lifeSeconds(held.accessToken) - marginSeconds(held.accessToken) : maxLifeSeconds
  if (request.minTtlSeconds > most) throw tooLong(request, most)
}

export const tooLong = ({ connection, minTtlSeconds }: VendRequest, most: number): VendingError =>
  new VendingError(
    'min_ttl_unavailable',
    `min_ttl ${minTtlSeconds} is more than ${keyOf(connection)} can give: at most ${Math.floor(most)} s`,
  )
