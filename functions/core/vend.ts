import { call } from './call.ts'
import { FAILURES, isFailure, VendingError } from './errors.ts'
import { asError, bars, type Failure, remember } from './failure.ts'
import { recall, share } from './memory.ts'
import { expiryNotice } from './notice.ts'
import type { Credentials, Runtime } from './runtime.ts'
import { isLeased, type Lease, type Row, type State, type StoredToken } from './store.ts'
import { freshness, lifeSeconds, marginSeconds, refreshAt, secondsAfter, secondsBetween } from './token.ts'
import type { Vendor, Warning } from './vendor.ts'

/** Longer than two vendor calls can take before the second is given up, so that a live holder never loses it. */
const LEASE_SECONDS = 15
/** A caller without anything to serve waits this long for the holder of the lease. */
const WAIT_SECONDS = 6
const CREDENTIALS_MAX_AGE_SECONDS = 300

export interface Ask {
  readonly vendor: Vendor
  readonly connection: string
  /** The token must still be good for this long. 0 leaves it to the margin that always holds. */
  readonly minTtlSeconds: number
}

export interface Vended {
  readonly token: StoredToken
  readonly source: 'cache' | 'vendor' | 'stale'
  readonly warnings: readonly Warning[]
}

export const keyOf = ({ vendor, connection }: Pick<Ask, 'vendor' | 'connection'>): string =>
  `${vendor.id}#${connection}`

/**
 * Gives a token that is fresh now: from our own copy, the table, or the vendor, in this order.
 *
 *  fresh    served
 *  ageing   one caller takes the lease and renews, everybody else is served at once;
 *           when renewing fails the ageing token is served with a warning
 *  expired  one caller takes the lease and renews, everybody else waits for it and at last hears `busy`
 *
 * Never an expired token, and never one from before a revoke. Throws VendingError.
 */
export async function vend(ask: Ask, runtime: Runtime): Promise<Vended> {
  const key = keyOf(ask)
  const now = runtime.now()
  const copy = recall(runtime.memory, key, now)
  if (copy && suits(copy, ask, now) === 'fresh') return served(copy)
  // With an ageing token in hand nobody waits for a flight; with none, all in this process share one.
  if (copy && suits(copy, ask, now) === 'ageing') return look(ask, runtime)
  return share(runtime.memory, `${key} for ${ask.minTtlSeconds}`, () => look(ask, runtime))
}

async function look(ask: Ask, runtime: Runtime): Promise<Vended> {
  const key = keyOf(ask)
  const startedAt = runtime.now()
  for (;;) {
    const row = await runtime.store.read(key)
    const { state } = row
    if (state.status === 'disabled') throw new VendingError('connection_disabled', `${key} is disabled`)

    const held = await stillMeant(row, ask, runtime)
    const now = runtime.now()
    const fit = held ? suits(held, ask, now) : 'expired'
    if (held) runtime.memory.copies.set(key, { token: held, checkedAt: now })
    if (held && fit === 'fresh') return served(held)
    refuseTheImpossible(ask, held)

    try {
      const renewed = await renewUnlessLeased(ask, row, held, runtime)
      if (renewed) return renewed
    } catch (error) {
      if (held && fit !== 'expired' && isFailure(error, 'store_unavailable'))
        return stale(held, ask, now, error.message)
      throw error
    }
    if (held && fit === 'ageing') return served(held)

    const left = WAIT_SECONDS - secondsBetween(startedAt, runtime.now())
    if (left <= 0 && held && fit === 'short') return stale(held, ask, now, 'another caller is still renewing it')
    if (left <= 0) throw new VendingError('busy', `another caller is renewing ${key}`, { retryAfterSeconds: 2 })
    await runtime.sleep(Math.min(left, pauseSeconds(state, runtime)))
  }
}

/** Renews if nothing speaks against it; undefined when another caller is at it. */
async function renewUnlessLeased(ask: Ask, row: Row, held: StoredToken | undefined, runtime: Runtime) {
  const { state } = row
  const credentials = await credentialsFor(ask, state, runtime)
  if (ask.vendor.isStored?.(credentials.document)) return vendLatestStored(ask, state, credentials, runtime)
  const now = runtime.now()
  if (state.failure && bars(state.failure, credentials.version, now)) return staleOr(state.failure, held, ask, now)
  if (isLeased(row, now)) return undefined
  const lease = await runtime.store.acquire(keyOf(ask), state, { now, until: secondsAfter(now, LEASE_SECONDS) })
  return lease && renew({ ask, state, held, lease, credentials }, runtime)
}

interface Renewal {
  readonly ask: Ask
  readonly state: State
  readonly held: StoredToken | undefined
  readonly lease: Lease
  readonly credentials: Credentials
}

/**
 * What the holder of a lease does. The lease was given on condition that the fence had not moved since the read, and
 * the token of a fence ends its lease: so the read before it is the look under the lease.
 */
async function renew(renewal: Renewal, runtime: Runtime): Promise<Vended> {
  const { ask, state, lease } = renewal
  const startedAt = runtime.now()
  const outcome = await call(renewal, runtime)
  if ('error' in outcome) return failed(renewal, outcome, runtime)

  const { issued, credentials } = outcome
  const token: StoredToken = {
    accessToken: issued.accessToken,
    refreshAt: refreshAt(issued.accessToken, ask.vendor.tokens, lease.key),
    fence: lease.fence,
    epoch: lease.epoch,
    credentialVersion: credentials.version,
  }
  // The refresh token is durable before the access token can be handed out by anybody.
  const committed = await runtime.store.commit(lease, {
    ...(issued.refreshToken && { refreshToken: issued.refreshToken }),
    credentialVersion: credentials.version,
    usualSeconds: blend(state.usualSeconds, secondsBetween(startedAt, runtime.now())),
    dueAt: token.refreshAt,
  })
  // Revoked or overtaken while the vendor was answering: what we hold may not be used, so look again.
  if (committed !== 'committed') return look(ask, runtime)
  const kept = await keep(lease, token, runtime)
  if (kept === 'overtaken') return look(ask, runtime)
  runtime.memory.copies.set(lease.key, { token, checkedAt: runtime.now() })

  refuseTheImpossible(ask, token)
  const warnings = issued.warnings ?? []
  if (kept === 'kept') return { token, source: 'vendor', warnings }
  return {
    token,
    source: 'vendor',
    warnings: [...warnings, { code: 'not_cached', detail: 'the token could not be cached' }],
  }
}

/** The commit has made the token good; a cache that cannot be written costs the next caller a vendor call, not this one its token. */
async function keep(lease: Lease, token: StoredToken, { store }: Runtime): Promise<'kept' | 'overtaken' | 'not kept'> {
  try {
    return (await store.put(lease, token)) ? 'kept' : 'overtaken'
  } catch (error) {
    if (isFailure(error, 'store_unavailable')) return 'not kept'
    throw error
  }
}

async function failed(
  { ask, state, held, lease }: Renewal,
  { error, credentials }: { readonly error: unknown; readonly credentials: Credentials },
  runtime: Runtime,
): Promise<Vended> {
  const now = runtime.now()
  if (!(error instanceof VendingError) || FAILURES[error.code].remember === 'nothing') {
    await runtime.store.release(lease)
    throw error
  }
  const failure = remember(error, {
    before: state.failure,
    credentialVersion: credentials.version,
    held: held !== undefined && suits(held, ask, now) !== 'expired',
    now,
    random: runtime.random(),
  })
  await runtime.store.fail(lease, failure)
  return staleOr(failure, held, ask, now)
}

/** A person who has just replaced an ended token must not have to wait for our copy of the old one to end too. */
async function vendLatestStored(ask: Ask, state: State, credentials: Credentials, runtime: Runtime): Promise<Vended> {
  try {
    return await vendStored(ask, state, credentials, runtime)
  } catch (error) {
    if (!isFailure(error, 'credential_expired')) throw error
    const latest = await runtime.credentials.read(ask.vendor.id, ask.connection, 0)
    if (latest.version === credentials.version) throw error
    return vendStored(ask, state, latest, runtime)
  }
}

/** The credential is the token: no lease and no call, only the state, the secret and its end. */
async function vendStored(ask: Ask, state: State, credentials: Credentials, runtime: Runtime): Promise<Vended> {
  const { vendor } = ask
  const key = keyOf(ask)
  const { now, http, allowedHosts, deadline } = runtime
  const { accessToken, warnings = [] } = await vendor.issue(credentials.document, undefined, {
    http,
    now,
    signal: deadline(WAIT_SECONDS),
    hosts: [...vendor.hosts, ...allowedHosts],
    policy: vendor.tokens,
  })
  const left = secondsBetween(now(), accessToken.expiresAt)
  if (left <= marginSeconds(accessToken)) {
    throw new VendingError('credential_expired', `the token of ${key} ended on ${accessToken.expiresAt.toISOString()}`)
  }
  if (left < ask.minTtlSeconds) throw tooLong(ask, left)

  const notice = expiryNotice(ask, accessToken, now())
  const mark = notice && `${credentials.version} ${notice.step}`
  if (notice && mark && mark !== state.noticed && (await runtime.store.notice(key, mark))) await runtime.notify(notice)

  const { fence, epoch } = state
  const token = { accessToken, refreshAt: accessToken.expiresAt, fence, epoch, credentialVersion: credentials.version }
  runtime.memory.copies.set(key, { token, checkedAt: now() })
  return { token, source: 'cache', warnings }
}

/** The token of the row, unless a revoke or newer credentials have overruled it. */
async function stillMeant({ state, token }: Row, { vendor, connection }: Ask, runtime: Runtime) {
  if (!token || token.epoch !== state.epoch) return undefined
  const known = runtime.credentials.known(vendor.id, connection)
  if (known === undefined || known === token.credentialVersion) return token
  // Either of the two is out of date: only the secret itself can tell which.
  const { version } = await runtime.credentials.read(vendor.id, connection, 0)
  return version === token.credentialVersion ? token : undefined
}

/** While the credentials are latched out, any call may be the first with new ones: then they are read afresh. */
function credentialsFor({ vendor, connection }: Ask, { failure }: State, runtime: Runtime): Promise<Credentials> {
  const latched =
    failure !== undefined &&
    isFailure(asError(failure, runtime.now()), 'credential_rejected', 'configuration', 'grant_rejected')
  return runtime.credentials.read(vendor.id, connection, latched ? 0 : CREDENTIALS_MAX_AGE_SECONDS)
}

const suits = (token: StoredToken, { minTtlSeconds }: Ask, now: Date) =>
  freshness(token.accessToken, { refreshAt: token.refreshAt, minTtlSeconds, now })

const served = (token: StoredToken): Vended => ({ token, source: 'cache', warnings: [] })

function staleOr(failure: Failure, held: StoredToken | undefined, ask: Ask, now: Date): Vended {
  if (held && suits(held, ask, now) !== 'expired') return stale(held, ask, now, failure.detail)
  throw asError(failure, now)
}

function stale(token: StoredToken, ask: Ask, now: Date, reason: string): Vended {
  const warnings = [{ code: 'not_renewed', detail: `this token is ageing and could not be renewed: ${reason}` }]
  const left = Math.floor(secondsBetween(now, token.accessToken.expiresAt))
  if (left >= ask.minTtlSeconds) return { token, source: 'stale', warnings }
  const short = { code: 'min_ttl_not_met', detail: `it has ${left} s left, ${ask.minTtlSeconds} s were asked for` }
  return { token, source: 'stale', warnings: [...warnings, short] }
}

/** Asking for more than the vendor can give must not cost a vendor call each time. */
function refuseTheImpossible(ask: Ask, held: StoredToken | undefined): void {
  const most = held ? lifeSeconds(held.accessToken) - marginSeconds(held.accessToken) : ask.vendor.tokens.maxLifeSeconds
  if (ask.minTtlSeconds > most) throw tooLong(ask, most)
}

function tooLong(ask: Ask, seconds: number): VendingError {
  const most = Math.floor(seconds)
  return new VendingError(
    'min_ttl_unavailable',
    `min_ttl ${ask.minTtlSeconds} is more than ${keyOf(ask)} can give: at most ${most} s`,
  )
}

/**
 * How long to wait for the holder of the lease: the vendor's usual time, counted from the start of the lease, then 12 %
 * of what has gone by. Measured against fixed and exponential pauses this wakes soonest for the fewest reads.
 */
function pauseSeconds({ lease, usualSeconds = 0.2 }: State, { now, random }: Runtime): number {
  const elapsed = lease ? secondsBetween(lease.since, now()) : 0
  const rest = lease ? usualSeconds * (0.95 + random() * 0.15) - elapsed : 0
  return Math.max(0.01, rest > 0 ? rest : elapsed * 0.12 * (0.8 + random() * 0.4))
}

const blend = (before: number | undefined, latest: number): number =>
  before === undefined ? latest : before * 0.7 + latest * 0.3
