import { randomUUID } from 'node:crypto'
import type { Secret } from '../kit/secret.ts'
import { type SigningKey, signJwt } from './jwt.ts'

export interface Assertion {
  /** `iss`: for client authentication the client id (RFC 7523 section 3). */
  readonly issuer: string
  /** `sub`: whom the token is for. An empty one is left out, for a vendor that takes it for somebody to act for. @default the issuer */
  readonly subject?: string
  /** `aud`: the authorization server, mostly by the URL of its token endpoint. */
  readonly audience: string
  /** From `iat` to `exp`. @default 180 */
  readonly lifeSeconds?: number
  /** Claims beside these; none of them takes the place of one. */
  readonly claims?: Readonly<Record<string, unknown>>
}

/** So far back, since few vendors take an `iat` that is ahead of their clock. */
const EARLY_SECONDS = 10

/** The JWT of RFC 7523 section 3, as a grant or as client authentication. Its `jti` is good for one attempt. */
export function signAssertion(assertion: Assertion, key: SigningKey, now: Date): Promise<Secret> {
  const { issuer: iss, subject: sub = iss, audience: aud, lifeSeconds = 180, claims } = assertion
  const iat = Math.floor(now.getTime() / 1000) - EARLY_SECONDS
  return signJwt({ ...claims, iss, ...(sub && { sub }), aud, jti: randomUUID(), iat, exp: iat + lifeSeconds }, key)
}
