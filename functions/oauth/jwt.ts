import type { KeyObject } from 'node:crypto'
import { decodeJwt, type JWTPayload, SignJWT } from 'jose'
import { Secret } from '../kit/secret.ts'

/** A JWT (RFC 7519) signed with HMAC SHA-256 (RFC 7518 section 3.2). It proves who we are, so it is a secret. */
export const signHs256 = async (claims: JWTPayload, key: Uint8Array): Promise<Secret> =>
  new Secret(await new SignJWT(claims).setProtectedHeader({ alg: 'HS256', typ: 'JWT' }).sign(key))

/** A private key, and the name under which the other side knows its public half. */
export interface SigningKey {
  readonly kid: string
  readonly privateKey: KeyObject
}

/** The same with RSASSA-PKCS1-v1_5 and SHA-512 (RFC 7518 section 3.3), which wants an RSA key of 2048 bits or more. */
export const signRs512 = async (claims: JWTPayload, { kid, privateKey }: SigningKey): Promise<Secret> =>
  new Secret(await new SignJWT(claims).setProtectedHeader({ alg: 'RS512', kid, typ: 'JWT' }).sign(privateKey))

/** NumericDates (RFC 7519 section 2): seconds, possibly with a fraction. */
export interface Claims {
  readonly exp: number | undefined
  readonly iat: number | undefined
}

/**
 * Returns when the token says it was made and will end; undefined for an opaque token. The signature is not checked:
 * the vendor does that, and here the times only decide how long we serve the token.
 */
export function claimsOf(token: Secret): Claims | undefined {
  try {
    const { exp, iat }: { exp?: unknown; iat?: unknown } = decodeJwt(token.reveal())
    return { exp: numericDate(exp), iat: numericDate(iat) }
  } catch {
    return undefined
  }
}

// The last instant a Date can hold; JSON can hold later ones.
const LAST_SECOND = 8_640_000_000_000

const numericDate = (claim: unknown): number | undefined =>
  typeof claim === 'number' && Math.abs(claim) <= LAST_SECOND ? claim : undefined
