import { randomBytes } from 'node:crypto'
import type { Secret } from '../kit/secret.ts'
import { type SigningKey, signJwt } from '../oauth/jwt.ts'

/**
 * Proves that we hold the key (RFC 7523 section 3). Good for one attempt and five minutes. The sample in the ClearID
 * developer guide ("Authenticate with JWT assertion token", 2026-11) is good for an hour. The guide does not say how
 * far ahead `iat` may be, nor whether a `jti` may be used twice.
 */
export function assertion(clientId: string, key: SigningKey, now: Date): Promise<Secret> {
  const clock = Math.floor(now.getTime() / 1000)
  const [iat, exp, jti] = [clock - 10, clock + 300, randomBytes(16).toString('hex')]
  // The sample's audience is this word, not a URL.
  return signJwt({ iss: clientId, sub: clientId, aud: 'iams-sts', jti, iat, nbf: iat, exp }, key)
}
