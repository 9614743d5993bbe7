import { bars, type Failure, needsConsent } from '../core/failure.ts'
import { type Credentials, contextFor, type Runtime } from '../core/runtime.ts'
import type { Row, State } from '../core/store.ts'
import { acknowledge, type CheckRuntime, checkConnection } from '../keeper/check.ts'
import type { Glimpse } from '../keeper/directory.ts'
import { rungAt } from '../keeper/ladder.ts'
import { forEach } from '../keeper/pool.ts'
import { type Connection, keyOf } from '../kit/connection.ts'
import { orFailure, VendingError } from '../kit/errors.ts'
import { DAY_SECONDS, isNever, rfc3339, secondsBetween } from '../kit/time.ts'
import { isExpired, type Lifetime } from '../kit/token.ts'
import type { Liveness, Vendor } from '../kit/vendor.ts'
import { cursorAfter, nameIn } from './cursor.ts'
import { disable } from './revoke.ts'
import { tryCredentials } from './trial.ts'

export type ConnectionState =
  | 'ok'
  | 'ageing'
  | 'expired'
  | 'failing'
  | 'reconnect'
  | 'disabled'
  | 'not_vended'
  | 'secret_missing'

/** What people may know of a connection. Never a token. */
export interface ConnectionView {
  readonly vendor: string
  readonly connection: string
  readonly state: ConnectionState
  readonly owner?: string
  readonly expires_at?: string
  readonly days_left?: number
  /** Of the credentials themselves, where they have one that a person has to put off. */
  readonly credential_ends_at?: string
  readonly next_notice_at?: string
  readonly acknowledged?: { readonly by: string; readonly at: string; readonly note?: string }
  /** When the vendor last was seen to take the static token. */
  readonly checked?: { readonly at: string; readonly result: Liveness }
  readonly last_success_at?: string
  readonly last_failure?: {
    readonly code: string
    readonly detail: string
    readonly since: string
    readonly next_try_at?: string
  }
  readonly next_action: string
}

/** How old the credentials may be that a view is made of. */
const READ_SECONDS = 300
const CALL_SECONDS = 5

const NEXT: Readonly<Record<ConnectionState, string>> = {
  ok: 'none',
  ageing: 'none: the next call renews it',
  expired: 'none: the next call renews it',
  failing: 'see last_failure',
  reconnect: 'a person has to connect again',
  disabled: 'vendomat enable, when it may be used again',
  not_vended: 'none: the first call obtains a token',
  secret_missing: 'store the credentials again, or revoke it',
}

/** What could be read of the credentials, or why not; undefined where the row alone says enough. */
type Secretly = Credentials | VendingError | undefined

/** A row, whether its token has been opened or not. */
type Known = Row | Glimpse

/** Everything known of one connection. Throws `unknown_connection` when there is neither a row nor a secret. */
export async function show(connection: Connection, runtime: Runtime): Promise<ConnectionView> {
  const row = await runtime.tokens.read(connection)
  const credentials = await orFailure(runtime.credentials.read(connection, READ_SECONDS))
  if (credentials instanceof VendingError && !row.exists) throw credentials
  return viewOf(connection, { row, credentials }, runtime)
}

async function viewOf(
  connection: Connection,
  { row, credentials }: { readonly row: Known; readonly credentials: Secretly },
  runtime: Runtime,
): Promise<ConnectionView> {
  const { vendor, name } = connection
  const { state } = row
  const token = cachedOf(connection, row, runtime) ?? (await staticOf(connection, credentials, runtime))
  const now = runtime.now()
  const is = stateOf(state, token, credentials, now)
  const end = token && !isNever(token.accessToken.expiresAt) ? token.accessToken.expiresAt : undefined
  const { owner, succeededAt, checked } = state
  const failure = state.failure ?? unreadable(credentials, now)
  return {
    vendor: vendor.id,
    connection: name,
    state: is,
    ...(owner !== undefined && { owner }),
    ...(end && { expires_at: rfc3339(end), days_left: Math.floor(secondsBetween(now, end) / DAY_SECONDS) }),
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
    next_action: nextAction(connection, { is, state, credentials }, now),
  }
}

/** A secret that is gone or cannot be read, as a failure of its connection. */
const unreadable = (credentials: Secretly, now: Date): Failure | undefined =>
  credentials instanceof VendingError
    ? { code: credentials.code, detail: credentials.message, count: 1, since: now }
    : undefined

function reminders({ ends, acknowledged }: State, now: Date): Partial<ConnectionView> {
  if (!ends) return {}
  const rung = rungAt(ends, now)
  const heard = acknowledged?.endsAt.getTime() === ends.until.getTime() ? acknowledged : undefined
  return {
    credential_ends_at: rfc3339(ends.until),
    ...(rung && { next_notice_at: rfc3339(rung.nextAt) }),
    ...(heard && {
      acknowledged: {
        by: heard.by,
        at: rfc3339(heard.at),
        ...(heard.note !== undefined && { note: heard.note }),
      },
    }),
  }
}

interface Found {
  readonly is: ConnectionState
  readonly state: State
  readonly credentials: Secretly
}

function nextAction({ vendor, name }: Connection, { is, state, credentials }: Found, now: Date): string {
  const here = `${vendor.id} ${name}`
  if (is === 'disabled') return NEXT[is]
  if (is === 'secret_missing')
    return `if it is retired, nothing; a token of it that lives is still vended until: vendomat revoke ${here}`
  const rotate = `vendomat rotate ${here}`
  if (is !== 'ok' && is !== 'not_vended' && holdsToken(vendor, credentials))
    return `a person has to make a new token: ${rotate}`
  if (is === 'reconnect') return `a person has to connect again: vendomat connect ${here}`
  if (state.failure?.code === 'credential_rejected') return `a person has to replace the credentials: ${rotate}`
  if (state.ends && rungAt(state.ends, now))
    return `a person has to replace the ${vendor.rotation.credential}, which ends on ${rfc3339(state.ends.until)}: ${rotate}`
  return NEXT[is]
}

/** One page of a vendor's connections by name. */
export interface Page {
  readonly connections: readonly ConnectionView[]
  /** Where the next page begins, if there is one. */
  readonly next?: string
  /** On the first page: when the last daily check began, of which a schedule had to reach the function. */
  readonly checked_at?: string
}

/** Some 20 KB, and four calls of the table. With a secret to look at for each it still is there within a second. */
const PAGE = 100
/** Looks at secrets: so many side by side, and none is begun that could not end within the function's time. */
const LOOKS = { atOnce: 16, secondsEach: 7 }

/**
 * The connections of a vendor that are registered or have been vended, also those whose secret is gone or unreadable, from
 * where the page before ended. A page reads its rows at once and opens no token. Where time runs short it ends early.
 */
export async function list(vendor: Vendor, next: string | undefined, runtime: CheckRuntime): Promise<Page> {
  const after = next === undefined ? undefined : nameIn(vendor, next)
  // One more than fits says whether there is a page behind.
  const [found, round] = await Promise.all([
    runtime.directory.page(vendor, { after, limit: PAGE + 1 }),
    next === undefined ? runtime.rounds.last(vendor) : undefined,
  ])
  const rows = await runtime.directory.glance(found.slice(0, PAGE))
  const views: ConnectionView[] = []
  const work = async (row: Glimpse) => {
    const { connection } = row
    const known = saysEnough(row, runtime)
    const credentials = known ? undefined : await orFailure(runtime.credentials.read(connection, READ_SECONDS))
    views.push(await viewOf(connection, { row, credentials }, runtime))
  }
  const left = await forEach(rows, LOOKS, work, runtime)
  const last = rows[rows.length - left.length - 1]
  if (!last && left.length > 0) throw new VendingError('store_unavailable', 'the table took all the time there was')
  return {
    connections: views.sort((a, b) => (a.connection < b.connection ? -1 : 1)),
    ...(last && views.length < found.length && { next: cursorAfter(last.connection) }),
    ...(round && { checked_at: rfc3339(round.since) }),
  }
}

/**
 * A fresh token is vended, and nothing has failed: then the row says all there is to say. A secret that has been deleted
 * since shows when its token begins to age.
 */
function saysEnough(row: Glimpse, runtime: Runtime): boolean {
  const token = cachedOf(row.connection, row, runtime)
  const now = runtime.now()
  return token !== undefined && !row.state.failure && now < token.refreshAt && !isExpired(token.accessToken, now)
}

export interface Change {
  readonly owner?: string | undefined
  readonly status?: 'active' | 'disabled' | undefined
  /** Renewed ahead of need even when nobody asks. */
  readonly keep_warm?: boolean | undefined
  /** Somebody is at it: no notice before the next step of the ladder. */
  readonly acknowledge?: { readonly note?: string | undefined } | undefined
  /** Obtains a token with this version of the credentials, which is not the current one yet. */
  readonly try?: string | undefined
  /** The daily look at the credentials, now. */
  readonly check?: true | undefined
}

/** Registers a connection, or changes its owner, whether it may be used, and whether it is kept warm; checks it. */
export async function change(
  connection: Connection,
  wanted: Change & { readonly by: string },
  runtime: CheckRuntime,
): Promise<ConnectionView> {
  const { owner, status, keep_warm: keepWarm, acknowledge: acknowledgement, try: version, check, by } = wanted
  // First what must stop, which does not wait for the secret.
  if (status === 'disabled') await disable(connection, runtime)
  else await runtime.credentials.read(connection, 0)
  if (status === 'active') await runtime.tokens.enable(connection)
  await runtime.registry.register(connection, {
    sweepAt: runtime.now(),
    wakes: keepWarm === true || status === 'active',
    // Its secret was just read, so somebody has connected it, perhaps again.
    reopens: status !== 'disabled',
    ...(owner !== undefined && { owner }),
    ...(keepWarm !== undefined && { keepWarm }),
  })
  if (acknowledgement) await acknowledge(connection, { by, ...acknowledgement }, runtime)
  if (version !== undefined) await tryCredentials(connection, version, runtime)
  if (check) await checkConnection(connection, runtime)
  return show(connection, runtime)
}

/** What a view needs of a token. */
interface Held {
  readonly accessToken: Lifetime
  readonly refreshAt: Date
}

/** The token of a connection where it is cached: in the table, or in this process. */
function cachedOf(connection: Connection, { state, token }: Known, { memory }: Runtime): Held | undefined {
  const held = token ?? memory.copies.get(keyOf(connection))?.token
  return held?.epoch === state.epoch ? held : undefined
}

/** The token that the credentials themselves are. */
async function staticOf(connection: Connection, credentials: Secretly, runtime: Runtime): Promise<Held | undefined> {
  const { vendor } = connection
  if (!credentials || credentials instanceof VendingError || !vendor.isStatic?.(credentials.document)) return undefined
  const issued = await orFailure(
    vendor.issue(credentials.document, undefined, contextFor(vendor, runtime, CALL_SECONDS)),
  )
  // A static token that has expired is none to speak of.
  if (issued instanceof VendingError) return undefined
  const { accessToken } = issued
  return { accessToken, refreshAt: accessToken.expiresAt }
}

const holdsToken = ({ isStatic }: Vendor, credentials: Secretly): boolean =>
  credentials !== undefined && !(credentials instanceof VendingError) && isStatic?.(credentials.document) === true

function stateOf(state: State, token: Held | undefined, credentials: Secretly, now: Date): ConnectionState {
  if (state.status === 'disabled') return state.status
  if (credentials instanceof VendingError)
    return credentials.code === 'unknown_connection' ? 'secret_missing' : 'failing'
  // A static token that the vendor refuses has ended, whatever its own end says.
  const failed = state.failure?.code === 'credential_expired' ? 'expired' : 'failing'
  if (needsConsent(state.failure)) return 'reconnect'
  if (state.failure && credentials && bars(state.failure, credentials.version, now)) return failed
  if (!token) return state.succeededAt ? 'expired' : 'not_vended'
  if (isExpired(token.accessToken, now)) return 'expired'
  return now < token.refreshAt ? 'ok' : 'ageing'
}
