import * as z from 'zod/mini'
import { endOfDay } from '../core/credential-end.ts'
import { VendingError } from '../core/errors.ts'
import { Secret } from '../core/secret.ts'
import { type AccessToken, secondsBetween } from '../core/token.ts'
import type { Issued, Rotation } from '../core/vendor.ts'
import { claimsOf } from './jwt.ts'

const DAY_SECONDS = 24 * 60 * 60
const WARN_DAYS = 30

/** A token that a person has pasted: with quotes, line ends, and the name of the scheme it is used with. */
export const pastedToken = z.pipe(
  z.string('must be a string').check(
    z.overwrite((pasted) => pasted.replace(/^[\s"']*(Bearer\s+)?[\s"']*|[\s"']+$/gi, '')),
    z.regex(/^[!-~]+$/, 'must be one token, without spaces or line breaks inside'),
    z.maxLength(16 * 1024, 'must not be longer than 16 KiB'),
  ),
  z.transform((text: string) => new Secret(text)),
)

interface StoredToken {
  readonly token: Secret
  readonly endsOn: string | undefined
  /** The end of a token of which nothing says when it ends. @default it is refused with `configuration` */
  readonly endsOtherwise?: Date
  readonly context: AccessToken['context']
  /** How a person gets the next one. */
  readonly rotation: Rotation
  readonly now: Date
}

/**
 * A token that a person made and only a person can renew (RFC 6749 section 4.2 gives no refresh token). Unlike that of
 * a fresh answer its `exp` is taken as it stands: there is no moment of issue to count from. Throws
 * `credential_expired` when it has ended, `configuration` when nothing says when it will and something has to.
 */
export function storedToken({ token, endsOn, endsOtherwise, context, rotation, now }: StoredToken): Issued {
  const { exp, iat } = claimsOf(token) ?? {}
  const expiresAt = exp === undefined ? endOf(endsOn, endsOtherwise) : new Date(Math.floor(exp) * 1000)
  const ends = expiresAt.toISOString().slice(0, 10)
  const steps = [...rotation.before, 'Store it with vendomat rotate.', ...rotation.after].join(' ')
  const daysLeft = secondsBetween(now, expiresAt) / DAY_SECONDS
  if (daysLeft <= 0) throw new VendingError('credential_expired', `the stored token ended on ${ends}. ${steps}`)

  const detail = `the stored token ends on ${ends}, days left: ${Math.floor(daysLeft)}. ${steps}`
  return {
    accessToken: { value: token, issuedAt: issuedAt(iat, expiresAt, now), expiresAt, context },
    warnings: daysLeft <= WARN_DAYS ? [{ code: 'expires_soon', detail }] : [],
  }
}

function endOf(day: string | undefined, otherwise: Date | undefined): Date {
  if (day !== undefined) return endOfDay(day)
  if (otherwise) return otherwise
  throw new VendingError(
    'configuration',
    'the stored token does not say when it ends: add its last day to the credentials, as "expires_on": "YYYY-MM-DD"',
  )
}

/** Where the token does not say so, a year before its end, as a token of the usual life; never in the future. */
function issuedAt(iat: number | undefined, expiresAt: Date, now: Date): Date {
  const stated = iat === undefined ? undefined : new Date(iat * 1000)
  if (stated && stated < expiresAt) return stated
  return new Date(Math.min(now.getTime(), expiresAt.getTime() - 365 * DAY_SECONDS * 1000))
}
