import { Buffer } from 'node:buffer'
import { createPrivateKey, type KeyObject } from 'node:crypto'
import * as z from 'zod/mini'
import { secret } from '../kit/schema.ts'
import type { SigningKey } from '../oauth/jwt.ts'

const text = z.string('must be a string').check(z.trim(), z.minLength(1, 'must not be empty'))

// Genetec does not document which Base64 the parts are in, so both alphabets are accepted, padded or not. As a number a
// part loses its leading zero bytes, which some libraries write and others refuse.
const part = z.pipe(
  z
    .string('must be a string')
    .check(z.trim(), z.regex(/^(?=[\w+/-])([\w+/-]{4})*([\w+/-]{2,3})?={0,2}$/, 'must be Base64')),
  z.transform((digits: string) => BigInt(`0x${Buffer.from(digits, 'base64url').toString('hex')}`)),
)

/**
 * The members of .NET's RSAParameters, neither PEM nor JWK. Genetec does not describe the file: the shape is that of
 * key-dummy.json in github.com/JayJayArr/genetec-ident-remover, a public client, 2026-11.
 */
const key = z.pipe(
  z.object({
    kid: text,
    keyType: z.literal('RSA', 'must be RSA'),
    algorithm: z.literal('RS512', 'must be RS512'),
    modulus: part,
    exponent: part,
    d: part,
    p: part,
    q: part,
    dp: part,
    dq: part,
    inverseQ: part,
  }),
  z.transform(({ kid, ...parts }, { issues }): SigningKey => {
    const privateKey = belongTogether(parts) ? privateKeyOf(parts) : undefined
    if (privateKey) return { algorithm: 'RS512', kid, privateKey }
    issues.push({ code: 'custom', message: 'must be one whole RSA key of 2048 bits or more', input: undefined })
    return z.NEVER
  }),
)

/** An empty text counts as absent. */
const orAbsent = <T>(schema: z.ZodMiniType<T, string>) =>
  z.pipe(
    z.transform((value: unknown) => (typeof value === 'string' && value.trim() === '' ? undefined : value)),
    z.nullish(schema),
  )

const url = orAbsent(text)

/** A file of Genetec's other product is known by the member that holds its key. */
const fileOfClearid = z.unknown().check(({ value, issues }) => {
  if (typeof value !== 'object' || value === null) return
  // developer.clearance.network/docs/json-connection-file, 2026-11.
  if (!Object.keys(value).some((name) => name.toLowerCase() === 'serviceprincipalkey')) return
  const message =
    'is a file of Genetec Clearance, another product: download the authentication key of an API integration in ClearID'
  issues.push({ code: 'custom', message, input: undefined })
})

/**
 * The file that ClearID lets a person download once, when the key of an API integration is generated. It authenticates
 * with its key or with its client secret; of a file that holds both a person may say which, in a member of our own.
 */
export const keyFile = z.pipe(
  fileOfClearid,
  z.pipe(
    z.object({
      // Callers put it into the paths of their requests.
      accountId: text.check(z.regex(/^[A-Za-z0-9_-]+$/, 'must consist of letters, digits, - and _')),
      // Holds a colon, as in <guid>:<accountId>.
      clientId: text,
      clientSecret: orAbsent(secret),
      key: z.nullish(key),
      authenticate_with: z.optional(z.enum(['key', 'clientSecret'], 'must be key or clientSecret')),
      stsUrl: text,
      identityServiceUrl: text,
      principalServiceUrl: url,
      teamServiceUrl: url,
      roleServiceUrl: url,
      identityRequestServiceUrl: url,
      webhooksServiceUrl: url,
    }),
    z.transform(({ key, clientSecret, authenticate_with: chosen, ...rest }, { issues }) => {
      if (!key && !clientSecret) {
        issues.push({ code: 'custom', message: 'must hold a key or a clientSecret', input: undefined })
        return z.NEVER
      }
      if (key && chosen !== 'clientSecret')
        return { ...rest, key, isOpen: Boolean(clientSecret) && chosen === undefined }
      if (clientSecret && chosen !== 'key') return { ...rest, clientSecret, isOpen: false }
      issues.push({
        code: 'custom',
        path: ['authenticate_with'],
        message: `names what is not there: the file holds no ${chosen}`,
        input: undefined,
      })
      return z.NEVER
    }),
  ),
)

export type KeyFile = z.output<typeof keyFile>

type Parts = Readonly<Record<'modulus' | 'exponent' | 'd' | 'p' | 'q' | 'dp' | 'dq' | 'inverseQ', bigint>>

// RFC 8017 section 3.2. OpenSSL loads a key whose parts contradict each other, and signing with it may or may not work.
const belongTogether = ({ modulus, exponent, d, p, q, dp, dq, inverseQ }: Parts): boolean =>
  modulus >> 2047n > 0n &&
  modulus === p * q &&
  p > 1n &&
  q > 1n &&
  (exponent * d) % (p - 1n) === 1n &&
  (exponent * d) % (q - 1n) === 1n &&
  dp === d % (p - 1n) &&
  dq === d % (q - 1n) &&
  (inverseQ * q) % p === 1n

function privateKeyOf({ modulus, exponent, d, p, q, dp, dq, inverseQ }: Parts): KeyObject | undefined {
  const members = { n: modulus, e: exponent, d, p, q, dp, dq, qi: inverseQ }
  const encoded = Object.fromEntries(Object.entries(members).map(([name, number]) => [name, base64url(number)]))
  try {
    return createPrivateKey({ key: { kty: 'RSA', ...encoded }, format: 'jwk' })
  } catch {
    return undefined
  }
}

/** Base64urlUInt (RFC 7518 section 2): as few bytes as hold the number. */
function base64url(number: bigint): string {
  const digits = number.toString(16)
  return Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex').toString('base64url')
}
