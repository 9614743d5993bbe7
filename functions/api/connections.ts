import type { Failure } from '../core/failure.ts'
import { contextFor, type Runtime } from '../core/runtime.ts'
import type { Row, State } from '../core/store.ts'
import type { CheckRuntime } from '../keeper/check.ts'
import type { Glimpse } from '../keeper/directory.ts'
import { type End, endsOf, knownGrant } from '../keeper/ends.ts'
import { findNew, merged } from '../keeper/inventory.ts'
import { forEach } from '../keeper/pool.ts'
import type { KeeperRuntime } from '../keeper/sweep.ts'
import { type Connection, keyOf } from '../kit/connection.ts'
import { orFailure, VendingError } from '../kit/errors.ts'
import { isExtended } from '../kit/grant.ts'
import { DAY_SECONDS, isNever, rfc3339, secondsBetween } from '../kit/time.ts'
import { isExpired, type Timed } from '../kit/token.ts'
import type { Vendor, Warning } from '../kit/vendor.ts'
import type { CONNECTION, Members, PAGE } from './answers.ts'
import { cursorAfter, nameIn } from './cursor.ts'
import { nextAction, renewsAt, type Secretly, type Standing, secretFault, stateOf } from './state.ts'

export type ConnectionView = Members<typeof CONNECTION>

/** How old the credentials may be that a list is made of, which is drawn again and again. One by name is read afresh. */
const LISTED_SECONDS = 60
const CALL_SECONDS = 5

/** What a view is made with. */
export type ViewRuntime = Runtime & Pick<KeeperRuntime, 'restAfterDays'>

/** A row, whether its token has been opened or not. */
type Known = Row | Glimpse

/** Everything known of one connection. Throws `unknown_connection` when there is neither a row nor a secret. */
export async function show(connection: Connection, runtime: ViewRuntime): Promise<ConnectionView> {
  const row = await runtime.tokens.read(connection)
  const credentials = await orFailure(runtime.credentials.read(connection, 0))
  if (credentials instanceof VendingError && !row.exists) throw credentials
  return viewOf(connection, { row, credentials }, runtime)
}

async function viewOf(
  connection: Connection,
  { row, credentials }: { readonly row: Known; readonly credentials: Secretly },
  runtime: ViewRuntime,
): Promise<ConnectionView> {
  const { vendor, name } = connection
  const { state } = row
  const cached = cachedOf(connection, row, runtime)
  const own = await staticOf(connection, credentials, runtime)
  const standing = { connection, state, credentials, cached, own }
  const now = runtime.now()
  const is = stateOf(standing, runtime)
  const token = cached ?? (own instanceof VendingError ? undefined : own)
  const end = token && !isNever(token.accessToken.expiresAt) ? token.accessToken.expiresAt : undefined
  const renewal = renewsAt(standing, is, now)
  const { owner, succeededAt, checked, provenVersion } = state
  const failure = unreadable(standing, now) ?? state.failure
  return {
    vendor: vendor.id,
    connection: name,
    state: is,
    ...(owner !== undefined && { owner }),
    ...(end && { expires_at: rfc3339(end), days_left: Math.floor(secondsBetween(now, end) / DAY_SECONDS) }),
    ...(renewal && { renews_at: rfc3339(renewal) }),
    ...(provenVersion !== undefined && { secret_version: provenVersion }),
    ...reminders(state, now),
    ...(checked && { checked: { at: rfc3339(checked.at), result: checked.result } }),
    ...(succeededAt && { last_success_at: rfc3339(succeededAt) }),
    ...(failure && {
      last_failure: {
        code: failure.code,
        detail: failure.detail,
        since: rfc3339(failure.since),
        ...(failure.until && { next_try_at: rfc3339(failure.until) }),
      },
    }),
    next_action: nextAction(standing, is, now),
  }
}

/** What is wrong with the secret, as a failure of its connection. How long it has been so, only its vends can tell. */
function unreadable(standing: Standing, now: Date): Failure | undefined {
  const error = secretFault(standing)?.error
  if (!error) return undefined
  const since = standing.state.failure?.code === error.code ? standing.state.failure.since : now
  return { code: error.code, detail: error.message, count: 1, since }
}

/** The ends that a person has to put off, and what is said of them. */
function reminders(state: State, now: Date): Partial<ConnectionView> {
  const ends = endsOf(state, now)
  const noticesOf = (of: End['of']) => ends.filter((end) => end.of === of).map(notices)[0]
  const grant = knownGrant(state)
  return {
    ...(state.ends && { credential_ends_at: rfc3339(state.ends.until), ...noticesOf('credentials') }),
    ...(grant && {
      grant: {
        ends_at: rfc3339(grant.until),
        ...(isExtended(grant, now) && { renewals_extend: true }),
        ...noticesOf('grant'),
      },
    }),
  }
}

function notices({ rung, acknowledged }: End) {
  return {
    ...(rung && { next_notice_at: rfc3339(rung.nextAt) }),
    ...(acknowledged && {
      acknowledged: {
        by: acknowledged.by,
        at: rfc3339(acknowledged.at),
        ...(acknowledged.note !== undefined && { note: acknowledged.note }),
      },
    }),
  }
}

/** Connections on a page: some 20 KB, and four calls of the table. With a secret to look at for each it still is there within a second. */
const PAGE_LENGTH = 100
/** Looks at secrets: so many side by side, and none is begun that could not end within the function's time. */
const LOOKS = { atOnce: 16, secondsEach: 7 }

/** Of so many secrets, the newest, the first page looks whether they are known: three calls of Secrets Manager at most. */
const NEWEST = 300

/**
 * The connections of a vendor, also those whose secret is gone or unreadable, from where the page before ended. The first page
 * finds what has been stored lately and nobody has used yet; older ones the daily check finds. A page reads its rows at once
 * and opens no token. Where time runs short it ends early.
 */
export async function list(
  vendor: Vendor,
  next: string | undefined,
  runtime: CheckRuntime & ViewRuntime,
): Promise<Members<typeof PAGE>> {
  const after = next === undefined ? undefined : nameIn(vendor, next)
  const isFirst = next === undefined
  // One more than fits says whether there is a page behind.
  const known = await runtime.directory.page(vendor, { after, limit: PAGE_LENGTH + 1 })
  // One after the other: where one fails the other must not run on behind the answer.
  const round = isFirst ? await runtime.rounds.last(vendor) : undefined
  const added = isFirst ? await orFailure(findNew(vendor, { known, limit: NEWEST }, runtime)) : []
  const isBlind = added instanceof VendingError
  const found = isBlind ? known : merged(known, added)
  const rows = await runtime.directory.glance(found.slice(0, PAGE_LENGTH))
  const views: ConnectionView[] = []
  const work = async (row: Glimpse) => {
    const { connection } = row
    const known = saysEnough(row, runtime)
    const credentials = known ? undefined : await orFailure(runtime.credentials.read(connection, LISTED_SECONDS))
    views.push(await viewOf(connection, { row, credentials }, runtime))
  }
  const left = await forEach(rows, LOOKS, work, runtime)
  const last = rows[rows.length - left.length - 1]
  if (!last && left.length > 0) throw new VendingError('store_unavailable', 'the table took all the time there was')
  return {
    connections: views.sort((a, b) => (a.connection < b.connection ? -1 : 1)),
    ...(last && views.length < found.length && { next: cursorAfter(last.connection) }),
    ...(round && { checked_at: rfc3339(round.since) }),
    ...(isBlind && { warnings: [unlisted(added)] }),
  }
}

const unlisted = ({ message }: VendingError): Warning => ({
  code: 'not_searched',
  detail: `connections that nobody has used yet may be missing: ${message}`,
})

/**
 * A fresh token is vended, and nothing has failed: then the row says all there is to say. A secret that has been deleted
 * since shows when its token begins to age.
 */
function saysEnough(row: Glimpse, runtime: Runtime): boolean {
  const token = cachedOf(row.connection, row, runtime)
  const now = runtime.now()
  return token !== undefined && !row.state.failure && now < token.refreshAt && !isExpired(token.accessToken, now)
}

/** The token of a connection where it is cached: in the table, or in this process. Of a static one its secret tells more. */
function cachedOf(connection: Connection, { state, token }: Known, { memory }: Runtime): Timed | undefined {
  const held = token ?? (connection.vendor.isStatic ? undefined : memory.copies.get(keyOf(connection))?.token)
  return held?.epoch === state.epoch ? held : undefined
}

/** The token that the credentials themselves are, or why they give none. */
async function staticOf(
  connection: Connection,
  credentials: Secretly,
  runtime: Runtime,
): Promise<Timed | VendingError | undefined> {
  const { vendor } = connection
  if (!credentials || credentials instanceof VendingError || !vendor.isStatic?.(credentials.document)) return undefined
  const issued = await orFailure(
    vendor.issue(credentials.document, undefined, contextFor(vendor, runtime, CALL_SECONDS)),
  )
  if (issued instanceof VendingError) return issued
  const { accessToken } = issued
  return { accessToken, refreshAt: accessToken.expiresAt }
}
