import { constants, createPublicKey, verify } from 'node:crypto'
import { type JsonObject, jsonObject } from '../../../../functions/simulation/vendor-simulator.ts'
import type { Algorithm } from './description.ts'

/** RFC 7518 section 3.1. */
const SIGNED = {
  RS256: { hash: 'sha256' },
  RS384: { hash: 'sha384' },
  RS512: { hash: 'sha512' },
  PS256: { hash: 'sha256', padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 },
  ES256: { hash: 'sha256', dsaEncoding: 'ieee-p1363' },
} as const satisfies Readonly<Record<Algorithm, object>>

/** No vendor that says takes one that is good for longer. */
const LONGEST_SECONDS = 3600
const SKEW_SECONDS = 60

export interface Expected {
  readonly algorithm: Algorithm
  /** PEM. */
  readonly publicKey: string
  readonly issuer: string
  /** Undefined: the vendor wants none. */
  readonly subject: string | undefined
  readonly audience: string
  readonly claims: Readonly<Record<string, string>>
  /** In seconds. */
  readonly now: number
}

/** Why a JWT is no grant (RFC 7523 section 3); undefined where it is one, for the first time. */
export function whyNoGrant(jwt: string, expected: Expected, used: Used): string | undefined {
  const [head = '', payload = '', signature = '', ...rest] = jwt.split('.')
  const [header, claims] = [decoded(head), decoded(payload)]
  if (rest.length > 0 || !header || !claims) return 'the assertion is no JWT'
  if (header.alg !== expected.algorithm) return `the assertion is not signed with ${expected.algorithm}`
  const { hash, ...options } = SIGNED[expected.algorithm]
  const key = { key: createPublicKey(expected.publicKey), ...options }
  if (!verify(hash, Buffer.from(`${head}.${payload}`), key, Buffer.from(signature, 'base64url')))
    return 'the signature of the assertion is wrong'
  if (claims.iss !== expected.issuer) return 'iss is not the client'
  if (claims.sub !== expected.subject) return 'sub is not who the token is for'
  if (claims.aud !== expected.audience) return 'aud is not this server'
  return whyUntimely(claims, expected) ?? (used.first(claims.jti) ? undefined : 'jti has been used')
}

/** Why the times or own claims of a signed JWT are refused; undefined where they are in order. */
export function whyUntimely(
  claims: JsonObject,
  { now, claims: own }: Pick<Expected, 'now' | 'claims'>,
): string | undefined {
  const { exp, iat = now, nbf = now, jti } = claims
  if (typeof exp !== 'number' || exp <= now) return 'exp is over'
  if (exp > now + LONGEST_SECONDS + SKEW_SECONDS) return 'exp is too late'
  if (Number(iat) > now + SKEW_SECONDS || Number(nbf) > now + SKEW_SECONDS) return 'iat or nbf is still to come'
  if (typeof jti !== 'string' || jti === '') return 'there is no jti'
  const [missing] = Object.keys(own).filter((name) => claims[name] !== own[name])
  return missing === undefined ? undefined : `the claim ${missing} is not as documented`
}

/** The ids of the JWTs that were taken: the last so many. */
export interface Used {
  first(id: unknown): boolean
}

export function usedIds(most = 2000): Used {
  const ids = new Set<unknown>()
  return {
    first(id) {
      if (ids.has(id)) return false
      ids.add(id)
      const [oldest] = ids
      if (ids.size > most) ids.delete(oldest)
      return true
    },
  }
}

const decoded = (part: string) => jsonObject(Buffer.from(part, 'base64url').toString())
