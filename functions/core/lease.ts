import type { Connection } from '../kit/connection.ts'
import { bestEffort } from '../kit/errors.ts'
import { secondsAfter, secondsBetween } from '../kit/time.ts'
import { hasSingleUse, type TablePolicy, type TokenPolicy } from '../kit/token.ts'
import type { Credentials, Runtime } from './runtime.ts'
import type { Lease, Row, State } from './store.ts'

/*
 *  acquired                                                           until
 *  ├──── vendor, at most 8 s (15 s single use) ────┤─ record, cache ─┤
 *  ├──────────────── lease, 15 s (32 s single use) ──────────────────┤
 *
 * Where the first use of a refresh token may end it, a call whose answer comes late costs the grant: the vendor gets longer.
 * The lease outlives the call, not the function: `vendorTime` is asked right before sending, gives a call no time beyond 6 s
 * before the lease ends, and refuses who has stood still until too late for that. Another sends only when it has lapsed.
 */
const VENDOR_SECONDS = { reusable: 8, singleUse: 15 }
const LEASE_SECONDS = { reusable: 15, singleUse: 32 }
/** What a vendor may take to say where its endpoints are. */
export const LOOK_UP_SECONDS = 5
/** Three tries of the SDK at two seconds each. */
const RECORD_SECONDS = 6
/** A call with less time than that is not begun. */
const LEAST_VENDOR_SECONDS = 3

const kindOf = (policy: TokenPolicy) => (hasSingleUse(policy) ? 'singleUse' : 'reusable')

/** What a renewal needs of the function's time. */
export const renewalSeconds = (policy: TokenPolicy): number => VENDOR_SECONDS[kindOf(policy)] + RECORD_SECONDS

/**
 * How long the vendor may take now, so that what comes of it can still be recorded in the time of the function and under
 * the lease; undefined when that is too short to begin.
 */
export function vendorTime(policy: TokenPolicy, lease: Lease | undefined, runtime: Runtime): number | undefined {
  const kind = kindOf(policy)
  const ofLease = lease ? secondsBetween(runtime.now(), lease.until) : Number.POSITIVE_INFINITY
  const seconds = Math.min(VENDOR_SECONDS[kind], Math.min(runtime.timeLeft(), ofLease) - RECORD_SECONDS)
  return seconds < (kind === 'singleUse' ? VENDOR_SECONDS.singleUse : LEAST_VENDOR_SECONDS) ? undefined : seconds
}

/** The policy to cache this connection's tokens by; undefined where they may not be written down. */
export function tablePolicy({ vendor }: Connection, { document }: Credentials): TablePolicy | undefined {
  return vendor.tokens.storage === 'table' && !vendor.isStatic?.(document) ? vendor.tokens : undefined
}

/**
 * Does `work` under the lease of a connection: the only place where one is taken. 'leased' when another holds it, was
 * first, or too little time is left to call the vendor. The lease was given on condition that the fence had not moved since
 * the row was read, so that reading is the look under the lease. Work that throws gives the lease back.
 */
export async function withLease<T>(
  connection: Connection,
  { row, policy }: { readonly row: Row; readonly policy: TablePolicy },
  work: (lease: Lease) => Promise<T>,
  runtime: Runtime,
): Promise<T | 'leased'> {
  const now = runtime.now()
  const { lease: other } = row.state
  if ((other && other.until > now) || runtime.timeLeft() < renewalSeconds(policy)) return 'leased'
  const until = secondsAfter(now, LEASE_SECONDS[kindOf(policy)])
  const lease = await runtime.tokens.acquire(connection, row.state, { policy, now, until })
  if (!lease) return 'leased'
  try {
    return await work(lease)
  } catch (error) {
    // One that cannot be given back lapses.
    await bestEffort(runtime.tokens.record(lease, { unconfirmed: true }))
    throw error
  }
}

/** The writes behind the vendor's answer, before anybody else can see the token. */
const WRITES_SECONDS = 0.03

/**
 * How long to wait for the holder of a lease before the row is read again: the usual time from taking the lease to having
 * the token, then a share of what has gone by. Who has just lost the race for it has not seen it: it is a moment old.
 */
export function pauseSeconds({ lease }: State, { memory: { usualSeconds: usual }, now, random }: Runtime): number {
  const jitter = random()
  const elapsed = lease && lease.until > now() ? secondsBetween(lease.since, now()) : 0
  const rest = usual === undefined ? 0 : usual * (1 + jitter * 0.1) + WRITES_SECONDS - elapsed
  return Math.max(rest, 0.015 + elapsed * 0.12 * (0.8 + jitter * 0.4))
}
