import { type Connection, keyOf, labelOf } from '../kit/connection.ts'
import { bestEffort, isFailure, orFailure, VendingError } from '../kit/errors.ts'
import { DAY_SECONDS, secondsBetween } from '../kit/time.ts'
import { isExpired } from '../kit/token.ts'
import { needsConsent } from './failure.ts'
import { pauseSeconds } from './lease.ts'
import { isRecent, keepCopy, keepHold, OUTAGE_SECONDS, recall, recallHold, share } from './memory.ts'
import { type NotYet, type Renewed, renew } from './renew.ts'
import { freshnessFor, isUsable, type Look, served, stale, staleOr, type Vended, type VendRequest } from './request.ts'
import { type CredentialSource, credentialsFor, type Runtime } from './runtime.ts'
import { isStatic, staticToken } from './static-token.ts'
import type { HeldToken, Read, Row } from './store.ts'

/** A caller without anything to serve waits this long for the holder of the lease. */
const WAIT_SECONDS = 6
/** What remains of the function's time for the answer itself. */
const ANSWER_SECONDS = 1

/**
 * Gives a token that is fresh now: from our own copy, the table, or the vendor, in this order.
 *
 *  fresh, ageing   served; the sweep renews an ageing one
 *  late            one caller takes the lease and renews, everybody else is served at once;
 *                  when renewing fails the late token is served with a warning
 *  expired         one caller takes the lease and renews, everybody else waits for it and at last hears `busy`
 *
 * Where tokens stay in memory there is no lease: the callers of one process share its renewal. A caller whose token was
 * refused by the vendor's API gets any other that works, without a vendor call; the current one is expired for who reports
 * it, and for nobody else. What is handed out is judged at that moment: not expired, and the table was asked within five
 * seconds, while it answers. Who has read the row hands it in. Throws VendingError.
 */
export async function vend(request: VendRequest, runtime: Runtime, first?: Read): Promise<Vended> {
  if (first) return vendFromTable(request, runtime, first)
  const key = keyOf(request.connection)
  const flight = `vend ${key} ${request.minTtlSeconds} ${request.rejected} ${request.ahead}`
  return fromMemory(request, flight, runtime) ?? share(runtime.memory, flight, () => vendFromTable(request, runtime))
}

function fromMemory(request: VendRequest, flight: string, { memory, now }: Runtime): Vended | undefined {
  const key = keyOf(request.connection)
  const at = now()
  const copy = recall(memory, key, at)
  const fit = copy ? freshnessFor(copy.token, request, at) : 'expired'
  const reason = request.ahead || request.rejected !== undefined ? undefined : recallHold(memory, key, at)
  const isServed = fit === 'fresh' || fit === 'ageing'
  if (reason instanceof VendingError && !copy) throw reason
  if (typeof reason === 'object' && 'count' in reason && (!isServed || needsConsent(reason)))
    return staleOr(reason, { request, held: copy?.token }, at)
  // With a late token in hand nobody waits for who renews it.
  const isRenewing = fit === 'late' && (reason === 'leased' || memory.flights.has(flight))
  return copy && (isServed || isRenewing) ? served(copy.token, copy.warnings) : undefined
}

async function vendFromTable(request: VendRequest, runtime: Runtime, first?: Read): Promise<Vended> {
  const { connection } = request
  const since = runtime.now()
  let pauses = 0
  let fault: VendingError | undefined
  try {
    for (let read = first, isLast = false; ; read = undefined) {
      const readAt = read?.readAt ?? runtime.now()
      const row = read?.row ?? (await readRow(request, runtime))
      if ('source' in row) return row
      runtime.memory.holds.delete(keyOf(connection))
      runtime.memory.usualSeconds = row.state.usualSeconds ?? runtime.memory.usualSeconds
      if (row.state.status === 'disabled') {
        runtime.memory.copies.delete(keyOf(connection))
        throw new VendingError('connection_disabled', `${labelOf(connection)} is disabled`)
      }
      const held = await currentToken(row, connection, runtime)
      const found = await fromRow({ request, row, readAt, held }, fault, runtime)
      if (isVended(found) && isDeliverable(found, readAt, runtime.now())) return found
      // The schedule goes on to the next connection: who holds the lease sees to this one.
      if (isLast || (found === 'leased' && request.ahead)) throw busy(request)
      if (found instanceof VendingError) fault = found

      const gone = secondsBetween(since, runtime.now())
      const left = Math.min(WAIT_SECONDS - gone, runtime.timeLeft() - ANSWER_SECONDS)
      if (left <= 0) {
        // A last look, which does not renew: a token that is too short for the caller is better than none.
        isLast = true
        fault ??= busy(request)
      } else if (found === 'leased') {
        pauses += 1
        await runtime.sleep(Math.min(left, pauseSeconds(row.state, runtime)))
      }
    }
  } finally {
    if (pauses > 0) await runtime.observe({ kind: 'waited', connection, seconds: secondsBetween(since, runtime.now()) })
  }
}

/** What came of one look. A fault of ours is remembered for the next. */
type Step = Vended | NotYet | VendingError

const isVended = (found: Step): found is Vended => typeof found === 'object' && 'source' in found

const isDeliverable = ({ token, checkedAt }: Vended, readAt: Date, now: Date): boolean =>
  isRecent(checkedAt ?? readAt, now) && !isExpired(token.accessToken, now)

const busy = ({ connection }: VendRequest): VendingError =>
  new VendingError('busy', `another caller is renewing ${labelOf(connection)}`, { retryAfterSeconds: 2 })

/** The row, or where the table does not answer the token that it gave a while ago. */
async function readRow(request: VendRequest, runtime: Runtime): Promise<Row | Vended> {
  const row = await orFailure(runtime.tokens.read(request.connection))
  if (!(row instanceof VendingError)) return row
  const now = runtime.now()
  const copy = recall(runtime.memory, keyOf(request.connection), now, OUTAGE_SECONDS)
  if (row.code === 'store_unavailable' && isUsable(copy?.token, request, now))
    return stale(copy.token, request, now, row)
  throw row
}

/** The token of the row, or our own copy where none may be, or could be, written down. None of before a revoke. */
async function currentToken({ state, token: cached }: Row, connection: Connection, { memory, credentials }: Runtime) {
  const isMemory = connection.vendor.tokens.storage === 'memory'
  const known = isMemory ? await versionOf(connection, 300, credentials) : credentials.known(connection)
  const copy = memory.copies.get(keyOf(connection))?.token
  const isOurs = isMemory || (copy?.fence ?? 0) > (cached?.fence ?? 0)
  const token: HeldToken | undefined = isOurs ? copy : cached
  if (token?.epoch !== state.epoch) return undefined
  if (known === undefined || known === token.credentialVersion) return { ...token, isReplaced: false }
  // Either of the two is out of date: only the secret itself can tell which.
  const newest = await versionOf(connection, 0, credentials)
  return { ...token, isReplaced: newest !== undefined && newest !== token.credentialVersion }
}

/** The version of the credentials; undefined while nobody can tell, which is no reason to lose a token that works. */
async function versionOf(connection: Connection, maxAgeSeconds: number, credentials: CredentialSource) {
  const found = await orFailure(credentials.read(connection, maxAgeSeconds))
  if (!(found instanceof VendingError)) return found.version
  if (found.code === 'unknown_connection') throw found
  return undefined
}

/** With a fault of ours from the look before nothing is renewed. */
async function fromRow(look: Look, fault: VendingError | undefined, runtime: Runtime): Promise<Step> {
  const { request, row, readAt, held } = look
  const { connection, rejected } = request
  const key = keyOf(connection)
  await noteUse(request, row, runtime)
  if (held) keepCopy(runtime.memory, key, { token: held, checkedAt: readAt })
  const fit = held ? freshnessFor(held, request, runtime.now()) : 'expired'
  const isEnough = fit === 'fresh' || fit === 'ageing' || (fit === 'late' && rejected !== undefined)
  if (held && isEnough && !needsConsent(row.state.failure)) return served(held)
  try {
    if (fault) throw fault
    const found = await obtain(look, runtime)
    if (typeof found === 'object' && 'failure' in found) {
      const { failure: reason, checkedAt } = found
      keepHold(runtime.memory, key, { reason, checkedAt })
      return { ...staleOr(reason, look, runtime.now()), checkedAt }
    }
    if (found !== 'leased') return found
    keepHold(runtime.memory, key, { reason: found, checkedAt: readAt })
    // With a late token in hand nobody waits for who renews it.
    return held && fit === 'late' ? served(held) : found
  } catch (error) {
    if (isFailure(error, ...HOPELESS)) keepHold(runtime.memory, key, { reason: error, checkedAt: readAt })
    const isOurs = isFailure(error, 'store_unavailable', 'busy')
    if (!isOurs && !isFailure(error, 'unknown_connection', 'configuration', 'not_connected')) throw error
    const spare = held ?? runtime.memory.copies.get(key)?.token
    if (spare?.epoch === row.state.epoch && isUsable(spare, request, runtime.now()))
      return stale(spare, request, runtime.now(), error)
    if (fault || !isOurs) throw error
    return error
  }
}

/** There is nothing to call the vendor with, or it does not take the token that only a person can replace. */
const HOPELESS = ['unknown_connection', 'configuration', 'credential_expired', 'credential_revoked'] as const

async function obtain(look: Look, runtime: Runtime): Promise<Renewed> {
  const { request, row, readAt } = look
  const { connection } = request
  const { state } = row
  const credentials = await credentialsFor(connection, state, runtime)
  if (await isStatic({ connection, state, credentials }, runtime)) return staticToken(look, credentials, runtime)
  if (needsConsent(state.failure)) return { failure: state.failure, checkedAt: readAt }
  return renew(look, credentials, runtime)
}

/** A connection that nobody uses is not renewed for ever. Noted to the day, so that it costs a write a day. */
async function noteUse({ connection, ahead }: VendRequest, { exists, state }: Row, runtime: Runtime): Promise<void> {
  const now = runtime.now()
  if (ahead || !exists || (state.usedAt && secondsBetween(state.usedAt, now) < DAY_SECONDS)) return
  await bestEffort(runtime.registry.touch(connection, now))
}
