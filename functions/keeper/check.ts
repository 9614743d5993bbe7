import { needsConsent } from '../core/failure.ts'
import type { Credentials, Runtime } from '../core/runtime.ts'
import { checkStatic, isStatic, versionBefore } from '../core/static-token.ts'
import type { CredentialLife, State } from '../core/store.ts'
import { vend } from '../core/vend.ts'
import { type Connection, keyOf } from '../kit/connection.ts'
import { isFailure, orFailure, VendingError } from '../kit/errors.ts'
import { DAY_SECONDS, rfc3339, secondsAfter } from '../kit/time.ts'
import { hasValidEnd, statedEnd, type Vendor } from '../kit/vendor.ts'
import { daysLeft, rungAt } from './ladder.ts'
import { forEach } from './pool.ts'

/** What came of the daily check of a vendor's connections. */
export interface Checks {
  readonly checked: number
  readonly failed: number
  /** Not begun, for want of time. */
  readonly left: number
}

/** A live check, and the writes and the mail that may come of it. */
const POOL = { atOnce: 10, secondsEach: 12 }
/** Of a credential that does not say when it began to live. */
const USUAL_LIFE_SECONDS = 365 * DAY_SECONDS

/**
 * The daily check of what only a person can renew: whether a static token still lives, whether credentials were replaced,
 * and how long they still live. May run twice, late, or beside another, and makes up for days on which it did not run.
 */
export async function checkAll(vendor: Vendor, runtime: Runtime): Promise<Checks> {
  const all = shifted(await runtime.registry.list(vendor), runtime.now())
  const checks = { checked: 0, failed: 0 }
  const work = async (connection: Connection) => {
    checks[await outcomeOf(checkConnection(connection, runtime))] += 1
  }
  const left = await forEach(all, POOL, work, runtime)
  return { ...checks, left: left.length }
}

/** Begins elsewhere each day: if there ever is not time for all, it is not always the same who come too short. */
function shifted(all: readonly Connection[], now: Date): readonly Connection[] {
  const from = all.length === 0 ? 0 : (Math.floor(now.getTime() / 1000 / DAY_SECONDS) * 7919) % all.length
  return [...all.slice(from), ...all.slice(0, from)]
}

/** One that cannot be checked does not keep the others from it. */
async function outcomeOf(check: Promise<void>): Promise<'checked' | 'failed'> {
  try {
    await check
    return 'checked'
  } catch (error) {
    // Nobody is reminded of a connection whose credentials have been deleted.
    if (isFailure(error, 'unknown_connection')) return 'checked'
    if (error instanceof VendingError) return 'failed'
    throw error
  }
}

/** Checks one connection. Throws what keeps it from being checked; what is found is recorded and reported. */
export async function checkConnection(connection: Connection, runtime: Runtime): Promise<void> {
  const before = await runtime.tokens.read(connection)
  if (before.state.status === 'disabled') return
  const credentials = await runtime.credentials.read(connection, 0)
  const fault = await checkCredentials(connection, before.state, credentials, runtime)
  // By now it may be another.
  const { state, token } = await runtime.tokens.read(connection)
  if (state.ends) await reportEnd(connection, state, state.ends, runtime)
  const servedUntil = token?.epoch === state.epoch ? token.accessToken.expiresAt : undefined
  if (state.failure) await runtime.observe({ kind: 'failed', connection, state, ...(servedUntil && { servedUntil }) })
  if (fault) throw fault
}

async function reportEnd(
  connection: Connection,
  state: State,
  ends: CredentialLife,
  { observe, now }: Runtime,
): Promise<void> {
  const step = rungAt(ends, now())
  const left = daysLeft(ends.until, now())
  await observe({ kind: 'credentials_end', connection, state, ends, daysLeft: left, ...(step && { step }) })
}

/** Checks the credentials themselves. What fails there is no reason not to remind people: it is handed back. */
async function checkCredentials(
  connection: Connection,
  state: State,
  credentials: Credentials,
  runtime: Runtime,
): Promise<VendingError | undefined> {
  try {
    if (await isStatic(connection, state, credentials, runtime))
      await checkToken(connection, state, credentials, runtime)
    else await useNewest(connection, state, credentials, runtime)
    return undefined
  } catch (error) {
    // Found, recorded and reported: that is a check that did its work.
    if (isFailure(error, 'credential_expired', 'credential_rejected', 'grant_rejected', 'not_connected'))
      return undefined
    if (error instanceof VendingError) return error
    throw error
  }
}

async function checkToken(
  connection: Connection,
  state: State,
  credentials: Credentials,
  runtime: Runtime,
): Promise<void> {
  const { failure, refusedVersions } = state
  const { version } = credentials
  const own = failure?.credentialVersion === version ? failure : undefined
  // What a person has taken back here may well live on at the vendor.
  if (own ? own.code === 'credential_revoked' : refusedVersions?.has(version)) return
  const error = await faultOf(connection, state, credentials, runtime)
  if (!error) return
  // While the newest does not work the one before is in use, so it too has to show that it lives.
  const before = await versionBefore(connection, state, credentials, runtime)
  if (before) await checkStatic({ ...before, records: 'refusal' }, runtime)
  throw error
}

async function faultOf(
  connection: Connection,
  state: State,
  credentials: Credentials,
  runtime: Runtime,
): Promise<VendingError | undefined> {
  const outcome = await orFailure(checkStatic({ connection, state, credentials }, runtime))
  if (outcome instanceof VendingError) return outcome
  if (outcome === 'superseded' || !('failure' in outcome)) return undefined
  return new VendingError(outcome.failure.code, outcome.failure.detail)
}

/** Credentials that somebody has replaced have to show that they work; the tokens of those before end with that. */
async function useNewest(
  connection: Connection,
  state: State,
  credentials: Credentials,
  runtime: Runtime,
): Promise<void> {
  const { version, document } = credentials
  if (!hasValidEnd(document))
    throw new VendingError('configuration', '"expires_on" of the credentials must be a date like 2027-01-31')
  const until = statedEnd(document)
  if (needsConsent(state.failure) || state.provenVersion === undefined) return
  if (state.provenVersion !== version) await vend({ connection, minTtlSeconds: 0, ahead: true }, runtime)
  const since = until && secondsAfter(until, -USUAL_LIFE_SECONDS)
  const ends: CredentialLife | 'never' = until && since ? { since, until } : 'never'
  if (ends === 'never' ? state.ends : state.ends?.until.getTime() !== ends.until.getTime())
    await runtime.registry.register(connection, { sweepAt: runtime.now(), ends })
}

/** Somebody is at it: no notice of this end before the next step. Throws `bad_request` when no step has come. */
export async function acknowledge(
  connection: Connection,
  { by, note }: { readonly by: string; readonly note?: string | undefined },
  runtime: Runtime,
): Promise<void> {
  const now = runtime.now()
  const { ends } = (await runtime.tokens.read(connection)).state
  const rung = ends && rungAt(ends, now)
  if (!ends || !rung) {
    const why = ends ? `its credentials end on ${rfc3339(ends.until)}` : 'no end of its credentials is known'
    throw new VendingError('bad_request', `there is no notice of ${keyOf(connection)} to acknowledge: ${why}`)
  }
  const acknowledged = { by, at: now, ...(note !== undefined && { note }), until: rung.nextAt, endsAt: ends.until }
  await runtime.registry.register(connection, { sweepAt: now, acknowledged })
}
