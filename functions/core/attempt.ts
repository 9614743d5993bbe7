import { type Connection, keyOf, labelOf } from '../kit/connection.ts'
import { bestEffort, FAILURES, isFailure, VendingError } from '../kit/errors.ts'
import { endOfGrant, renewGrantAt } from '../kit/grant.ts'
import type { CredentialLife } from '../kit/reminders.ts'
import type { Secret } from '../kit/secret.ts'
import { earlier, secondsAfter, secondsBetween } from '../kit/time.ts'
import { hasSingleUse, isExpired, refreshAt, sweepAt } from '../kit/token.ts'
import { type Context, type Issued, type Liveness, statedEnd, type Warning } from '../kit/vendor.ts'
import { withCallPermit } from './allowance.ts'
import { type Failure, remember } from './failure.ts'
import { LOOK_UP_SECONDS, vendorTime } from './lease.ts'
import { type Credentials, contextFor, type Runtime } from './runtime.ts'
import type { HeldToken, Lease, Outcome, State, Success } from './store.ts'

/** One way from credentials to an outcome: permit, call, perhaps a second call, record, cache, report. */
export interface Attempt {
  readonly connection: Connection
  /** As it was read before. */
  readonly state: State
  readonly credentials: Credentials
  /** Present where the token is cached. */
  readonly lease?: Lease | undefined
  /** What the vendor is called for. @default `vendor.issue` with the refresh token of the lease */
  readonly call?: (credentials: unknown, context: Context) => Promise<Obtained>
  /**
   * What of the outcome is recorded; what is not, the caller hears as an error. 'refusal' is that a static token is refused,
   * 'verdict' that or a success. @default all
   */
  readonly records?: 'success' | 'refusal' | 'verdict' | 'nothing'
  /** A person has consented: the grant before is over. */
  readonly newGrant?: true
  /** A caller wants it, not the schedule. */
  readonly used?: boolean
  /** A token at hand that can be served meanwhile. */
  readonly held?: HeldToken | undefined
}

export interface Obtained extends Issued {
  /** Of a static token that was shown to the vendor: what it said, and from when until when the token lives. */
  readonly checked?: Liveness | undefined
  readonly ends?: CredentialLife | 'never'
}

export type Attempted =
  | { readonly token: HeldToken; readonly warnings: readonly Warning[]; readonly checkedAt: Date }
  | { readonly failure: Failure; readonly checkedAt: Date }
  | 'superseded'

/**
 * Tries once, and records what came of it. 'superseded': another holder took over, or somebody revoked or disabled the
 * connection meanwhile, so what was obtained may not be used. Throws what says nothing about the vendor, and failures that
 * are not to be recorded.
 */
export async function attempt(job: Attempt, runtime: Runtime): Promise<Attempted> {
  const answer = await callVendor(job, runtime)
  if (answer === 'superseded') return answer
  return 'error' in answer ? failed(job, answer, runtime) : succeeded(job, answer, runtime)
}

interface Heard {
  /** How often the refresh token was sent without a definite answer, this time included. */
  sends?: number
  refreshToken?: Secret
}

type Answered = Pick<Attempt, 'credentials'> & { readonly issued: Obtained }
type Failed = Pick<Attempt, 'credentials'> & Heard & { readonly error: unknown }

/** A second call is made only for a failure that came this quickly, so that it too ends in time. */
const AGAIN_WITHIN_SECONDS = 3
const PAUSE_SECONDS = 0.2

/** Calls the vendor once, or twice where a second call can help and cannot do harm. */
async function callVendor(job: Attempt, runtime: Runtime): Promise<Answered | Failed | 'superseded'> {
  const startedAt = runtime.now()
  const first = await callOnce(job, runtime)
  if (first === 'superseded' || !('error' in first) || job.call || job.records) return first
  if (first.refreshToken || secondsBetween(startedAt, runtime.now()) > AGAIN_WITHIN_SECONDS) return first
  const credentials = await forSecondCall(first.error, job, runtime)
  return credentials ? callOnce({ ...job, credentials }, runtime) : first
}

/** The credentials to call again with, or undefined when the first answer stands. */
async function forSecondCall(error: unknown, { connection, lease, credentials }: Attempt, runtime: Runtime) {
  if (isFailure(error, 'credential_rejected')) {
    const latest = await runtime.credentials.read(connection, 0).catch(() => credentials)
    return latest.version === credentials.version ? undefined : latest
  }
  // A refresh token may have been spent by the call whose answer was lost: it is not sent twice.
  if (!isFailure(error, 'vendor_unavailable') || error.retryAfterSeconds !== undefined || lease?.refreshToken)
    return undefined
  await runtime.sleep(PAUSE_SECONDS)
  return credentials
}

async function callOnce(job: Attempt, runtime: Runtime): Promise<Answered | Failed | 'superseded'> {
  const { connection, state, credentials } = job
  const heard: Heard = {}
  try {
    const proven = state.provenVersion === credentials.version ? 'proven' : 'unproven'
    const issued = await withCallPermit(connection.vendor, proven, () => send(job, heard, runtime), runtime)
    return issued === 'superseded' ? issued : { issued, credentials }
  } catch (error) {
    return { error, credentials, ...heard }
  }
}

async function send(job: Attempt, heard: Heard, runtime: Runtime): Promise<Obtained | 'superseded'> {
  const { connection, lease, credentials } = job
  const { vendor } = connection
  if (lease?.refreshToken && !job.call && hasSingleUse(vendor.tokens)) {
    // Where it goes may have to be looked up, which spends nothing and must not take the time of what does.
    await vendor.authorization?.tokenEndpoint(credentials.document, contextFor(vendor, runtime, LOOK_UP_SECONDS))
    const sends = await runtime.tokens.noteSend(lease)
    if (sends === undefined) return 'superseded'
    heard.sends = sends
  }
  // Measured here, right before anything is sent: the process may have been frozen since the lease was given.
  const seconds = vendorTime(vendor.tokens, lease, runtime)
  if (seconds === undefined) throw new VendingError('busy', `too little time is left to renew ${labelOf(connection)}`)
  const received = (token: Secret) => {
    heard.refreshToken = token
  }
  const context = { ...contextFor(vendor, runtime, seconds), received }
  const call = job.call ?? ((document) => vendor.issue(document, lease?.refreshToken, context))
  const issued: Obtained = await timed(connection, call(credentials.document, context), runtime)
  const { accessToken, refreshToken, ends } = issued
  if (refreshToken) received(refreshToken)
  if (!ends) await runtime.observe({ kind: 'obtained', connection, accessToken, version: credentials.version })
  // It could not be handed out, and would be obtained again and again.
  if (isExpired(accessToken, runtime.now()))
    throw new VendingError('vendor_malformed', "the vendor's token had ended, or nearly so, when it came")
  return issued
}

async function timed<T>(connection: Connection, calling: Promise<T>, { observe, now }: Runtime): Promise<T> {
  const startedAt = now()
  const codeOf = (error: unknown) => (error instanceof VendingError ? error.code : 'internal')
  const failure = await calling.then(() => undefined, codeOf)
  const seconds = secondsBetween(startedAt, now())
  await observe({ kind: 'vendor_called', connection, seconds, ...(failure && { failure }) })
  return calling
}

async function succeeded(job: Attempt, { issued, credentials }: Answered, runtime: Runtime): Promise<Attempted> {
  const { connection, state, lease } = job
  const { accessToken, refreshToken, warnings = [], checked, ends } = issued
  const key = keyOf(connection)
  const at = runtime.now()
  const { fence, epoch } = lease ?? state
  const grantEnd = lease && grantEndOf(job, issued)
  const ofToken = refreshAt(accessToken, connection.vendor.tokens, key)
  // A token may well outlive the grant that it was obtained by.
  const renewAt = earlier(ofToken, (grantEnd && renewGrantAt(grantEnd, accessToken.issuedAt, key)) ?? ofToken)
  const token = { accessToken, refreshAt: renewAt, fence, epoch, credentialVersion: credentials.version }
  if (job.records === 'refusal' || job.records === 'nothing') return { token, warnings, checkedAt: at }

  const success: Success = {
    credentialVersion: credentials.version,
    at,
    ...(lease && { usualSeconds: blend(secondsBetween(lease.since, at), state.usualSeconds) }),
    ...(ends ? { ends } : { sweepAt: sweepAt(token) }),
    ...(checked && { checked: { at, result: checked } }),
    ...(grantEnd && { grantEnd }),
    ...(job.newGrant && { newGrant: true }),
    ...(job.used && { used: true }),
  }
  // The refresh token is durable before the access token can be handed out by anybody.
  const recorded = await record(job, { success, ...(refreshToken && { refreshToken }) }, runtime)
  const cached = recorded === 'recorded' && lease ? await cache(lease, token, runtime) : 'kept'
  if (recorded === 'superseded' || cached === 'overtaken') return 'superseded'
  const notCached = { code: 'not_cached', detail: 'the token could not be cached' }
  const said = cached === 'kept' ? warnings : [...warnings, notCached]
  const { copies, holds } = runtime.memory
  holds.delete(key)
  if (!ends) copies.set(key, { token, warnings: said, checkedAt: at })
  else if (copies.get(key)?.token.credentialVersion !== credentials.version) copies.delete(key)
  const endsAt = ends ? ends !== 'never' && ends.until : statedEnd(credentials.document)
  await runtime.observe({ kind: 'worked', connection, state, token, ...(endsAt && { endsAt }) })
  return { token, warnings: said, checkedAt: at }
}

/** Where nobody has to consent a new grant costs nobody anything. */
function grantEndOf({ connection: { vendor }, state, newGrant }: Attempt, { accessToken, grantEndsAt }: Issued) {
  if (!vendor.authorization || vendor.tokens.storage === 'memory') return undefined
  const before = newGrant ? undefined : state.grantEnd
  return endOfGrant({ before, at: accessToken.issuedAt, stated: grantEndsAt, life: vendor.tokens.grant })
}

/** A cache that cannot be written costs the next sweep a vendor call, not this caller its token, and nobody a wait. */
async function cache(lease: Lease, token: HeldToken, runtime: Runtime): Promise<'kept' | 'overtaken' | 'not kept'> {
  const { tokens, registry, now } = runtime
  try {
    return (await tokens.put(lease, { ...token, policy: lease.policy.storage })) ? 'kept' : 'overtaken'
  } catch (error) {
    if (!isFailure(error, 'store_unavailable')) throw error
    await bestEffort(tokens.record(lease, {}))
    await bestEffort(registry.register(lease.connection, { sweepAt: secondsAfter(now(), 60), wakes: true }))
    return 'not kept'
  }
}

async function failed(job: Attempt, answer: Failed, runtime: Runtime): Promise<Attempted> {
  const { error, credentials, sends, refreshToken } = answer
  const { connection, state, lease, held } = job
  const came = { ...(refreshToken && { refreshToken }), ...(isAmbiguous(error) && { unconfirmed: true as const }) }
  if (!isRecorded(error, job)) {
    if (lease) await bestEffort(record(job, came, runtime))
    throw error
  }
  const now = runtime.now()
  const failure = remember(error, {
    before: state.failure,
    credentialVersion: credentials.version,
    held: held !== undefined,
    sends,
    endsGrant: lease?.refreshToken !== undefined && hasSingleUse(connection.vendor.tokens),
    now,
    random: runtime.random(),
  })
  const refused = failure.code === 'credential_expired'
  const outcome = { ...came, failure, ...(refused && { refusedVersion: credentials.version }) }
  if ((await record(job, outcome, runtime)) === 'superseded') return 'superseded'
  if (refused) runtime.memory.copies.delete(keyOf(connection))
  const isFailing = { kind: 'failed', connection, state: { ...state, failure } } as const
  await runtime.observe(held ? { ...isFailing, servedUntil: held.accessToken.expiresAt } : isFailing)
  return { failure, checkedAt: now }
}

function isRecorded(error: unknown, { records }: Attempt): error is VendingError {
  if (!(error instanceof VendingError) || records === 'success' || records === 'nothing') return false
  return records === undefined ? FAILURES[error.code].remember !== 'nothing' : error.code === 'credential_expired'
}

/** With less of its time left an outcome is not written again. */
const LAST_TRY_SECONDS = 1.2

/** No whole answer came, or none that can be understood: a refresh token that was sent may have been spent all the same. */
const isAmbiguous = (error: unknown): boolean =>
  !(error instanceof VendingError) || error.code === 'vendor_unavailable' || error.code === 'vendor_malformed'

/**
 * Records under the lease where there is one. What became of a single-use refresh token nobody else can find out, nor has
 * anybody else a new one: that is tried until the lease or the function's time nearly ends.
 */
async function record({ connection, state, lease }: Attempt, outcome: Outcome, runtime: Runtime) {
  const isCostly = outcome.refreshToken !== undefined || hasSingleUse(connection.vendor.tokens)
  for (let pause = 0.1; ; pause = Math.min(pause * 2, 1)) {
    try {
      return await runtime.tokens.record(lease ?? { connection, epoch: state.epoch }, outcome)
    } catch (error) {
      if (!isFailure(error, 'store_unavailable') || !lease || !isCostly) throw error
      const left = Math.min(runtime.timeLeft(), secondsBetween(runtime.now(), lease.until))
      if (left < LAST_TRY_SECONDS) throw error
      await runtime.sleep(Math.min(pause, left - 1))
    }
  }
}

const blend = (latest: number, before = latest): number => before * 0.7 + latest * 0.3
