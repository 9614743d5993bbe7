import type { KeyObject } from 'node:crypto'
import { decodeJwt, SignJWT } from 'jose'
import { Secret } from '../kit/secret.ts'

/** How a private key signs (RFC 7518 section 3.1). */
export type Algorithm = 'RS256' | 'RS384' | 'RS512' | 'PS256' | 'ES256'

/** What a JWT says (RFC 7519 section 4). Of our own, so that who installs the package needs no types of what signs. */
interface Payload {
  readonly iss?: string
  readonly sub?: string
  readonly aud?: string | string[]
  readonly exp?: number
  readonly iat?: number
  readonly jti?: string
  readonly [claim: string]: unknown
}

/** A private key, and the names under which the other side knows its public half. */
export interface SigningKey {
  readonly algorithm: Algorithm
  readonly privateKey: KeyObject
  readonly kid?: string
  /** SHA-256 of the certificate in base64url (RFC 7515 section 4.1.8), for who knows keys by their certificates. */
  readonly certificateThumbprint?: string
}

/** A JWT (RFC 7519) signed with a private key. It proves who we are, so it is a secret. */
export async function signJwt(claims: Payload, key: SigningKey): Promise<Secret> {
  const { algorithm: alg, privateKey, kid, certificateThumbprint } = key
  const names = { ...(kid && { kid }), ...(certificateThumbprint && { 'x5t#S256': certificateThumbprint }) }
  return new Secret(await new SignJWT(claims).setProtectedHeader({ alg, ...names, typ: 'JWT' }).sign(privateKey))
}

/** The same with HMAC SHA-256 (RFC 7518 section 3.2), whose key the other side has as well. */
export const signHs256 = async (claims: Payload, key: Uint8Array): Promise<Secret> =>
  new Secret(await new SignJWT(claims).setProtectedHeader({ alg: 'HS256', typ: 'JWT' }).sign(key))

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
  const claims = payloadOf(token)
  return claims && { exp: numericDate(claims.exp), iat: numericDate(claims.iat) }
}

/** What a token says that its holder has to prove beside having it (RFC 7800): a key (RFC 9449), or a certificate (RFC 8705). */
export function confirmationOf(token: Secret): 'key' | 'certificate' | undefined {
  const cnf = payloadOf(token)?.cnf
  if (typeof cnf !== 'object' || cnf === null) return undefined
  if (Object.hasOwn(cnf, 'x5t#S256')) return 'certificate'
  return Object.hasOwn(cnf, 'jkt') ? 'key' : undefined
}

function payloadOf(token: Secret): Readonly<Record<string, unknown>> | undefined {
  try {
    return decodeJwt(token.reveal())
  } catch {
    return undefined
  }
}

// The last instant a Date can hold; JSON can hold later ones.
const LAST_SECOND = 8_640_000_000_000

const numericDate = (claim: unknown): number | undefined =>
  typeof claim === 'number' && Math.abs(claim) <= LAST_SECOND ? claim : undefined
