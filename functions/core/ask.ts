import { VendingError } from './errors.ts'
import { asError, type Failure } from './failure.ts'
import type { Credentials, Runtime } from './runtime.ts'
import type { HeldToken, State } from './store.ts'
import { dueAt, type Freshness, freshness, lifeSeconds, marginSeconds, secondsBetween } from './token.ts'
import type { Context, Vendor, Warning } from './vendor.ts'

/** What a caller wants. */
export interface Ask {
  readonly vendor: Vendor
  readonly connection: string
  /** The token must still be good for this long. 0 leaves it to the margin that always holds. */
  readonly minTtlSeconds: number
  /** Fingerprint of a token that the vendor's API refused: that one will not do, any other will. */
  readonly rejected?: string
  /** Nobody waits for it: the schedule asks, ahead of need. */
  readonly ahead?: true
}

export interface Vended {
  readonly token: HeldToken
  readonly source: 'cache' | 'vendor' | 'stale'
  readonly warnings: readonly Warning[]
}

export type Connection = Pick<Ask, 'vendor' | 'connection'>

export const keyOf = ({ vendor, connection }: Connection): string => `${vendor.id}#${connection}`

const CREDENTIALS_MAX_AGE_SECONDS = 300

/** How a token at hand suits what was asked. 'refused': it is the one the caller could not use. */
export function suits(token: HeldToken, { minTtlSeconds, rejected, ahead }: Ask, now: Date): Freshness | 'refused' {
  const refreshAt = ahead ? dueAt(token) : token.refreshAt
  const fit = freshness(token.accessToken, { refreshAt, minTtlSeconds, now })
  return fit !== 'expired' && token.accessToken.value.fingerprint === rejected ? 'refused' : fit
}

export const works = (fit: Freshness | 'refused'): boolean => fit !== 'expired' && fit !== 'refused'

export const served = (token: HeldToken, warnings: readonly Warning[] = []): Vended => ({
  token,
  source: 'cache',
  warnings,
})

export function staleOr(failure: Failure, held: HeldToken | undefined, ask: Ask, now: Date): Vended {
  if (held && works(suits(held, ask, now))) return stale(held, ask, now, failure.detail)
  throw asError(failure, now)
}

export function stale(token: HeldToken, ask: Ask, now: Date, reason: string): Vended {
  const warnings = [{ code: 'not_renewed', detail: `this token is ageing and could not be renewed: ${reason}` }]
  const left = Math.floor(secondsBetween(now, token.accessToken.expiresAt))
  if (left >= ask.minTtlSeconds) return { token, source: 'stale', warnings }
  const short = { code: 'min_ttl_not_met', detail: `it has ${left} s left, ${ask.minTtlSeconds} s were asked for` }
  return { token, source: 'stale', warnings: [...warnings, short] }
}

/** Asking for more than the vendor can give must not cost a vendor call each time. */
export function refuseTheImpossible(ask: Ask, held: HeldToken | undefined): void {
  const most = held ? lifeSeconds(held.accessToken) - marginSeconds(held.accessToken) : ask.vendor.tokens.maxLifeSeconds
  if (ask.minTtlSeconds > most) throw tooLong(ask, most)
}

export function tooLong(ask: Ask, seconds: number): VendingError {
  const most = Math.floor(seconds)
  return new VendingError(
    'min_ttl_unavailable',
    `min_ttl ${ask.minTtlSeconds} is more than ${keyOf(ask)} can give: at most ${most} s`,
  )
}

/** While the credentials are barred, any call may be the first with new ones: then they are read afresh. */
export function credentialsFor(
  { vendor, connection }: Connection,
  { failure }: State,
  runtime: Runtime,
): Promise<Credentials> {
  const barred =
    failure !== undefined &&
    ['credential_rejected', 'configuration', 'grant_rejected', 'credential_expired', 'credential_revoked'].includes(
      failure.code,
    )
  return runtime.credentials.read(vendor.id, connection, barred ? 0 : CREDENTIALS_MAX_AGE_SECONDS)
}

export const contextFor = (
  vendor: Vendor,
  { http, now, deadline, allowedHosts }: Runtime,
  seconds: number,
): Context => ({
  http,
  now,
  signal: deadline(seconds),
  hosts: [...vendor.hosts, ...allowedHosts],
  policy: vendor.tokens,
})
