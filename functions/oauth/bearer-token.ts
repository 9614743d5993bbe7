import { VendingError } from '../kit/errors.ts'
import type { Secret } from '../kit/secret.ts'
import { confirmationOf } from './jwt.ts'

/**
 * Throws `configuration` for a token that it takes more to use than having it (RFC 6750 section 1.2): nobody who gets it from
 * us has the key or the certificate that it is bound to. `others` are what a vendor calls its bearer tokens instead.
 */
export function refuseUnlessBearer(token: Secret, type: unknown, others: readonly string[] = []): void {
  const named = typeof type === 'string' ? type.toLowerCase() : undefined
  const confirmation = confirmationOf(token)
  if (named === 'dpop' || confirmation === 'key') throw bound('a key (DPoP, RFC 9449)')
  if (confirmation === 'certificate') throw bound('a certificate (mTLS, RFC 8705)')
  if (['bearer', ...others].some((known) => known.toLowerCase() === named)) return
  throw new VendingError('configuration', 'the vendor gave a token of another type than Bearer')
}

const bound = (to: string): VendingError =>
  new VendingError(
    'configuration',
    `the vendor gave a token that is bound to ${to}, which is not done here: register the client without it`,
  )
