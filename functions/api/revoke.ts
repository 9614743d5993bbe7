import { type Credentials, contextFor, type Runtime } from '../core/runtime.ts'
import type { Forgotten, HeldToken, Row, Stop } from '../core/store.ts'
import { type Connection, keyOf, labelOf } from '../kit/connection.ts'
import { bestEffort, isFailure, orFailure, VendingError } from '../kit/errors.ts'

/** What became of the token at the vendor. Here it is over, whatever this says. */
export type VendorRevocation = 'done' | 'failed' | 'not_offered' | 'nothing_to_revoke'

const VENDOR_SECONDS = 5

/**
 * Takes back what a connection has been given: here at once, in one write that needs nothing but the table, and then at the
 * vendor as far as it can. A process that served the token a moment ago may do so for REVALIDATE_SECONDS, or while the table
 * does not answer it for OUTAGE_SECONDS. Of static tokens the version that last worked is barred, and the present one if the secret can be
 * read. Throws `unknown_connection` when there is neither a row nor a secret.
 */
export async function revoke(connection: Connection, runtime: Runtime): Promise<VendorRevocation> {
  const { vendor } = connection
  const key = keyOf(connection)
  const row = await knownRow(connection, runtime)
  const stop = revoking(connection, row, runtime.now())
  const forgotten = await runtime.tokens.stop(connection, stop)
  const held = row.token ?? runtime.memory.copies.get(key)?.token
  runtime.memory.copies.delete(key)

  const credentials = await orFailure(runtime.credentials.read(connection, 0))
  if (!(credentials instanceof VendingError) && vendor.isStatic?.(credentials.document)) {
    // Only now it is known that this version holds the token as well.
    if (credentials.version !== stop.failure?.credentialVersion)
      await runtime.tokens.stop(connection, revokingStatic(connection, credentials.version, runtime.now()))
    return 'not_offered'
  }
  if (!vendor.revocation) return 'not_offered'
  return revokeAtVendor(connection, { ...forgotten, credentials, held }, runtime)
}

/** Stops vending: first here, whatever state the secret is in. Throws `unknown_connection` as `revoke` does. */
export async function disable(connection: Connection, runtime: Runtime): Promise<void> {
  await knownRow(connection, runtime)
  await runtime.tokens.stop(connection, { kind: 'disable' })
  runtime.memory.copies.delete(keyOf(connection))
}

/** The row of a connection that is known by its row or by its secret; one that is stopped stands on the list from then on. */
async function knownRow(connection: Connection, { tokens, credentials, registry, now }: Runtime): Promise<Row> {
  const row = await tokens.read(connection)
  if (!row.exists) await credentials.read(connection, 0)
  if (!row.exists) await bestEffort(registry.register(connection, { sweepAt: now() }))
  return row
}

/** What a revoke leaves behind: a grant has to be given anew, a static token is barred until it is replaced. */
function revoking(connection: Connection, { state }: Row, now: Date): Revoking {
  const { vendor } = connection
  const version = vendor.isStatic && state.provenVersion
  // A static token is never leased, but one may have taken the place of a grant.
  if (vendor.authorization && (state.fence > 0 || !vendor.isStatic)) {
    const detail = `the grant of ${labelOf(connection)} was taken back; a person has to connect again`
    const failure = { code: 'grant_revoked', detail, count: 1, since: now } as const
    return { kind: 'revoke', failure, ...(version && { refusedVersions: [version] }) }
  }
  return version ? revokingStatic(connection, version, now) : { kind: 'revoke' }
}

type Revoking = Extract<Stop, { kind: 'revoke' }>

function revokingStatic(connection: Connection, credentialVersion: string, now: Date): Revoking {
  const detail = `the token of ${labelOf(connection)} was taken back; only a person can make another`
  const failure = { code: 'credential_revoked', detail, count: 1, since: now, credentialVersion } as const
  return { kind: 'revoke', failure, refusedVersions: [credentialVersion] }
}

interface Revoked extends Forgotten {
  readonly credentials: Credentials | VendingError
  readonly held: HeldToken | undefined
}

/**
 * With the refresh token where the vendor takes that, else with the access token if it lives, or one that the refresh token
 * still gives, the vendor ends what is behind it. Where there is no access token and somebody else may be sending the refresh
 * token it is not sent: what that call obtains is used by nobody, but lives.
 */
async function revokeAtVendor(
  { vendor }: Connection,
  { credentials, held, refreshToken, leasedUntil }: Revoked,
  runtime: Runtime,
): Promise<VendorRevocation> {
  const now = runtime.now()
  const live = held && held.accessToken.expiresAt > now ? held.accessToken.value : undefined
  if (!live && !refreshToken) return 'nothing_to_revoke'
  if (credentials instanceof VendingError || (!live && leasedUntil && leasedUntil > now)) return 'failed'
  const taken = vendor.revocation?.takes === 'refresh token' ? (refreshToken ?? live) : live
  const { document } = credentials
  const context = () => contextFor(vendor, runtime, VENDOR_SECONDS)
  const atVendor = async () => {
    const token = taken ?? (await vendor.issue(document, refreshToken, context())).accessToken.value
    await bestOfTwo(async () => vendor.revocation?.revoke(document, token, context()))
  }
  return (await orFailure(atVendor())) instanceof VendingError ? 'failed' : 'done'
}

/** Once more when no answer came. */
async function bestOfTwo(call: () => Promise<void>): Promise<void> {
  try {
    await call()
  } catch (error) {
    if (!isFailure(error, 'vendor_unavailable')) throw error
    await call()
  }
}
