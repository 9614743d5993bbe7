import * as z from 'zod/mini'
import { VendingError } from '../kit/errors.ts'
import { Secret } from '../kit/secret.ts'
import { secondsBetween } from '../kit/time.ts'
import type { AccessToken } from '../kit/token.ts'
import type { Issued } from '../kit/vendor.ts'
import { endOfDay } from '../kit/vendor.ts'
import { claimsOf } from './jwt.ts'

const DAY_SECONDS = 24 * 60 * 60
const WARN_DAYS = 30
/** The steps at the vendor are for who rotates, not for every caller. */
const NEXT = 'a person has to make a new one, by the steps that vendomat rotate shows'

/** A token that a person has pasted: with quotes, line ends, and the name of the scheme it is used with. */
export const pastedToken = z.pipe(
  z.string('must be a string').check(
    z.overwrite((pasted) => pasted.replace(/^[\s"']*(Bearer\s+)?[\s"']*|[\s"']+$/gi, '')),
    z.regex(/^[!-~]+$/, 'must be one token, without spaces or line breaks inside'),
    z.maxLength(16 * 1024, 'must not be longer than 16 KiB'),
  ),
  z.transform((text: string) => new Secret(text)),
)

interface StaticToken {
  readonly token: Secret
  readonly endsOn: string | undefined
  /** The end of a token for which neither `exp` nor `endsOn` states one. @default it is refused with `configuration` */
  readonly endsOtherwise?: Date
  readonly context: AccessToken['context']
  readonly now: Date
}

/**
 * A token that a person made and only a person can renew (RFC 6749 section 4.2.2: no refresh token with an implicit
 * grant). Its `exp` is taken as it stands: there is no request of ours to count from. Throws `credential_expired` when
 * it has ended, and `configuration` when its end has to be known and is not.
 */
export function staticToken({ token, endsOn, endsOtherwise, context, now }: StaticToken): Issued {
  const { exp, iat } = claimsOf(token) ?? {}
  const expiresAt = exp === undefined ? endOf(endsOn, endsOtherwise) : new Date(Math.floor(exp) * 1000)
  const ends = expiresAt.toISOString().slice(0, 10)
  const daysLeft = secondsBetween(now, expiresAt) / DAY_SECONDS
  if (daysLeft <= 0) throw new VendingError('credential_expired', `the static token ended on ${ends}; ${NEXT}`)

  const detail = `the static token ends on ${ends}, days left: ${Math.floor(daysLeft)}; ${NEXT}`
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
    'the static token does not say when it ends: add its last day to the credentials, as "expires_on": "YYYY-MM-DD"',
  )
}

/** The token's `iat` if it lies before the end; else a year before the end, the usual life, but not in the future. */
function issuedAt(iat: number | undefined, expiresAt: Date, now: Date): Date {
  const stated = iat === undefined ? undefined : new Date(iat * 1000)
  if (stated && stated < expiresAt) return stated
  return new Date(Math.min(now.getTime(), expiresAt.getTime() - 365 * DAY_SECONDS * 1000))
}
