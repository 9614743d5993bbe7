import { createHash } from 'node:crypto'
import type { Secret } from './secret.ts'

/** A bearer token (RFC 6750) and what its holder needs to use it. Instants are on our clock. */
export interface AccessToken {
  readonly value: Secret
  /** Taken before the request was sent, so that expiry never counts from too late. */
  readonly issuedAt: Date
  readonly expiresAt: Date
  readonly scope?: string
  /** What the vendor's API needs beside the token: base URL, account id, domain. Nothing secret. */
  readonly context: Readonly<Record<string, string>>
}

export interface TokenPolicy {
  /** 'table': cached, sealed, shared by all processes. 'memory': never written down; each process obtains its own. */
  readonly keep: 'table' | 'memory'
  /** The longest life this vendor gives, in seconds; a longer one is cut down to it. */
  readonly maxLifeSeconds: number
  /** The life the vendor documents for an answer that states none, in seconds. */
  readonly defaultLifeSeconds?: number
  /** The part of its life after which a token is renewed ahead of need. @default 0.8 */
  readonly refreshAfter?: number
  /** A refresh token may be spent by its first use: the vendor gets longer to answer, and the lease outlives the function. */
  readonly rotates?: true
}

/** The end of a token that has none: the vendor states no life and no person has set one. Nothing is made up for it. */
export const NEVER = new Date(8.64e15)

export const isNever = (instant: Date): boolean => instant.getTime() === NEVER.getTime()

/**
 * How a held token suits what was asked:
 *
 *  issued ──────────── fresh ────────────┬─────── ageing ───────┬── expired ──►
 *                                    refreshAt          expiresAt - margin
 *
 * 'short' is a token that still works but not for as long as the caller asked.
 */
export type Freshness = 'fresh' | 'ageing' | 'short' | 'expired'

export function freshness(token: AccessToken, asked: { refreshAt: Date; minTtlSeconds: number; now: Date }): Freshness {
  const left = secondsBetween(asked.now, token.expiresAt)
  if (left <= marginSeconds(token)) return 'expired'
  if (left < asked.minTtlSeconds) return 'short'
  return asked.now < asked.refreshAt ? 'fresh' : 'ageing'
}

/** A token this close to its end is not handed out: it could die on the way to the vendor. */
export const marginSeconds = (token: AccessToken): number => Math.min(60, lifeSeconds(token) / 10)

export const lifeSeconds = (token: AccessToken): number => secondsBetween(token.issuedAt, token.expiresAt)

/**
 * When to renew ahead of need: at the policy's share of the life, shifted by up to 5 % of the life in either direction.
 * The shift comes from the connection's name, so all processes agree on it and connections made together drift apart.
 */
export function refreshAt(token: AccessToken, policy: TokenPolicy, key: string): Date {
  const spread = (createHash('sha256').update(key).digest().readUInt16BE() / 0xffff - 0.5) / 10
  return secondsAfter(token.issuedAt, lifeSeconds(token) * ((policy.refreshAfter ?? 0.8) + spread))
}

/**
 * When the schedule renews: so long before callers would that its turn, once a minute, comes before theirs even if there is
 * much to do. 5 % of the life, at least 90 s and at most 5 minutes, and never more than a quarter.
 */
export function dueAt({ accessToken, refreshAt }: { accessToken: AccessToken; refreshAt: Date }): Date {
  const life = lifeSeconds(accessToken)
  return secondsAfter(refreshAt, -Math.min(300, Math.max(90, life / 20), life / 4))
}

export const DAY_SECONDS = 24 * 60 * 60

export const secondsBetween = (from: Date, to: Date): number => (to.getTime() - from.getTime()) / 1000

export const secondsAfter = (from: Date, seconds: number): Date => new Date(from.getTime() + seconds * 1000)

/** As people and RFC 3339 write an instant: to the second, in UTC. */
export const rfc3339 = (instant: Date): string => `${instant.toISOString().slice(0, 19)}Z`
