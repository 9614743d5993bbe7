import { createHash } from 'node:crypto'
import type { Secret } from './secret.ts'
import { secondsAfter, secondsBetween } from './time.ts'

/** A bearer token (RFC 6750) and what its holder needs to use it. */
export interface AccessToken {
  readonly value: Secret
  /** Taken before the request was sent, so that expiry never counts from too late. */
  readonly issuedAt: Date
  readonly expiresAt: Date
  readonly scope?: string
  /** What the vendor's API needs beside the token: base URL, account id, domain. Nothing secret. */
  readonly context: Readonly<Record<string, string>>
}

/** When a token was obtained and when it ends: all it takes to say how fresh it is. */
export type Lifetime = Pick<AccessToken, 'issuedAt' | 'expiresAt'>

interface Life {
  /** The longest life this vendor gives, in seconds; a longer one is cut down to it. */
  readonly maxLifeSeconds: number
  /** The life the vendor documents for an answer that states none, in seconds. */
  readonly defaultLifeSeconds?: number
  /** The part of its life after which a token is renewed ahead of need. @default 0.8 */
  readonly refreshAfter?: number
}

/** Tokens are cached in the table, sealed, and shared by all processes. */
export interface TablePolicy extends Life {
  readonly storage: 'table'
  /** The first use of a refresh token may end it: the vendor gets longer to answer, and the lease outlives it. */
  readonly singleUseRefreshToken?: true
  /** When the vendor ends a grant, by its documents, so that a person has to consent anew. @default it says so, or never */
  readonly grant?: GrantLife
}

/** How long a grant lives, in seconds. */
export interface GrantLife {
  /** Without a renewal. */
  readonly idleSeconds?: number
  /** In all, from the consent on. */
  readonly maxSeconds?: number
}

/** Tokens are never written down: each process obtains its own. A cached token needs a TablePolicy, which this is not. */
export interface MemoryPolicy extends Life {
  readonly storage: 'memory'
}

export type TokenPolicy = TablePolicy | MemoryPolicy

export const hasSingleUse = (policy: TokenPolicy): boolean =>
  policy.storage === 'table' && policy.singleUseRefreshToken === true

/**
 * How much of its life a token has left:
 *
 *  issued ───────── fresh ─────────┬───── ageing ─────┬─── late ───┬── expired ──►
 *                              refreshAt           lateAt   expiresAt - margin
 *
 * An ageing token is left to the sweep; a late one is renewed by who asks for it. 'short' is a token that still works but not
 * for as long as the caller wants.
 */
export type Freshness = 'fresh' | 'ageing' | 'late' | 'short' | 'expired'

interface Judged {
  readonly policy: TokenPolicy
  readonly minTtlSeconds: number
  readonly now: Date
}

export function freshness({ accessToken, refreshAt }: Timed, { policy, minTtlSeconds, now }: Judged): Freshness {
  if (isExpired(accessToken, now)) return 'expired'
  if (secondsBetween(now, accessToken.expiresAt) < minTtlSeconds) return 'short'
  if (now < refreshAt) return 'fresh'
  // Each process has its own, and a sweep reaches one of them.
  if (policy.storage === 'memory') return 'late'
  return now < secondsAfter(accessToken.expiresAt, -marginSeconds(accessToken) - LATE_SECONDS) ? 'ageing' : 'late'
}

/** So long before the margin callers no longer leave a token to the sweep, which comes once a minute. */
const LATE_SECONDS = 3 * 60

/** A token and when it is to be renewed. */
export interface Timed {
  readonly accessToken: Lifetime
  readonly refreshAt: Date
}

/** Whether it has ended, or so nearly that it may not be handed out any more. */
export const isExpired = (token: Lifetime, now: Date): boolean =>
  secondsBetween(now, token.expiresAt) <= marginSeconds(token)

/** A token this close to its end is not handed out: it could expire on the way to the vendor. At least one second. */
export const marginSeconds = (token: Lifetime): number => Math.min(60, Math.max(1, lifeSeconds(token) / 10))

export const lifeSeconds = (token: Lifetime): number => secondsBetween(token.issuedAt, token.expiresAt)

/**
 * When to renew ahead of need: at the policy's share of the life, shifted by up to 5 % of the life in either direction.
 * The shift comes from the connection's key, so all processes agree on it and connections made together drift apart.
 */
export function refreshAt(token: Lifetime, policy: Pick<TokenPolicy, 'refreshAfter'>, key: string): Date {
  const spread = (createHash('sha256').update(key).digest().readUInt16BE() / 0xffff - 0.5) / 10
  return secondsAfter(token.issuedAt, lifeSeconds(token) * ((policy.refreshAfter ?? 0.8) + spread))
}

/**
 * When the sweep renews: so long before callers would that its turn, once a minute, comes before theirs even if there is
 * much to do. 5 % of the life, at least 90 s and at most 5 minutes, and never more than a quarter.
 */
export function sweepAt({ accessToken, refreshAt }: Timed): Date {
  const life = lifeSeconds(accessToken)
  return secondsAfter(refreshAt, -Math.min(300, Math.max(90, life / 20), life / 4))
}
