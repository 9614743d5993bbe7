import { keyOf, labelOf } from '../kit/connection.ts'
import { isFailure, orFailure, VendingError } from '../kit/errors.ts'
import { isNever, rfc3339, secondsBetween } from '../kit/time.ts'
import { isExpired } from '../kit/token.ts'
import type { Issued, Warning } from '../kit/vendor.ts'
import { takeRefreshPermit } from './allowance.ts'
import { type Attempt, type Attempted, attempt } from './attempt.ts'
import { asError, bars } from './failure.ts'
import { share } from './memory.ts'
import { type Look, served, tooLong, type Vended } from './request.ts'
import { type Credentials, contextFor, type Runtime } from './runtime.ts'

const READ_SECONDS = 8
/** A page for people in the place of an answer may be a maintenance: after so long the token is tried again. */
const LOGIN_PAGE = { retryAfterSeconds: 15 * 60 }

/** A version of a connection's credentials, and the state as it was read. */
type Version = Pick<Attempt, 'connection' | 'state' | 'credentials'>

/** One that holds the token itself, and what it holds. */
interface Static extends Version {
  readonly issued: Issued
  /** When the table was last asked whether it may be vended, if that was after the row was read. */
  readonly checkedAt?: Date
}

/** Whether the token is the credential. Of a document that does not fit, the version that last worked tells. */
export async function isStatic(version: Version, runtime: Runtime): Promise<boolean> {
  const { vendor } = version.connection
  if (!vendor.isStatic) return false
  return vendor.isStatic(version.credentials.document) ?? (await versionBefore(version, runtime)) !== undefined
}

/**
 * Vends a token that is the credential. There is no lease, and no call but one for each version, which the vendor is seen
 * to take before it is used. As long as the vendor does not take the newest, the version before it stays in use. A person
 * who has just replaced an expired token must not have to wait for our copy of the old one to expire too.
 */
export async function staticToken(look: Look, credentials: Credentials, runtime: Runtime): Promise<Offer> {
  try {
    return await vendVersion(look, credentials, runtime)
  } catch (error) {
    if (!isFailure(error, 'credential_expired')) throw error
    const latest = await runtime.credentials.read(look.request.connection, 0)
    if (latest.version === credentials.version) throw error
    return vendVersion(look, latest, runtime)
  }
}

type Offer = Vended | 'superseded'

async function vendVersion({ request, row, readAt }: Look, newest: Credentials, runtime: Runtime): Promise<Offer> {
  const { connection, minTtlSeconds, rejected } = request
  const { fence, epoch, checked } = row.state
  const inUse = await versionInUse({ connection, state: row.state, credentials: newest }, runtime)
  if (inUse === 'superseded') return inUse
  const { issued, checkedAt = readAt } = inUse
  const { accessToken, warnings = [] } = issued
  const left = secondsBetween(runtime.now(), accessToken.expiresAt)
  if (left < minTtlSeconds) throw tooLong(request, left)
  if (accessToken.value.fingerprint === rejected) return refuse(inUse, runtime)
  const credentialVersion = inUse.credentials.version
  const token = { accessToken, refreshAt: accessToken.expiresAt, fence, epoch, credentialVersion }
  const limited = { code: 'rights_missing', detail: 'the user of this token may not read what its check reads (403)' }
  const said = checked?.result === 'limited' ? [...warnings, limited] : warnings
  runtime.memory.copies.set(keyOf(connection), { token, warnings: said, checkedAt })
  return { ...served(token, said), checkedAt }
}

/** There is no other token to give, and no way to obtain one. Whether this one is dead, the vendor is asked where it can be. */
async function refuse(inUse: Static, runtime: Runtime): Promise<'superseded'> {
  const { connection } = inUse
  if (connection.vendor.liveness) {
    await takeRefreshPermit(connection, runtime)
    const outcome = await checkStatic(inUse, runtime)
    if (outcome === 'superseded') return outcome
    if ('failure' in outcome) throw asError(outcome.failure, runtime.now())
  }
  const dead = `the vendor refuses the token of ${labelOf(connection)}, which only a person can replace`
  throw new VendingError('credential_rejected', dead)
}

/** The newest version if the vendor takes it, else the one before. Throws what speaks against the newest. */
async function versionInUse(newest: Version, runtime: Runtime): Promise<Static | 'superseded'> {
  try {
    return await seenToWork({ ...newest, issued: await readStatic(newest, runtime) }, runtime)
  } catch (error) {
    if (!(error instanceof VendingError) || error.code === 'store_unavailable') throw error
    const before = await versionBefore(newest, runtime)
    if (!before) throw error
    const detail = `the newest version of the credentials is not in use: ${error.message}`
    return withWarning(before, { code: 'not_replaced', detail })
  }
}

/** The newest version, once the vendor has been seen to take it. */
async function seenToWork(newest: Static, runtime: Runtime): Promise<Static | 'superseded'> {
  const { connection, state, credentials } = newest
  const { version } = credentials
  const failure = state.failure?.credentialVersion === version ? state.failure : undefined
  if (!failure && state.refusedVersions?.has(version)) {
    const again = `the token of ${labelOf(connection)} was refused or revoked before; make a new one`
    throw new VendingError('credential_expired', again)
  }
  if (!failure && state.provenVersion === version) return newest
  if (failure && bars(failure, version, runtime.now())) return unproven(newest, asError(failure, runtime.now()))
  const flight = `check ${keyOf(connection)} ${version}`
  const outcome = await share(runtime.memory, flight, () => checkStatic(newest, runtime))
  if (outcome === 'superseded') return outcome
  const checked = { ...newest, checkedAt: outcome.checkedAt }
  return 'failure' in outcome ? unproven(checked, asError(outcome.failure, runtime.now())) : checked
}

/** One that the vendor could not be asked about is better than none, if there is none before it and nothing against it. */
function unproven(newest: Static, error: VendingError): Static {
  const { provenVersion, refusedVersions } = newest.state
  const hasBetter = provenVersion !== undefined && !refusedVersions?.has(provenVersion)
  if (hasBetter || ['credential_expired', 'credential_revoked', 'grant_revoked'].includes(error.code)) throw error
  return withWarning(newest, { code: 'not_checked', detail: `nobody has seen yet that it works: ${error.message}` })
}

const withWarning = ({ issued, ...found }: Static, warning: Warning): Static => ({
  ...found,
  issued: { ...issued, warnings: [...(issued.warnings ?? []), warning] },
})

/** The version that last worked, if it is another and still there. */
export async function versionBefore(newest: Version, runtime: Runtime): Promise<Static | undefined> {
  const { connection, state } = newest
  const { provenVersion: proven, refusedVersions } = state
  if (proven === undefined || proven === newest.credentials.version || refusedVersions?.has(proven)) return undefined
  const credentials = await runtime.credentials.readVersion(connection, proven)
  if (!credentials || !connection.vendor.isStatic?.(credentials.document)) return undefined
  const before = { connection, state, credentials }
  const issued = await orFailure(readStatic(before, runtime))
  return issued instanceof VendingError ? undefined : { ...before, issued }
}

/** What the document holds. Throws `credential_expired` when it has ended, `configuration` when it does not fit. */
async function readStatic({ connection, credentials }: Version, runtime: Runtime): Promise<Issued> {
  const { vendor } = connection
  const issued = await vendor.issue(credentials.document, undefined, contextFor(vendor, runtime, READ_SECONDS))
  const { accessToken } = issued
  if (!isExpired(accessToken, runtime.now())) return issued
  const ended = `the token of ${labelOf(connection)} ended on ${rfc3339(accessToken.expiresAt)}`
  throw new VendingError('credential_expired', ended)
}

/**
 * Asks the vendor whether it takes the token, where it can be asked, and records what it says: one that it refuses is not
 * vended from then on. Throws `credential_expired` when the token has ended by our clock, and what is not recorded.
 */
export async function checkStatic(version: Version & Pick<Attempt, 'records'>, runtime: Runtime): Promise<Attempted> {
  const { connection, state, credentials } = version
  const { title, liveness } = connection.vendor
  const issued = await readStatic(version, runtime)
  const { issuedAt: since, expiresAt: until } = issued.accessToken
  const call: Attempt['call'] = async (document, context) => {
    const checked = await liveness?.(document, issued.accessToken, context)
    const token = `the token of ${labelOf(connection)}`
    if (checked === 'refused')
      throw refusal(`${title} refuses ${token} before its end: it was revoked, replaced by a newer one, or mistyped`)
    if (checked === 'login page')
      throw refusal(`${title} answers ${token} with a page for people, as if nobody were logged in`, LOGIN_PAGE)
    return { ...issued, checked, ends: isNever(until) ? 'never' : { since, until } }
  }
  // Of a token that worked and has not been refused since, only a refusal counts: that nobody answers says nothing of it.
  const worked = state.provenVersion === credentials.version && state.failure?.credentialVersion !== credentials.version
  const { records = worked ? 'verdict' : undefined } = version
  return attempt({ connection, state, credentials, call, ...(records && { records }) }, runtime)
}

const refusal = (found: string, details = {}): VendingError => new VendingError('credential_expired', found, details)
