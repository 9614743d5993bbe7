import { type Connection, keyOf } from '../kit/connection.ts'
import { bestEffort, isFailure, orFailure, VendingError } from '../kit/errors.ts'
import { DAY_SECONDS, secondsBetween } from '../kit/time.ts'
import { isExpired } from '../kit/token.ts'
import { asError, type Failure, needsConsent } from './failure.ts'
import { pauseSeconds } from './lease.ts'
import { isRecent, keepCopy, OUTAGE_SECONDS, recall, share } from './memory.ts'
import { type NotYet, renew } from './renew.ts'
import {
  freshnessFor,
  isUsable,
  type Look,
  refuseTheImpossible,
  served,
  stale,
  type Vended,
  type VendRequest,
} from './request.ts'
import { type CredentialSource, credentialsFor, type Runtime } from './runtime.ts'
import { staticToken } from './static-token.ts'
import type { HeldToken, Row } from './store.ts'

/** A caller without anything to serve waits this long for the holder of the lease. */
const WAIT_SECONDS = 6
/** What remains of the function's time for the answer itself. */
const ANSWER_SECONDS = 1

/**
 * Gives a token that is fresh now: from our own copy, the table, or the vendor, in this order.
 *
 *  fresh    served
 *  ageing   one caller takes the lease and renews, everybody else is served at once;
 *           when renewing fails the ageing token is served with a warning
 *  expired  one caller takes the lease and renews, everybody else waits for it and at last hears `busy`
 *
 * A caller whose token was refused by the vendor's API gets any other that works, without a vendor call; the current one
 * is treated as expired for who reports it, and for nobody else. What is handed out is judged at that moment: not expired,
 * and the table was asked within the last five seconds, while it answers. Throws VendingError.
 */
export async function vend(request: VendRequest, runtime: Runtime): Promise<Vended> {
  const key = keyOf(request.connection)
  const copy = recall(runtime.memory, key, runtime.now())
  const fit = copy && freshnessFor(copy, request, runtime.now())
  if (copy && fit === 'fresh') return served(copy)
  // With an ageing token in hand nobody waits for a flight; with none, all in this process share one.
  if (fit === 'ageing') return vendFromTable(request, runtime)
  const flight = `vend ${key} ${request.minTtlSeconds} ${request.rejected} ${request.ahead}`
  return share(runtime.memory, flight, () => vendFromTable(request, runtime))
}

interface Waiting {
  readonly since: Date
  pauses: number
}

async function vendFromTable(request: VendRequest, runtime: Runtime): Promise<Vended> {
  const { connection } = request
  const waiting: Waiting = { since: runtime.now(), pauses: 0 }
  try {
    return await untilFound(request, waiting, runtime)
  } finally {
    const seconds = secondsBetween(waiting.since, runtime.now())
    if (waiting.pauses > 0) await runtime.observe({ kind: 'waited', connection, seconds })
  }
}

async function untilFound(request: VendRequest, waiting: Waiting, runtime: Runtime): Promise<Vended> {
  let fault: VendingError | undefined
  for (let isLast = false; ; ) {
    const readAt = runtime.now()
    const row = await readRow(request, runtime)
    if ('source' in row) return row
    if (row.state.status === 'disabled') throw disabled(request.connection, runtime)
    const held = await currentToken(row, request.connection, runtime)
    const found = await fromRow({ request, row, readAt, held }, fault, runtime)
    if (isVended(found) && isDeliverable(found, readAt, runtime.now())) return found
    if (isLast) throw busy(request)
    if (found instanceof VendingError) fault = found

    const gone = secondsBetween(waiting.since, runtime.now())
    const left = Math.min(WAIT_SECONDS - gone, runtime.timeLeft() - ANSWER_SECONDS)
    if (left <= 0) {
      // A last look, which does not renew: a token that is too short for the caller is better than none.
      isLast = true
      fault ??= busy(request)
    } else if (found === 'leased') {
      waiting.pauses += 1
      await runtime.sleep(Math.min(left, pauseSeconds(row.state, runtime)))
    }
  }
}

/** What came of one look where it gave no token: a fault of ours is remembered for the next look. */
type Step = NotYet | VendingError

const isVended = (found: Vended | Step): found is Vended => typeof found === 'object' && 'source' in found

const isDeliverable = ({ token, checkedAt }: Vended, readAt: Date, now: Date): boolean =>
  isRecent(checkedAt ?? readAt, now) && !isExpired(token.accessToken, now)

const busy = ({ connection }: VendRequest): VendingError =>
  new VendingError('busy', `another caller is renewing ${keyOf(connection)}`, { retryAfterSeconds: 2 })

function disabled(connection: Connection, { memory }: Runtime): VendingError {
  memory.copies.delete(keyOf(connection))
  return new VendingError('connection_disabled', `${keyOf(connection)} is disabled`)
}

/** The row, or where the table does not answer the token that it gave a while ago. */
async function readRow(request: VendRequest, runtime: Runtime): Promise<Row | Vended> {
  const row = await orFailure(runtime.tokens.read(request.connection))
  if (!(row instanceof VendingError)) return row
  const now = runtime.now()
  const copy = recall(runtime.memory, keyOf(request.connection), now, OUTAGE_SECONDS)
  if (row.code === 'store_unavailable' && isUsable(copy, request, now)) return stale(copy, request, now, row)
  throw row
}

/**
 * The token of the row, or our own copy where nothing may be written down or a later token could not be; unless a revoke
 * or newer credentials have overruled it.
 */
async function currentToken({ state, token: cached }: Row, connection: Connection, { memory, credentials }: Runtime) {
  const isMemory = connection.vendor.tokens.storage === 'memory'
  const known = isMemory ? await versionOf(connection, 300, credentials) : credentials.known(connection)
  const copy = memory.copies.get(keyOf(connection))?.token
  const isOurs = isMemory || (copy?.fence ?? 0) > (cached?.fence ?? 0)
  const token: HeldToken | undefined = isOurs ? copy : cached
  if (token?.epoch !== state.epoch) return undefined
  if (known === undefined || known === token.credentialVersion) return token
  // Either of the two is out of date: only the secret itself can tell which.
  const newest = await versionOf(connection, 0, credentials)
  return newest === undefined || newest === token.credentialVersion ? token : undefined
}

/** The version of the credentials; undefined while nobody can tell, which is no reason to lose a token that works. */
async function versionOf(connection: Connection, maxAgeSeconds: number, credentials: CredentialSource) {
  const found = await orFailure(credentials.read(connection, maxAgeSeconds))
  if (!(found instanceof VendingError)) return found.version
  if (found.code !== 'store_unavailable') throw found
  return undefined
}

/** With a fault of ours from the look before nothing is renewed. */
async function fromRow(look: Look, fault: VendingError | undefined, runtime: Runtime): Promise<Vended | Step> {
  const { request, row, readAt, held } = look
  const { connection, rejected } = request
  const key = keyOf(connection)
  await noteUse(request, row, runtime)
  if (held) keepCopy(runtime.memory, key, { token: held, checkedAt: readAt })
  const fit = held ? freshnessFor(held, request, runtime.now()) : 'expired'
  if (held && !needsConsent(row.state.failure) && (fit === 'fresh' || (fit === 'ageing' && rejected !== undefined)))
    return served(held)
  try {
    if (fault) throw fault
    const found = await obtain(look, runtime)
    // With a token in hand nobody waits for who renews it.
    return found === 'leased' && held && fit === 'ageing' ? served(held) : found
  } catch (error) {
    if (!isFailure(error, 'store_unavailable', 'busy')) throw error
    const spare = held ?? runtime.memory.copies.get(key)?.token
    if (spare?.epoch === row.state.epoch && isUsable(spare, request, runtime.now()))
      return stale(spare, request, runtime.now(), error)
    if (fault) throw error
    return error
  }
}

async function obtain(look: Look, runtime: Runtime): Promise<Vended | Step> {
  const { request, row, held } = look
  const { connection } = request
  const { failure } = row.state
  const credentials = await credentialsFor(connection, row.state, runtime)
  if (connection.vendor.isStatic?.(credentials.document)) return staticToken(look, credentials, runtime)
  if (needsConsent(failure)) return servedUntilExpiry(look, failure, runtime.now())
  refuseTheImpossible(request, held)
  return renew(look, credentials, runtime)
}

/** The grant is over, but the last token it gave works until its end: with a warning, in time to connect again. */
function servedUntilExpiry({ request, held }: Look, failure: Failure, now: Date): Vended {
  if (!isUsable(held, request, now)) throw asError(failure, now)
  const detail = `a person has to connect again before this token ends: ${failure.detail}`
  return served(held, [{ code: 'reconnect_needed', detail }])
}

/** A connection that nobody uses is not renewed for ever. Noted to the day, so that it costs a write a day. */
async function noteUse({ connection, ahead }: VendRequest, { exists, state }: Row, runtime: Runtime): Promise<void> {
  const now = runtime.now()
  if (ahead || !exists || (state.usedAt && secondsBetween(state.usedAt, now) < DAY_SECONDS)) return
  await bestEffort(runtime.registry.touch(connection, now))
}
