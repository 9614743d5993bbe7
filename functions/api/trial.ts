import { type Attempted, attempt } from '../core/attempt.ts'
import { tablePolicy, withLease } from '../core/lease.ts'
import { type Credentials, contextFor, type Runtime } from '../core/runtime.ts'
import { type Connection, labelOf } from '../kit/connection.ts'
import { isFailure, orFailure, VendingError } from '../kit/errors.ts'
import { isNever, rfc3339 } from '../kit/time.ts'
import { hasSingleUse } from '../kit/token.ts'
import type { Context, Issued, Liveness, Vendor, Warning } from '../kit/vendor.ts'
import type { Members, TRIED } from './answers.ts'

type Tried = Members<typeof TRIED>

/** `only_fit` asks no vendor: whether the document fits, and what it would replace. */
interface Trial {
  readonly version: string
  readonly only_fit?: boolean | undefined
}

/**
 * Tries a version of the credentials that is not in use yet, to see whether it may be. A failure is the caller's to hear and
 * changes nothing, least of all for the version in use. Nor does a success, but where a refresh token is spent: then the token
 * is a good one and kept.
 */
export async function tryVersion(connection: Connection, trial: Trial, runtime: Runtime): Promise<Tried> {
  const { vendor, name } = connection
  const { version } = trial
  const credentials = await runtime.credentials.readVersion(connection, version)
  if (!credentials)
    throw new VendingError('unknown_connection', `the credentials of ${labelOf(connection)} have no version ${version}`)
  await checkFit(vendor, credentials.document, runtime)
  const replaces = await replacedBy(connection, credentials, runtime)
  const outcome = trial.only_fit
    ? await heldBy(vendor, credentials.document, runtime.now, runtime)
    : await tryCredentials(connection, credentials, runtime)
  const { expiresAt, checked, warnings = [] } = outcome ?? {}
  return {
    vendor: vendor.id,
    connection: name,
    version,
    ...(expiresAt && endOf(expiresAt)),
    ...(checked && { checked }),
    warnings: [...warnings],
    ...(replaces && { replaces }),
  }
}

const endOf = (expiresAt: Date): { readonly expires_at?: string } =>
  isNever(expiresAt) ? {} : { expires_at: rfc3339(expiresAt) }

/** What a person is sent to the vendor with has to fit as well. Throws `configuration`. */
async function checkFit(vendor: Vendor, document: unknown, runtime: Runtime): Promise<void> {
  vendor.validate(document)
  if (!vendor.authorization || vendor.isStatic?.(document)) return
  // Where the document has no address of its own the command line gives one.
  const request = { redirectUri: 'http://127.0.0.1/', state: 'check' }
  await vendor.authorization.url(document, request, contextFor(vendor, runtime, SECONDS))
}

/** Of the version in use, if it is another: whether the secrets are the same, and when the token in it ends. */
async function replacedBy(
  connection: Connection,
  { version, document }: Credentials,
  runtime: Runtime,
): Promise<Tried['replaces']> {
  const { vendor } = connection
  const present = await orFailure(runtime.credentials.read(connection, 0))
  if (present instanceof VendingError || present.version === version) return undefined
  const same = vendor.hasSameSecrets(present.document, document)
  // As of a time when nothing had ended yet.
  const held = await orFailure(heldBy(vendor, present.document, () => new Date(0), runtime))
  const end = held instanceof VendingError ? undefined : held?.expiresAt
  return { ...(same !== undefined && { same_secrets: same }), ...(end && endOf(end)) }
}

interface Outcome {
  readonly expiresAt: Date
  readonly checked?: Liveness | undefined
  readonly warnings?: readonly Warning[]
}

const SECONDS = 8

/** The token that is in a document; undefined when there is none. The vendor is not called. Throws what `issue` does. */
async function heldBy(
  vendor: Vendor,
  document: unknown,
  now: () => Date,
  runtime: Runtime,
): Promise<Outcome | undefined> {
  if (!vendor.isStatic?.(document)) return undefined
  const { accessToken, warnings = [] } = await vendor.issue(document, undefined, {
    ...contextFor(vendor, runtime, SECONDS),
    now,
  })
  return { expiresAt: accessToken.expiresAt, warnings }
}

async function tryCredentials(connection: Connection, credentials: Credentials, runtime: Runtime): Promise<Outcome> {
  const { vendor } = connection
  const row = await runtime.tokens.read(connection)
  const job = { connection, state: row.state, credentials }
  if (vendor.isStatic?.(credentials.document)) {
    const { title } = vendor
    let checked: Liveness | undefined
    const call = async (document: unknown, context: Context): Promise<Issued> => {
      const issued = await vendor.issue(document, undefined, context)
      checked = await vendor.liveness?.(document, issued.accessToken, context).catch((error: unknown) => {
        throw isFailure(error, 'credential_expired')
          ? dead(`${title} does not take the token: ${error.message}`)
          : error
      })
      refuseDead(vendor, checked)
      return issued
    }
    const outcome = outcomeOf(connection, await attempt({ ...job, call, records: 'nothing' }, runtime))
    const limited = checked === 'limited' ? [LIMITED] : []
    return { ...outcome, checked, warnings: [...outcome.warnings, ...limited] }
  }
  // Without a refresh token the credentials themselves have to show that they work.
  const policy = tablePolicy(connection, credentials)
  if (!policy || (!vendor.authorization && !hasSingleUse(policy)))
    return outcomeOf(connection, await attempt({ ...job, records: 'nothing' }, runtime))
  if (row.state.status === 'disabled')
    throw new VendingError('connection_disabled', `${labelOf(connection)} is disabled`)
  const attempted = await withLease(
    connection,
    { row, policy },
    (lease) => attempt({ ...job, lease, records: 'success' }, runtime),
    runtime,
  )
  return outcomeOf(connection, attempted)
}

const LIMITED: Warning = {
  code: 'rights_missing',
  detail: 'the token works, but its user may not read what its check reads (403): check the rights of the user',
}

/** Throws `credential_expired` for a token that the vendor does not take. */
function refuseDead({ title }: Vendor, checked: Liveness | undefined): void {
  if (checked === 'refused')
    throw dead(`${title} refuses the token: it was copied wrongly, revoked, or made on another platform`)
  if (checked === 'login page')
    throw dead(`${title} answered with a page for people: the token is not valid there, or the address is not its API`)
}

const dead = (found: string): VendingError => new VendingError('credential_expired', found)

/** Throws `busy` where another was first, and the failure where there is one. */
function outcomeOf(connection: Connection, attempted: Attempted | 'leased') {
  if (attempted === 'leased' || attempted === 'superseded')
    throw new VendingError('busy', `another caller is renewing ${labelOf(connection)}`, { retryAfterSeconds: 2 })
  // What is not recorded is thrown.
  if ('failure' in attempted) throw new VendingError(attempted.failure.code, attempted.failure.detail)
  const { token, warnings } = attempted
  return { expiresAt: token.accessToken.expiresAt, warnings }
}
