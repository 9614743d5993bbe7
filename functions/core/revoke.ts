import { type Connection, contextFor, keyOf } from './ask.ts'
import { VendingError } from './errors.ts'
import type { Failure } from './failure.ts'
import type { Credentials, Runtime } from './runtime.ts'

/** What became of the token at the vendor. It is never vended here again, whatever this says. */
export type VendorRevocation = 'done' | 'failed' | 'not_offered' | 'nothing_to_revoke'

const VENDOR_SECONDS = 5
const TRIES = 2

/**
 * Takes back what a connection has been given: here at once, in one write, and then at the vendor as far as it can.
 * A process that served the token a moment ago may do so until it next asks the table (REVALIDATE_SECONDS).
 */
export async function revoke(asked: Connection, runtime: Runtime): Promise<VendorRevocation> {
  const { vendor, connection } = asked
  const key = keyOf(asked)
  const credentials = await runtime.credentials.read(vendor.id, connection, 0)
  const { token } = await runtime.store.read(key)
  const held = token ?? runtime.memory.copies.get(key)?.token
  const stored = vendor.isStored?.(credentials.document) ?? false
  await runtime.store.revoke(key, aftermath(asked, stored, credentials, runtime))
  runtime.memory.copies.delete(key)

  if (stored || !vendor.revocation) return 'not_offered'
  if (!held || held.accessToken.expiresAt <= runtime.now()) return 'nothing_to_revoke'
  for (let tries = 1; tries <= TRIES; tries++) {
    try {
      await vendor.revocation.revoke(
        credentials.document,
        held.accessToken.value,
        contextFor(vendor, runtime, VENDOR_SECONDS),
      )
      return 'done'
    } catch (error) {
      if (!(error instanceof VendingError)) throw error
      if (error.code !== 'vendor_unavailable') return 'failed'
    }
  }
  return 'failed'
}

/** What a revoke leaves behind: a stored token is barred until it is replaced, a grant has to be given anew. */
function aftermath(asked: Connection, stored: boolean, { version }: Credentials, { now }: Runtime) {
  if (!stored) return asked.vendor.authorization ? { status: 'reconnect' as const } : {}
  const failure: Failure = {
    code: 'credential_revoked',
    detail: `the token of ${keyOf(asked)} was revoked; only a person can make another`,
    count: 1,
    since: now(),
    credentialVersion: version,
  }
  return { failure }
}
