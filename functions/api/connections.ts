import { type Connection, contextFor, keyOf } from '../core/ask.ts'
import { VendingError } from '../core/errors.ts'
import { bars } from '../core/failure.ts'
import { tryCredentials } from '../core/renew.ts'
import type { Credentials, Runtime } from '../core/runtime.ts'
import type { HeldToken, Row, State } from '../core/store.ts'
import { DAY_SECONDS, freshness, isNever, rfc3339, secondsBetween } from '../core/token.ts'
import type { Liveness, Vendor } from '../core/vendor.ts'
import { acknowledge, checkConnection } from '../keeper/check.ts'
import { rungAt } from '../keeper/ladder.ts'

export type ConnectionState = 'ok' | 'ageing' | 'expired' | 'failing' | 'reconnect' | 'disabled' | 'not_vended'

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
  /** When the vendor last was seen to take the stored token. */
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

const READ_SECONDS = 5

const NEXT: Readonly<Record<ConnectionState, string>> = {
  ok: 'none',
  ageing: 'none: the next call renews it',
  expired: 'none: the next call renews it',
  failing: 'see last_failure',
  reconnect: 'a person has to connect again',
  disabled: 'vendomat enable, when it may be used again',
  not_vended: 'none: the first call obtains a token',
}

/** Everything known of one connection. Throws `unknown_connection` when there are no credentials for it. */
export async function show(asked: Connection, runtime: Runtime): Promise<ConnectionView> {
  const { vendor, connection } = asked
  const row = await runtime.store.read(keyOf(asked))
  const { state } = row
  const credentials = await runtime.credentials.read(vendor.id, connection, 300)
  const token = await tokenOf(asked, row, credentials, runtime)
  const now = runtime.now()
  const is = stateOf(state, token, credentials, now)
  const end = token && !isNever(token.accessToken.expiresAt) ? token.accessToken.expiresAt : undefined
  const { failure, owner, succeededAt, checked } = state
  return {
    vendor: vendor.id,
    connection,
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
    next_action: nextAction(asked, { is, state, document: credentials.document }, now),
  }
}

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

interface Known {
  readonly is: ConnectionState
  readonly state: State
  readonly document: unknown
}

function nextAction({ vendor, connection }: Connection, { is, state, document }: Known, now: Date): string {
  if (is === 'disabled') return NEXT[is]
  const rotate = `vendomat rotate ${vendor.id} ${connection}`
  if (is !== 'ok' && is !== 'not_vended' && isStored(vendor, document))
    return `a person has to make a new token: ${rotate}`
  if (is === 'reconnect') return `a person has to connect again: vendomat connect ${vendor.id} ${connection}`
  if (state.failure?.code === 'credential_rejected') return `a person has to replace the credentials: ${rotate}`
  if (state.ends && rungAt(state.ends, now))
    return `a person has to replace the ${vendor.rotation.credential}, which ends on ${rfc3339(state.ends.until)}: ${rotate}`
  return NEXT[is]
}

/** All connections of a vendor that are registered or have been vended. One whose credentials are gone is left out. */
export async function list(vendor: Vendor, runtime: Runtime): Promise<readonly ConnectionView[]> {
  const keys = await runtime.store.list(vendor.id)
  const views = await Promise.all(
    keys.map((key) =>
      show({ vendor, connection: key.slice(vendor.id.length + 1) }, runtime).catch((error: unknown) => {
        if (error instanceof VendingError && error.code === 'unknown_connection') return undefined
        throw error
      }),
    ),
  )
  return views.filter((view) => view !== undefined)
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

/** Registers a connection, or changes its owner, whether it may be used, and whether it is kept warm; looks at it. */
export async function change(
  asked: Connection,
  {
    owner,
    status,
    keep_warm: keepWarm,
    acknowledge: acknowledgement,
    try: version,
    check,
    by,
  }: Change & { readonly by: string },
  runtime: Runtime,
): Promise<ConnectionView> {
  const key = keyOf(asked)
  await runtime.credentials.read(asked.vendor.id, asked.connection, 0)
  await runtime.store.register(key, {
    dueAt: runtime.now(),
    wakes: keepWarm === true || status === 'active',
    ...(owner !== undefined && { owner }),
    ...(keepWarm !== undefined && { keepWarm }),
  })
  if (status) {
    await runtime.store.setStatus(key, status)
    runtime.memory.copies.delete(key)
  }
  if (acknowledgement) await acknowledge(asked, { by, ...acknowledgement }, runtime)
  if (version !== undefined) await tryCredentials(asked, version, runtime)
  if (check) await checkConnection(asked, runtime)
  return show(asked, runtime)
}

/** The token of a connection, wherever this vendor's tokens are: in the table, in this process, or the credential itself. */
async function tokenOf(
  { vendor, connection }: Connection,
  { state, token }: Row,
  { document, version }: Credentials,
  runtime: Runtime,
) {
  const held: HeldToken | undefined = token ?? runtime.memory.copies.get(keyOf({ vendor, connection }))?.token
  if (held) return held.epoch === state.epoch ? held : undefined
  if (!isStored(vendor, document)) return undefined
  try {
    const { accessToken } = await vendor.issue(document, undefined, contextFor(vendor, runtime, READ_SECONDS))
    return {
      accessToken,
      refreshAt: accessToken.expiresAt,
      fence: state.fence,
      epoch: state.epoch,
      credentialVersion: version,
    }
  } catch (error) {
    // A stored token that has ended is none to speak of.
    if (error instanceof VendingError) return undefined
    throw error
  }
}

function isStored(vendor: Vendor, document: unknown): boolean {
  try {
    return vendor.isStored?.(document) ?? false
  } catch (error) {
    // A document that does not fit holds nothing.
    if (error instanceof VendingError) return false
    throw error
  }
}

function stateOf(state: State, token: HeldToken | undefined, { version }: Credentials, now: Date): ConnectionState {
  if (state.status !== 'active') return state.status
  if (state.failure && bars(state.failure, version, now)) return 'failing'
  if (!token) return state.succeededAt ? 'expired' : 'not_vended'
  const fit = freshness(token.accessToken, { refreshAt: token.refreshAt, minTtlSeconds: 0, now })
  return fit === 'fresh' ? 'ok' : fit === 'ageing' ? 'ageing' : 'expired'
}
