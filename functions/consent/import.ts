import { LOOK_UP_SECONDS } from '../core/lease.ts'
import { type Credentials, contextFor, type Runtime } from '../core/runtime.ts'
import type { Connection } from '../kit/connection.ts'
import { isFailure, VendingError } from '../kit/errors.ts'
import type { Secret } from '../kit/secret.ts'
import { DAY_SECONDS, rfc3339 } from '../kit/time.ts'
import type { TablePolicy } from '../kit/token.ts'
import type { ImportedToken, Vendor, Warning } from '../kit/vendor.ts'
import {
  authorizationOf,
  type Granted,
  policyOf,
  type Replacement,
  refuseDisabled,
  replaceGrant,
} from './replace-grant.ts'

/** What a team has of a vendor already. */
export type Import = { readonly refreshToken: Secret } | ImportedToken

/**
 * Takes over a grant without a new consent. It is tried as a consent is: what it was until then stays until the new one has
 * worked, and where no whole answer comes the table has the grant of before and the team still has its token.
 *
 *  refused, or nobody answers                 nothing has changed; the same token may be tried again
 *  an answer with a new refresh token         that is kept, whatever else is wrong with the answer: the imported one may be spent
 *  an answer without one                      the imported one is kept (RFC 6749 section 6), once its access token has come
 *
 * Throws VendingError.
 */
export async function importGrant(connection: Connection, imported: Import, runtime: Runtime): Promise<Granted> {
  const { vendor } = connection
  const authorization = authorizationOf(connection)
  const credentials = await runtime.credentials.read(connection, 0)
  vendor.validate(credentials.document)
  // Looked up ahead, so that the token that may be spent has all the time there is.
  if ('refreshToken' in imported)
    await authorization.tokenEndpoint(credentials.document, contextFor(vendor, runtime, LOOK_UP_SECONDS))
  const policy = policyOf(connection, credentials)
  const call =
    'refreshToken' in imported
      ? renewing(vendor, imported.refreshToken)
      : await checking(connection, { imported, credentials }, runtime)
  // As with a consent: it is listed from here on, and one that was forgotten is active again.
  await runtime.registry.register(connection, { sweepAt: runtime.now(), reopens: true })
  const row = await runtime.tokens.read(connection)
  refuseDisabled(connection, row)
  const { token, warnings } = await replaceGrant(connection, { row, credentials, call }, runtime)
  const own = 'refreshToken' in imported ? warningsOf(vendor, policy) : []
  return { token, warnings: [...warnings, ...own] }
}

/** RFC 6749 section 6: an answer without a refresh token means "keep the one you have". */
const renewing =
  ({ issue }: Vendor, imported: Secret): Replacement['call'] =>
  async (document, context) => {
    let isReplaced = false
    const received = (token: Secret) => {
      isReplaced = token.fingerprint !== imported.fingerprint
      context.received?.(token)
    }
    try {
      const { refreshToken = imported, ...issued } = await issue(document, imported, { ...context, received })
      return { ...issued, refreshToken }
    } catch (error) {
      if (!isReplaced || !(error instanceof VendingError)) throw error
      const kept = 'a new refresh token came all the same and is kept; do not import the old one again'
      throw new VendingError(error.code, `${error.message}; ${kept}`, { cause: error })
    }
  }

/** What says of an access token that it lives: there is no grant to try. */
async function checking(
  { vendor }: Connection,
  { imported, credentials }: { readonly imported: ImportedToken; readonly credentials: Credentials },
  runtime: Runtime,
): Promise<Replacement['call']> {
  const { title, authorization, liveness } = vendor
  if (!authorization?.importToken || !liveness) {
    const instead = 'import the refresh token, or have a person consent with vendomat connect'
    throw new VendingError('bad_request', `there is no way to ask ${title} whether an access token lives: ${instead}`)
  }
  const { accessToken } = await authorization.importToken(
    credentials.document,
    imported,
    contextFor(vendor, runtime, CHECK_SECONDS),
  )
  const detail = `nothing renews an imported access token: a person has to connect before ${rfc3339(accessToken.expiresAt)}`
  return async (document, context) => {
    const checked = await liveness(document, accessToken, context).catch((error: unknown) => {
      throw isFailure(error, 'credential_expired') ? notTaken(title, error) : error
    })
    if (checked === 'refused' || checked === 'login page') throw notTaken(title)
    return { accessToken, warnings: [{ code: 'reconnect_needed', detail }] }
  }
}

const CHECK_SECONDS = 5

const notTaken = (title: string, cause?: unknown): VendingError =>
  new VendingError(
    'grant_rejected',
    `${title} does not take this access token: it was copied wrongly, has ended, or was revoked`,
    { cause },
  )

function warningsOf({ title }: Vendor, { singleUseRefreshToken, grant }: TablePolicy): readonly Warning[] {
  const warnings: Warning[] = []
  if (singleUseRefreshToken) {
    const detail = `a refresh token of ${title} may end with its first use: whoever had this one must not use it any more`
    warnings.push({ code: 'single_use', detail })
  }
  if (grant?.maxSeconds !== undefined) {
    const days = Math.floor(grant.maxSeconds / DAY_SECONDS)
    const detail = `${title} ends a grant ${days} days after the consent, and when that was is not known here: it is counted from now`
    warnings.push({ code: 'grant_age_unknown', detail })
  }
  return warnings
}
