import { type Connection, contextFor, keyOf } from './ask.ts'
import { VendingError } from './errors.ts'
import { bars } from './failure.ts'
import type { Credentials, Runtime } from './runtime.ts'
import type { HeldToken, Row, State } from './store.ts'
import { DAY_SECONDS, freshness, NEVER, rfc3339, secondsBetween } from './token.ts'
import type { Vendor } from './vendor.ts'

export type ConnectionState = 'ok' | 'ageing' | 'expired' | 'failing' | 'reconnect' | 'disabled' | 'not_vended'

/** What people may know of a connection. Never a token. */
export interface ConnectionView {
  readonly vendor: string
  readonly connection: string
  readonly state: ConnectionState
  readonly owner?: string
  readonly expires_at?: string
  readonly days_left?: number
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
  reconnect: 'a person has to connect again: vendomat connect',
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
  const person = is !== 'ok' && is !== 'disabled' && isStored(vendor, credentials.document)
  const end =
    token && token.accessToken.expiresAt.getTime() !== NEVER.getTime() ? token.accessToken.expiresAt : undefined
  const { failure, owner, succeededAt } = state
  return {
    vendor: vendor.id,
    connection,
    state: is,
    ...(owner !== undefined && { owner }),
    ...(end && { expires_at: rfc3339(end), days_left: Math.floor(secondsBetween(now, end) / DAY_SECONDS) }),
    ...(succeededAt && { last_success_at: rfc3339(succeededAt) }),
    ...(failure && {
      last_failure: {
        code: failure.code,
        detail: failure.detail,
        since: rfc3339(failure.since),
        ...(failure.until && { next_try_at: rfc3339(failure.until) }),
      },
    }),
    next_action: person ? 'a person has to make a new token: vendomat connect' : NEXT[is],
  }
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
}

/** Registers a connection, or changes its owner, whether it may be used, and whether it is kept warm. */
export async function change(
  asked: Connection,
  { owner, status, keep_warm: keepWarm }: Change,
  runtime: Runtime,
): Promise<ConnectionView> {
  const key = keyOf(asked)
  await runtime.credentials.read(asked.vendor.id, asked.connection, 0)
  await runtime.store.register(key, {
    dueAt: runtime.now(),
    ...(owner !== undefined && { owner }),
    ...(keepWarm !== undefined && { keepWarm }),
  })
  if (status) {
    await runtime.store.setStatus(key, status)
    runtime.memory.copies.delete(key)
  }
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
