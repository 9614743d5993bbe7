import { attempt } from '../core/attempt.ts'
import { tablePolicy, withLease } from '../core/lease.ts'
import type { Runtime } from '../core/runtime.ts'
import { checkStatic } from '../core/static-token.ts'
import { type Connection, labelOf } from '../kit/connection.ts'
import { VendingError } from '../kit/errors.ts'

/**
 * Obtains a token with a version of the credentials that is not in use yet, to see whether it may be. Where tokens are
 * cached the token is a good one and kept. A failure is the caller's to hear and changes nothing, least of all for the
 * version in use.
 */
export async function tryCredentials(connection: Connection, version: string, runtime: Runtime): Promise<void> {
  const { vendor } = connection
  const label = labelOf(connection)
  const credentials = await runtime.credentials.readVersion(connection, version)
  if (!credentials)
    throw new VendingError('unknown_connection', `the credentials of ${label} have no version ${version}`)
  const row = await runtime.tokens.read(connection)
  const { state } = row
  if (state.status === 'disabled') throw new VendingError('connection_disabled', `${label} is disabled`)
  const policy = tablePolicy(connection, credentials)
  const job = { connection, state, credentials }
  if (!policy) {
    const tryIt = vendor.isStatic?.(credentials.document) ? checkStatic : attempt
    await tryIt({ ...job, records: 'nothing' }, runtime)
    return
  }
  const outcome = await withLease(
    connection,
    { row, policy },
    (lease) => attempt({ ...job, lease, records: 'success' }, runtime),
    runtime,
  )
  if (outcome === 'leased' || outcome === 'superseded')
    throw new VendingError('busy', `another caller is renewing ${label}`, { retryAfterSeconds: 2 })
}
