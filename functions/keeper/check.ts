import { type Connection, keyOf } from '../core/ask.ts'
import { checkedEnd } from '../core/credential-end.ts'
import { isFailure, VendingError } from '../core/errors.ts'
import type { Credentials, Runtime } from '../core/runtime.ts'
import { prove, readStored, seeAlive, versionBefore } from '../core/static-token.ts'
import type { Acknowledgement, CredentialLife, State } from '../core/store.ts'
import { DAY_SECONDS, rfc3339, secondsAfter, secondsBetween } from '../core/token.ts'
import { vend } from '../core/vend.ts'
import type { Vendor } from '../core/vendor.ts'
import type { ExpiryNotice } from '../notices/kinds.ts'
import { tellOnce } from '../notices/once.ts'
import { aboutOf, tellTrouble } from '../notices/trouble.ts'
import { daysLeft, rungAt } from './ladder.ts'

/** What came of the daily look at a vendor's connections. */
export interface Checks {
  readonly checked: number
  readonly failed: number
  /** Not begun, for want of time. */
  readonly left: number
}

const AT_ONCE = 10
/** A live check, and the writes and the mail that may come of it. */
const CHECK_SECONDS = 12
/** Of a credential that does not say when it began to live. */
const USUAL_LIFE_SECONDS = 365 * DAY_SECONDS

/**
 * The daily look at what only a person can renew: whether a stored token still lives, whether credentials were replaced,
 * and whether somebody has to be reminded of their end. May run twice, late, or beside another, and makes up for days on
 * which it did not run. `endsAt` is when the function has to be done.
 */
export async function checkAll(vendor: Vendor, runtime: Runtime, endsAt: Date): Promise<Checks> {
  const keys = rotated(await runtime.store.list(vendor.id), runtime.now())
  const checks = { checked: 0, failed: 0 }
  const work = async () => {
    while (secondsBetween(runtime.now(), endsAt) >= CHECK_SECONDS) {
      const key = keys.shift()
      if (key === undefined) return
      const asked = { vendor, connection: key.slice(vendor.id.length + 1) }
      checks[await outcomeOf(checkConnection(asked, runtime))] += 1
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return { ...checks, left: keys.length }
}

/** Begins elsewhere each day: if there ever is not time for all, it is not always the same who come too short. */
function rotated(keys: readonly string[], now: Date): string[] {
  const from = keys.length === 0 ? 0 : (Math.floor(now.getTime() / 1000 / DAY_SECONDS) * 7919) % keys.length
  return [...keys.slice(from), ...keys.slice(0, from)]
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

/** The look at one connection. Throws what keeps it from being made; what it finds, people are told. */
export async function checkConnection(asked: Connection, runtime: Runtime): Promise<void> {
  const key = keyOf(asked)
  const before = await runtime.store.read(key)
  if (before.state.status === 'disabled') return
  const credentials = await runtime.credentials.read(asked.vendor.id, asked.connection, 0)
  const fault = await lookAt(asked, before.state, credentials, runtime)
  // By now it may be another.
  const { state, token } = await runtime.store.read(key)
  await remind(asked, state, runtime)
  await tellTrouble(asked, state, runtime, token)
  if (fault) throw fault
}

/** Looks at the credentials themselves. What fails there is no reason not to remind people: it is handed back. */
async function lookAt(
  asked: Connection,
  state: State,
  credentials: Credentials,
  runtime: Runtime,
): Promise<VendingError | undefined> {
  try {
    if (asked.vendor.isStored?.(credentials.document)) await proveAgain(asked, state, credentials, runtime)
    else await useNewest(asked, state, credentials, runtime)
    return undefined
  } catch (error) {
    // Found, told and remembered: that is a check that did its work.
    if (isFailure(error, 'credential_expired', 'credential_rejected', 'grant_rejected', 'not_connected'))
      return undefined
    if (error instanceof VendingError) return error
    throw error
  }
}

async function proveAgain(asked: Connection, state: State, credentials: Credentials, runtime: Runtime): Promise<void> {
  const { failure } = state
  // What a person has taken back here may well live on at the vendor.
  if (failure?.code === 'credential_revoked' && failure.credentialVersion === credentials.version) return
  try {
    await prove(asked, await readStored(asked, state, credentials, runtime), runtime)
  } catch (error) {
    // While the newest does not work the one before is in use, so it too has to show that it lives.
    const before = error instanceof VendingError && (await versionBefore(asked, state, credentials, runtime))
    if (before) await seeAlive(asked, before, runtime)
    throw error
  }
}

/** Credentials that somebody has replaced have to show that they work; the tokens of those before end with that. */
async function useNewest(asked: Connection, state: State, credentials: Credentials, runtime: Runtime): Promise<void> {
  const { version, document } = credentials
  const until = checkedEnd(document)
  if (state.status !== 'active' || state.provenVersion === undefined) return
  if (state.provenVersion !== version) await vend({ ...asked, minTtlSeconds: 0, ahead: true }, runtime)
  const since = until && secondsAfter(until, -USUAL_LIFE_SECONDS)
  const ends: CredentialLife | 'never' = until && since ? { since, until } : 'never'
  if (ends === 'never' ? state.ends : state.ends?.until.getTime() !== ends.until.getTime())
    await runtime.store.register(keyOf(asked), { dueAt: runtime.now(), ends })
}

/**
 * Tells people that credentials end, by the ladder. Once for each end that they have: a new token with a later end climbs
 * down a ladder of its own, and one that has not worked yet, or ends no later, changes nothing.
 */
async function remind(asked: Connection, state: State, runtime: Runtime): Promise<void> {
  const { ends, acknowledged, told } = state
  if (!ends) return
  const now = runtime.now()
  runtime.measure({ kind: 'days_to_expiry', days: daysLeft(ends.until, now) })
  const rung = rungAt(ends, now)
  if (!rung || (acknowledged && now < acknowledged.until && isAbout(acknowledged, ends))) return
  const mark = `${rfc3339(ends.until)} ${rung.step}`
  const notice: ExpiryNotice = {
    kind: now < ends.until ? 'expiring' : 'expired',
    ...aboutOf(asked, state),
    ...rung,
    endsAt: ends.until,
    rotation: asked.vendor.rotation,
    ...(acknowledged && isAbout(acknowledged, ends) && { acknowledged }),
  }
  await tellOnce({ key: keyOf(asked), matter: 'end', seen: told?.end, mark }, notice, runtime)
}

/** Who says so is at it: no notice of this end before the next step. Throws `bad_request` when none has come up. */
export async function acknowledge(
  asked: Connection,
  { by, note }: { readonly by: string; readonly note?: string | undefined },
  runtime: Runtime,
): Promise<void> {
  const key = keyOf(asked)
  const now = runtime.now()
  const { ends } = (await runtime.store.read(key)).state
  const rung = ends && rungAt(ends, now)
  if (!ends || !rung) {
    const why = ends ? `its credentials end on ${rfc3339(ends.until)}` : 'no end of its credentials is known'
    throw new VendingError('bad_request', `there is no notice of ${key} to acknowledge: ${why}`)
  }
  const acknowledged = { by, at: now, ...(note !== undefined && { note }), until: rung.nextAt, endsAt: ends.until }
  await runtime.store.register(key, { dueAt: now, acknowledged })
}

const isAbout = ({ endsAt }: Acknowledgement, { until }: CredentialLife): boolean =>
  endsAt.getTime() === until.getTime()
