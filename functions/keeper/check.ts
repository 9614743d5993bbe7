import { needsConsent } from '../core/failure.ts'
import type { Credentials, Runtime } from '../core/runtime.ts'
import { checkStatic, isStatic, versionBefore } from '../core/static-token.ts'
import { newState, type State } from '../core/store.ts'
import { vend } from '../core/vend.ts'
import { type Connection, labelOf } from '../kit/connection.ts'
import { isFailure, orFailure, VendingError } from '../kit/errors.ts'
import type { CredentialLife } from '../kit/reminders.ts'
import { DAY_SECONDS, rfc3339, secondsAfter, secondsBetween } from '../kit/time.ts'
import { hasValidEnd, statedEnd, type Vendor } from '../kit/vendor.ts'
import type { Directory, Glimpse } from './directory.ts'
import { type End, endsOf } from './ends.ts'
import { findNew, type Inventory, merged } from './inventory.ts'
import { daysLeft } from './ladder.ts'
import { forEach } from './pool.ts'
import { begun, type Rounds, remaining, resumed } from './round.ts'

/** What the checks need beside the engine. */
export interface CheckRuntime extends Runtime {
  readonly directory: Directory
  readonly rounds: Rounds
  readonly inventory: Inventory
}

/** What came of one run of the daily check. */
export interface Checks {
  readonly checked: number
  readonly failed: number
  /** Not checked yet in this round, for want of time: the next runs go on with them. */
  readonly left: number
  /** Not checked in the round of the day before, which this run has ended by beginning another. */
  readonly missed?: number
  /** What kept the run from finding connections by their secrets, which counts as one that failed. */
  readonly fault?: string
}

/**
 * A live check, and the writes and the mail that may come of it. A vendor sees 8 begin in a second at most, evenly in time,
 * and 16 at once, which is what a sweep does to it as well. That is enough: 10,000 connections whose vendor takes 1 second
 * are through in 40 minutes, and with 8 seconds in less than three hours.
 */
const POOL = { atOnce: 16, perSecond: 8, secondsEach: 12 }
/** A run ends within its minute, so that the next sweep finds the same process free. */
const RUN_SECONDS = 45
/** More connections than one vendor can have, and 1,000 calls of Secrets Manager at most. */
const MOST = 100_000
/** Of a credential that does not say when it began to live. */
const USUAL_LIFE_SECONDS = 365 * DAY_SECONDS

/**
 * The daily check of what only a person can renew: whether a static token still lives, whether credentials were replaced,
 * and how long they still live. May run twice, late, or beside another, and makes up for days on which it did not run. What
 * is left over `continueCheck` goes on with. Undefined when another run is at it.
 */
export const checkAll = (vendor: Vendor, runtime: CheckRuntime): Promise<Checks | undefined> =>
  run(vendor, begun, runtime)

/** Goes on with a daily check that is not done, or begins the first that there ever was, unless another run is at it. */
export const continueCheck = (vendor: Vendor, runtime: CheckRuntime): Promise<Checks | undefined> =>
  run(vendor, resumed, runtime)

async function run(vendor: Vendor, nextRound: typeof begun, runtime: CheckRuntime): Promise<Checks | undefined> {
  const { directory, rounds, now } = runtime
  const until = secondsAfter(now(), Math.min(runtime.timeLeft(), RUN_SECONDS))
  const last = await rounds.last(vendor)
  const round = nextRound(last, { now: now(), until })
  if (!round || !(await rounds.replace(vendor, { seen: last, next: round }))) return undefined
  const known = await directory.page(vendor)
  const missed = last && !last.done && last.since < round.since ? remaining(known, last).length : 0
  // A round begins with those that nobody has used yet. Where they cannot be found the others are checked.
  const found = round.after === undefined ? await orFailure(findNew(vendor, { known, limit: MOST }, runtime)) : []
  const isBlind = found instanceof VendingError
  const all = isBlind ? known : merged(known, found)
  const due = remaining(all, round)
  const { left, thrown, checked, failed } = await checkInTime(due, until, runtime)
  const { until: _over, ...rest } = round
  const after = due[due.length - left - 1]?.name
  const next = { ...rest, ...(after !== undefined && { after }), ...(left === 0 && { done: true as const }) }
  await rounds.replace(vendor, { seen: round, next })
  if (thrown.length > 0) throw thrown[0]
  const checks = { checked, failed: isBlind ? failed + 1 : failed, left }
  return { ...checks, ...(missed > 0 && { missed }), ...(isBlind && { fault: found.message }) }
}

/** In their order, so that what is left is the end of it. Work that throws ends nobody else's: it is handed back. */
async function checkInTime(due: readonly Connection[], until: Date, runtime: CheckRuntime) {
  const within = { ...runtime, timeLeft: () => Math.min(runtime.timeLeft(), secondsBetween(runtime.now(), until)) }
  const checks = { checked: 0, failed: 0 }
  const thrown: unknown[] = []
  const work = async (connection: Connection) => {
    try {
      checks[await outcomeOf(checkConnection(connection, within))] += 1
    } catch (error) {
      thrown.push(error)
    }
  }
  const left = await forEach(due, POOL, work, within)
  return { ...checks, left: left.length, thrown }
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
export async function checkConnection(connection: Connection, runtime: CheckRuntime): Promise<void> {
  const before = await glanceAt(connection, runtime)
  if (before.state.status === 'disabled') return
  const credentials = await runtime.credentials.read(connection, 0)
  const found = await checkCredentials(connection, before.state, credentials, runtime)
  const { state, token } = found === 'nothing new' ? before : await glanceAt(connection, runtime)
  // What is put off again and again is of no interest before the first reminder.
  const ends = endsOf(state, runtime.now()).filter(({ of, rung }) => of === 'credentials' || rung)
  for (const end of ends) await reportEnd(connection, state, end, runtime)
  const servedUntil = token?.epoch === state.epoch ? token.accessToken.expiresAt : undefined
  if (state.failure) await runtime.observe({ kind: 'failed', connection, state, ...(servedUntil && { servedUntil }) })
  if (found instanceof VendingError) throw found
}

/** No token is opened: only its end is of interest here. */
async function glanceAt(connection: Connection, { directory }: Pick<CheckRuntime, 'directory'>): Promise<Glimpse> {
  const [row = { connection, exists: false, state: newState }] = await directory.glance([connection])
  return row
}

/** 'recorded': by now the row may be another. */
type Found = 'nothing new' | 'recorded' | VendingError

async function reportEnd(
  connection: Connection,
  state: State,
  { of, life: ends, rung: step }: End,
  { observe, now }: Runtime,
): Promise<void> {
  const kind = of === 'grant' ? 'grant_ends' : 'credentials_end'
  const left = daysLeft(ends.until, now())
  await observe({ kind, connection, state, ends, daysLeft: left, ...(step && { step }) })
}

/** Checks the credentials themselves. What fails there is no reason not to remind people: it is handed back. */
async function checkCredentials(
  connection: Connection,
  state: State,
  credentials: Credentials,
  runtime: Runtime,
): Promise<Found> {
  try {
    if (!(await isStatic({ connection, state, credentials }, runtime)))
      return await useNewest(connection, state, credentials, runtime)
    await checkToken(connection, state, credentials, runtime)
    return 'recorded'
  } catch (error) {
    // Found, recorded and reported: that is a check that did its work.
    if (isFailure(error, 'credential_expired', 'credential_rejected', 'grant_rejected', 'not_connected'))
      return 'recorded'
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
  const before = await versionBefore({ connection, state, credentials }, runtime)
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

/** Credentials that somebody has replaced have to show that they work: with that the tokens of those before end. */
async function useNewest(
  connection: Connection,
  state: State,
  credentials: Credentials,
  runtime: Runtime,
): Promise<Found> {
  const { version, document } = credentials
  if (!hasValidEnd(document))
    throw new VendingError('configuration', '"expires_on" of the credentials must be a date like 2027-01-31')
  const until = statedEnd(document)
  if (needsConsent(state.failure) || state.provenVersion === undefined) return 'nothing new'
  const isNew = state.provenVersion !== version
  const { fault } = isNew ? await vend({ connection, minTtlSeconds: 0, ahead: true }, runtime) : {}
  if (fault) throw new VendingError(fault, `the new credentials of ${labelOf(connection)} do not work`)
  const since = until && secondsAfter(until, -USUAL_LIFE_SECONDS)
  const ends: CredentialLife | 'never' = until && since ? { since, until } : 'never'
  const isMoved = ends === 'never' ? state.ends : state.ends?.until.getTime() !== ends.until.getTime()
  if (isMoved) await runtime.registry.register(connection, { sweepAt: runtime.now(), ends })
  return isNew || isMoved ? 'recorded' : 'nothing new'
}

/** What a person says of an end. */
export interface Acknowledging {
  readonly by: string
  readonly note?: string | undefined
  /** @default the one that there is a notice of, the credentials first */
  readonly of?: End['of'] | undefined
}

/** Somebody is at it: no notice of this end before the next step. Throws `bad_request` when no step has come. */
export async function acknowledge(
  connection: Connection,
  { by, note, of }: Acknowledging,
  runtime: Runtime,
): Promise<void> {
  const now = runtime.now()
  const known = endsOf((await runtime.tokens.read(connection)).state, now)
  const ends = known.filter((end) => of === undefined || end.of === of)
  const due = ends.find(({ rung }) => rung)
  if (!due?.rung) {
    const [end] = ends
    const why = end
      ? `its ${end.of} ${end.of === 'grant' ? 'ends' : 'end'} on ${rfc3339(end.life.until)}`
      : `no end of its ${of ?? 'credentials'} is known`
    throw new VendingError('bad_request', `there is no notice of ${labelOf(connection)} to acknowledge: ${why}`)
  }
  const said = { by, at: now, ...(note !== undefined && { note }), until: due.rung.nextAt, endsAt: due.life.until }
  const facts = due.of === 'grant' ? { acknowledgedGrant: said } : { acknowledged: said }
  await runtime.registry.register(connection, { sweepAt: now, ...facts })
}
