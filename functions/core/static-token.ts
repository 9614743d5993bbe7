import { tellTrouble, tellWorks } from '../notices/trouble.ts'
import { type Ask, type Connection, contextFor, keyOf, served, tooLong, type Vended } from './ask.ts'
import { takeRefreshPermit } from './budget.ts'
import { FAILURES, type FailureCode, isFailure, VendingError } from './errors.ts'
import { asError, bars, type Failure, remember } from './failure.ts'
import { share } from './memory.ts'
import type { Credentials, Runtime } from './runtime.ts'
import type { CredentialLife, HeldToken, State } from './store.ts'
import { type AccessToken, isNever, marginSeconds, rfc3339, secondsAfter, secondsBetween } from './token.ts'
import type { Issued, Liveness, Warning } from './vendor.ts'

const VENDOR_SECONDS = 8
/** A page for people in the place of an answer may have been a maintenance: after so long the token is tried again. */
const DOUBT_SECONDS = 15 * 60

/** A version of the credentials that holds the token itself. */
export interface Holding {
  readonly state: State
  readonly credentials: Credentials
  readonly issued: Issued
}

/**
 * The credential is the token: no lease, and no call but one for each version, which the vendor is seen to take before it
 * is used. As long as the vendor does not take the newest, the version before it stays in use. A person who has just
 * replaced an ended token must not have to wait for our copy of the old one to end too.
 */
export async function vendLatestStored(
  ask: Ask,
  state: State,
  credentials: Credentials,
  runtime: Runtime,
): Promise<Vended> {
  try {
    return await vendStored(ask, await inUse(ask, state, credentials, runtime), runtime)
  } catch (error) {
    if (!isFailure(error, 'credential_expired')) throw error
    const latest = await runtime.credentials.read(ask.vendor.id, ask.connection, 0)
    if (latest.version === credentials.version) throw error
    return vendStored(ask, await inUse(ask, state, latest, runtime), runtime)
  }
}

async function vendStored(ask: Ask, holding: Holding, runtime: Runtime): Promise<Vended> {
  const { state, credentials, issued } = holding
  const { accessToken, warnings = [] } = issued
  const key = keyOf(ask)
  const now = runtime.now()
  const left = secondsBetween(now, accessToken.expiresAt)
  if (left < ask.minTtlSeconds) throw tooLong(ask, left)
  if (accessToken.value.fingerprint === ask.rejected) await refuse(ask, holding, runtime)
  const { fence, epoch } = state
  const token: HeldToken = {
    accessToken,
    refreshAt: accessToken.expiresAt,
    fence,
    epoch,
    credentialVersion: credentials.version,
  }
  runtime.memory.copies.set(key, { token, checkedAt: now })
  return served(token, [...warnings, ...limits(state)])
}

/** There is no other token to give, and no way to make one. Whether this one is dead, the vendor is asked where it can be. */
async function refuse(ask: Ask, holding: Holding, runtime: Runtime): Promise<never> {
  if (ask.vendor.liveness) {
    await takeRefreshPermit(ask, runtime)
    await prove(ask, holding, runtime)
  }
  throw new VendingError(
    'credential_rejected',
    `the vendor refuses the token of ${keyOf(ask)}, which only a person can replace`,
  )
}

const limits = ({ checked }: State): Warning[] =>
  checked?.result === 'limited'
    ? [{ code: 'rights_missing', detail: `the user of this token may not read what its check asked for (403)` }]
    : []

/** The newest version if the vendor takes it, else the one before. Throws what speaks against the newest. */
async function inUse(ask: Ask, state: State, credentials: Credentials, runtime: Runtime): Promise<Holding> {
  try {
    return await trusted(ask, state, credentials, runtime)
  } catch (error) {
    if (!(error instanceof VendingError) || error.code === 'store_unavailable') throw error
    const before = await versionBefore(ask, state, credentials, runtime)
    if (!before) throw error
    const detail = `the newest version of the credentials is not in use: ${error.message}`
    return withWarning(before, { code: 'not_replaced', detail })
  }
}

/** The newest version, once the vendor has been seen to take it. */
async function trusted(ask: Ask, state: State, credentials: Credentials, runtime: Runtime): Promise<Holding> {
  const { version } = credentials
  const now = runtime.now()
  const holding = await readStored(ask, state, credentials, runtime)
  const failure = state.failure?.credentialVersion === version ? state.failure : undefined
  if (!failure && state.provenVersion === version) return holding
  if (failure && bars(failure, version, now)) return unproven(holding, asError(failure, now))
  try {
    await share(runtime.memory, `prove ${keyOf(ask)} ${version}`, () => prove(ask, holding, runtime))
    return holding
  } catch (error) {
    if (!(error instanceof VendingError) || FAILURES[error.code].remember === 'nothing') throw error
    const next: Failure =
      failure && isDead(failure.code)
        ? { ...failure, until: secondsAfter(now, DOUBT_SECONDS) }
        : remember(error, { before: failure, credentialVersion: version, held: true, now, random: runtime.random() })
    await runtime.store.note(keyOf(ask), next)
    return unproven(holding, asError(next, now))
  }
}

/** One that the vendor could not be asked about is better than none, if there is none before it and nothing against it. */
function unproven(holding: Holding, error: VendingError): Holding {
  const { provenVersion, disproved } = holding.state
  if (isDead(error.code) || (provenVersion !== undefined && !disproved)) throw error
  return withWarning(holding, { code: 'not_checked', detail: `nobody has seen yet that it works: ${error.message}` })
}

const withWarning = ({ issued, ...holding }: Holding, warning: Warning): Holding => ({
  ...holding,
  issued: { ...issued, warnings: [...(issued.warnings ?? []), warning] },
})

const isDead = (code: FailureCode | undefined): boolean =>
  code === 'credential_expired' || code === 'credential_revoked'

/** The version that last worked, if it is another and still there. */
export async function versionBefore(
  asked: Connection,
  state: State,
  { version }: Credentials,
  runtime: Runtime,
): Promise<Holding | undefined> {
  const { vendor, connection } = asked
  if (state.provenVersion === undefined || state.provenVersion === version || state.disproved) return undefined
  const before = await runtime.credentials.readVersion(vendor.id, connection, state.provenVersion)
  try {
    return before && (await readStored(asked, state, before, runtime))
  } catch (error) {
    if (error instanceof VendingError) return undefined
    throw error
  }
}

/** What the document holds. Throws `credential_expired` when it has ended, `configuration` when it does not fit. */
export async function readStored(
  asked: Connection,
  state: State,
  credentials: Credentials,
  runtime: Runtime,
): Promise<Holding> {
  const { vendor } = asked
  const issued = await vendor.issue(credentials.document, undefined, contextFor(vendor, runtime, VENDOR_SECONDS))
  const { accessToken } = issued
  if (secondsBetween(runtime.now(), accessToken.expiresAt) > marginSeconds(accessToken))
    return { state, credentials, issued }
  const ended = `the token of ${keyOf(asked)} ended on ${rfc3339(accessToken.expiresAt)}`
  throw new VendingError('credential_expired', ended)
}

/**
 * Asks the vendor whether it takes the token, and remembers what it says: one that it does not take is not vended from
 * then on. Throws `credential_expired` for such a one, and what else went wrong when the vendor could not be asked.
 */
export async function prove(asked: Connection, holding: Holding, runtime: Runtime): Promise<void> {
  const { state, credentials, issued } = holding
  const result = await seeAlive(asked, holding, runtime)
  const key = keyOf(asked)
  const now = runtime.now()
  const { version: credentialVersion } = credentials
  if (state.provenVersion !== credentialVersion) runtime.memory.copies.delete(key)
  const ends = lifeOf(issued.accessToken)
  await runtime.store.register(key, { dueAt: now, ends })
  await runtime.store.note(key, {
    succeededAt: now,
    credentialVersion,
    ...(result && { checked: { at: now, result } }),
  })
  await tellWorks(
    asked,
    state,
    { version: credentialVersion, ...(ends !== 'never' && { endsAt: ends.until }) },
    runtime,
  )
}

/** The question alone: whether it is alive does not make it the version that last worked. */
export async function seeAlive(
  asked: Connection,
  holding: Holding,
  runtime: Runtime,
): Promise<'alive' | 'limited' | undefined> {
  const { state, credentials, issued } = holding
  const { vendor } = asked
  const context = contextFor(vendor, runtime, VENDOR_SECONDS)
  const result = await vendor.liveness?.(credentials.document, issued.accessToken, context)
  if (result !== 'refused' && result !== 'login page') return result
  const key = keyOf(asked)
  const now = runtime.now()
  const failure = deadBy(result, asked, holding, now)
  await runtime.store.note(key, failure, state.provenVersion === credentials.version ? 'disproved' : undefined)
  runtime.memory.copies.delete(key)
  await tellTrouble(asked, { ...state, failure }, runtime)
  throw asError(failure, now)
}

function deadBy(result: Liveness, asked: Connection, { state, credentials }: Holding, now: Date): Failure {
  const { title } = asked.vendor
  const before = state.failure?.credentialVersion === credentials.version ? state.failure : undefined
  const found =
    result === 'refused'
      ? `${title} refuses the token of ${keyOf(asked)} before its end: it was revoked, or replaced by a newer one`
      : `${title} answers the token of ${keyOf(asked)} with a page for people, as if nobody were logged in`
  return {
    code: 'credential_expired',
    detail: found,
    count: (before?.count ?? 0) + 1,
    since: before?.since ?? now,
    ...(result === 'login page' && { until: secondsAfter(now, DOUBT_SECONDS) }),
    credentialVersion: credentials.version,
  }
}

const lifeOf = ({ issuedAt, expiresAt }: AccessToken): CredentialLife | 'never' =>
  isNever(expiresAt) ? 'never' : { since: issuedAt, until: expiresAt }
