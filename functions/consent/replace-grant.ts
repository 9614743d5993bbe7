import { type Attempt, attempt } from '../core/attempt.ts'
import { tablePolicy, withLease } from '../core/lease.ts'
import type { Credentials, Runtime } from '../core/runtime.ts'
import type { HeldToken, Row } from '../core/store.ts'
import { type Connection, labelOf } from '../kit/connection.ts'
import { VendingError } from '../kit/errors.ts'
import type { TablePolicy } from '../kit/token.ts'
import type { Authorization, Warning } from '../kit/vendor.ts'

/** What a connection has from a new grant. */
export interface Granted {
  readonly token: HeldToken
  readonly warnings: readonly Warning[]
}

export interface Replacement {
  readonly row: Row
  readonly credentials: Credentials
  /** What the vendor is called for, once. */
  readonly call: NonNullable<Attempt['call']>
}

/**
 * Puts a new grant in the place of the one before, which is over only when the new one has worked. Under the lease, so that
 * nobody sends the refresh token of the one before meanwhile. Throws VendingError.
 */
export async function replaceGrant(
  connection: Connection,
  { row, credentials, call }: Replacement,
  runtime: Runtime,
): Promise<Granted> {
  const label = labelOf(connection)
  const policy = policyOf(connection, credentials)
  const { state } = row
  const granted = await withLease(
    connection,
    { row, policy },
    (lease) => attempt({ connection, state, credentials, lease, call, records: 'success', newGrant: true }, runtime),
    runtime,
  )
  if (granted === 'leased')
    throw new VendingError('busy', `another caller is renewing ${label}; begin again`, { retryAfterSeconds: 2 })
  if (granted === 'superseded' || 'failure' in granted)
    throw new VendingError('busy', `${label} was revoked, disabled or renewed meanwhile; begin again`)
  return granted
}

/** The policy to keep a grant by. Throws `bad_request` for credentials that are the token. */
export function policyOf(connection: Connection, credentials: Credentials): TablePolicy {
  const policy = tablePolicy(connection, credentials)
  if (policy) return policy
  throw new VendingError('bad_request', `the credentials of ${labelOf(connection)} need nobody's consent`)
}

/** Throws `bad_request` where nobody has to consent. */
export function authorizationOf({ vendor }: Connection): Authorization {
  if (vendor.authorization) return vendor.authorization
  throw new VendingError('bad_request', `${vendor.title} needs nobody's consent`)
}

export const refuseDisabled = (connection: Connection, { state }: Row): void => {
  if (state.status === 'disabled') throw new VendingError('connection_disabled', `${labelOf(connection)} is disabled`)
}
