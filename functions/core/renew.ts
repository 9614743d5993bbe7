import { tellTrouble, tellWorks } from '../notices/trouble.ts'
import {
  type Ask,
  type Connection,
  credentialsFor,
  keyOf,
  refuseTheImpossible,
  staleOr,
  suits,
  type Vended,
  works,
} from './ask.ts'
import { takeRefreshPermit } from './budget.ts'
import { call } from './call.ts'
import { statedEnd } from './credential-end.ts'
import { FAILURES, isFailure, VendingError } from './errors.ts'
import { bars, remember } from './failure.ts'
import type { Credentials, Runtime } from './runtime.ts'
import { vendLatestStored } from './static-token.ts'
import { isLeased, type Lease, type Row, type State, type StoredToken } from './store.ts'
import { dueAt, refreshAt, secondsAfter, secondsBetween, type TokenPolicy } from './token.ts'
import type { Issued, Vendor } from './vendor.ts'

/** Longer than any vendor call, so that a live holder never loses it; with a rotating grant, longer than the function lives. */
const leaseSeconds = ({ rotates }: TokenPolicy): number => (rotates ? 32 : 15)

interface Look {
  readonly ask: Ask
  readonly row: Row
  readonly held: StoredToken | undefined
}

/** Renews if nothing speaks against it. 'leased': another caller is at it. 'look again': somebody overtook us. */
export async function renew({ ask, row, held }: Look, runtime: Runtime): Promise<Vended | 'leased' | 'look again'> {
  const { state } = row
  const credentials = await credentialsFor(ask, state, runtime)
  if (ask.vendor.isStored?.(credentials.document)) return vendLatestStored(ask, state, credentials, runtime)
  const now = runtime.now()
  if (state.failure && bars(state.failure, credentials.version, now)) return staleOr(state.failure, held, ask, now)
  if (isLeased(row, now)) return 'leased'

  const until = secondsAfter(now, leaseSeconds(ask.vendor.tokens))
  const lease = await runtime.store.acquire(keyOf(ask), state, { now, until })
  if (!lease) return 'leased'
  if (ask.rejected !== undefined && held && suits(held, ask, now) === 'refused') await permitted(ask, lease, runtime)
  return underLease({ ask, state, held, lease, credentials }, runtime)
}

async function permitted(ask: Ask, lease: Lease, runtime: Runtime): Promise<void> {
  try {
    await takeRefreshPermit(ask, runtime)
  } catch (error) {
    await runtime.store.release(lease)
    throw error
  }
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
async function underLease(renewal: Renewal, runtime: Runtime): Promise<Vended | 'look again'> {
  const startedAt = runtime.now()
  const outcome = await call(renewal, runtime)
  if (outcome === 'lease lost') return 'look again'
  if ('error' in outcome) return failed(renewal, outcome, runtime)
  return succeeded(renewal, { ...outcome, startedAt }, runtime)
}

interface Obtained {
  readonly issued: Issued
  readonly credentials: Credentials
  readonly startedAt: Date
}

async function succeeded(
  { ask, state, lease }: Omit<Renewal, 'credentials' | 'held'>,
  { issued, credentials, startedAt }: Obtained,
  runtime: Runtime,
): Promise<Vended | 'look again'> {
  const token = tokenUnder(lease, { vendor: ask.vendor, issued, credentials })
  // The refresh token is durable before the access token can be handed out by anybody.
  const committed = await runtime.store.commit(lease, {
    ...(issued.refreshToken && { refreshToken: issued.refreshToken }),
    ...(!ask.ahead && { asked: true }),
    credentialVersion: credentials.version,
    usualSeconds: blend(state.usualSeconds, secondsBetween(startedAt, runtime.now())),
    now: runtime.now(),
    dueAt: dueAt(token),
  })
  // Revoked or overtaken while the vendor was answering: what we hold may not be used.
  if (committed !== 'committed') return 'look again'
  const kept = await keep(lease, token, runtime)
  if (kept === 'overtaken') return 'look again'
  runtime.memory.copies.set(lease.key, { token, checkedAt: runtime.now() })
  await tellWorks(ask, state, { version: credentials.version, endsAt: statedEnd(credentials.document) }, runtime)

  refuseTheImpossible(ask, token)
  const warnings = issued.warnings ?? []
  if (kept === 'kept') return { token, source: 'vendor', warnings }
  const notCached = { code: 'not_cached', detail: 'the token could not be cached' }
  return { token, source: 'vendor', warnings: [...warnings, notCached] }
}

/**
 * Obtains a token with a version of the credentials that is not in use yet, to see whether it may be. The token is a good
 * one and kept. A failure is the caller's to hear and changes nothing, least of all for the version in use.
 */
export async function tryCredentials(asked: Connection, version: string, runtime: Runtime): Promise<Vended> {
  const { vendor, connection } = asked
  const key = keyOf(asked)
  const credentials = await runtime.credentials.readVersion(vendor.id, connection, version)
  if (!credentials) throw new VendingError('unknown_connection', `the credentials of ${key} have no version ${version}`)
  const { state } = await runtime.store.read(key)
  if (state.status === 'disabled') throw new VendingError('connection_disabled', `${key} is disabled`)
  const ask: Ask = { vendor, connection, minTtlSeconds: 0 }
  const startedAt = runtime.now()
  const until = secondsAfter(startedAt, leaseSeconds(vendor.tokens))
  const lease = await runtime.store.acquire(key, state, { now: startedAt, until })
  const busy = new VendingError('busy', `another caller is renewing ${key}`, { retryAfterSeconds: 2 })
  if (!lease) throw busy
  const outcome = await call({ ask, state, lease, credentials, trial: true }, runtime)
  if (outcome === 'lease lost') throw busy
  if ('error' in outcome) {
    const { error, sends } = outcome
    const inDoubt = error instanceof VendingError && verdict(error.code, sends) === 'in doubt'
    await runtime.store.release(lease, inDoubt ? undefined : 'not spent')
    throw error
  }
  const vended = await succeeded({ ask, state, lease }, { ...outcome, startedAt }, runtime)
  if (vended === 'look again') throw busy
  return vended
}

/** What was obtained under a lease, as it is stored: with the lease's fence and epoch, and the moment to renew it. */
export const tokenUnder = (
  { key, fence, epoch }: Lease,
  { vendor, issued, credentials }: Omit<Obtained, 'startedAt'> & { readonly vendor: Vendor },
): StoredToken => ({
  keep: 'table',
  accessToken: issued.accessToken,
  refreshAt: refreshAt(issued.accessToken, vendor.tokens, key),
  fence,
  epoch,
  credentialVersion: credentials.version,
})

/** The commit has made the token good; a cache that cannot be written costs the next caller a vendor call, not this one its token. */
export async function keep(
  lease: Lease,
  token: StoredToken,
  { store }: Runtime,
): Promise<'kept' | 'overtaken' | 'not kept'> {
  try {
    return (await store.put(lease, token)) ? 'kept' : 'overtaken'
  } catch (error) {
    if (isFailure(error, 'store_unavailable')) return 'not kept'
    throw error
  }
}

async function failed(
  { ask, state, held, lease }: Renewal,
  {
    error,
    credentials,
    sends,
  }: { readonly error: unknown; readonly credentials: Credentials; readonly sends?: number | undefined },
  runtime: Runtime,
): Promise<Vended | 'look again'> {
  const now = runtime.now()
  if (!(error instanceof VendingError) || FAILURES[error.code].remember === 'nothing') {
    await runtime.store.release(lease)
    throw error
  }
  const failure = remember(error, {
    before: state.failure,
    credentialVersion: credentials.version,
    held: held !== undefined && works(suits(held, ask, now)),
    sends,
    now,
    random: runtime.random(),
  })
  // The vendor's verdict is on the refresh token that was sent. If another is stored by now, it says nothing of that.
  const noted = await runtime.store.fail(lease, failure, verdict(failure.code, sends))
  if (!noted) return 'look again'
  // Otherwise one that has never worked would be on no list.
  if (state.provenVersion === undefined) await runtime.store.register(lease.key, { dueAt: now })
  await tellTrouble(ask, { ...state, failure }, runtime, held)
  return staleOr(failure, held, ask, now)
}

/** What a failure says of the grant whose refresh token was sent. */
function verdict(code: VendingError['code'], sends: number | undefined): 'rejected' | 'in doubt' | undefined {
  if (sends === undefined) return undefined
  if (code === 'grant_rejected') return 'rejected'
  // No whole answer came: the refresh token may have been spent all the same.
  return code === 'vendor_unavailable' || code === 'vendor_malformed' ? 'in doubt' : undefined
}

const blend = (before: number | undefined, latest: number): number =>
  before === undefined ? latest : before * 0.7 + latest * 0.3
