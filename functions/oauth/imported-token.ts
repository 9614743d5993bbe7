import { VendingError } from '../kit/errors.ts'
import { secondsAfter } from '../kit/time.ts'
import { type AccessToken, isExpired } from '../kit/token.ts'
import type { Context, ImportedToken, Issued } from '../kit/vendor.ts'
import { claimsOf } from './jwt.ts'

/**
 * An access token that was obtained elsewhere. Its end is the earlier one of its `exp` and what the team says; no life is
 * assumed, as nobody here knows how old it is. Throws `bad_request` when it has ended or nobody says when it does.
 */
export function importedToken(
  { accessToken: value, expiresIn }: ImportedToken,
  used: AccessToken['context'],
  { now, policy }: Pick<Context, 'now' | 'policy'>,
): Issued {
  const issuedAt = now()
  const exp = claimsOf(value)?.exp
  const ahead = exp === undefined ? undefined : exp - issuedAt.getTime() / 1000
  const lives = [expiresIn, ahead].filter((life) => life !== undefined)
  if (lives.length === 0)
    throw new VendingError(
      'bad_request',
      'the access token does not say when it ends: say it with expires_in, in seconds',
    )
  const expiresAt = secondsAfter(issuedAt, Math.floor(Math.min(...lives, policy.maxLifeSeconds)))
  const accessToken = { value, issuedAt, expiresAt, context: used }
  if (isExpired(accessToken, issuedAt))
    throw new VendingError('bad_request', 'the access token has ended, or nearly so')
  return { accessToken }
}
