import { randomBytes } from 'node:crypto'
import type { Secret } from '../core/secret.ts'
import { type SigningKey, signRs512 } from '../oauth/jwt.ts'

/**
 * Proves that we hold the key (RFC 7523 section 3). Good for one attempt and five minutes, where ClearID's own sample
 * is good for an hour: how far ahead `iat` may be and whether a `jti` may be seen twice is not documented.
 */
export function assertion(clientId: string, key: SigningKey, now: Date): Promise<Secret> {
  const clock = Math.floor(now.getTime() / 1000)
  const [iat, exp, jti] = [clock - 10, clock + 300, randomBytes(16).toString('hex')]
  // The audience is this word and no URL (vendors.md 5.2).
  return signRs512({ iss: clientId, sub: clientId, aud: 'iams-sts', jti, iat, nbf: iat, exp }, key)
}
