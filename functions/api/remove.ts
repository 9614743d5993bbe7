import type { Runtime } from '../core/runtime.ts'
import { type Connection, keyOf, labelOf } from '../kit/connection.ts'
import { orFailure, VendingError } from '../kit/errors.ts'

/**
 * Forgets a connection whose secret is gone: what it still has is stopped, and it is listed, renewed and checked no more. A
 * process may hold the credentials for a while yet; none vends with them, until a person connects it again. Throws
 * `connection_in_use` while the secret is there or when somebody enables it meanwhile, and `unknown_connection` for what is
 * not known (any more).
 */
export async function remove(connection: Connection, runtime: Runtime): Promise<void> {
  const { tokens, registry, credentials, memory } = runtime
  const row = await tokens.read(connection)
  const present = await orFailure(credentials.read(connection, 0))
  if (!(present instanceof VendingError))
    throw new VendingError('connection_in_use', `the secret of ${labelOf(connection)} is still there`)
  if (present.code !== 'unknown_connection' || !row.exists) throw present
  await tokens.stop(connection, { kind: 'disable' })
  await tokens.stop(connection, { kind: 'revoke' })
  memory.copies.delete(keyOf(connection))
  if (!(await registry.forget(connection)))
    throw new VendingError('connection_in_use', `${labelOf(connection)} was enabled meanwhile`)
}
