import { createPrivateKey, type KeyObject } from 'node:crypto'
import type { Algorithm } from './jwt.ts'

/** Returns the private key in a PEM (PKCS#8, PKCS#1, SEC 1) or a JWK; undefined where `keyFault` says why there is none. */
export function signingKey(text: string, algorithm: Algorithm = 'RS256'): KeyObject | undefined {
  const read = readKey(text, algorithm)
  return typeof read === 'string' ? undefined : read
}

/** What keeps a text from being a key for this algorithm, as the end of a sentence. Nothing of the text is in it. */
export function keyFault(text: string, algorithm: Algorithm = 'RS256'): string | undefined {
  const read = readKey(text, algorithm)
  return typeof read === 'string' ? read : undefined
}

/** The name of the key (RFC 7517 section 4.5), which a JWK may hold and a PEM does not. */
export function keyIdIn(text: string): string | undefined {
  const kid = jwkIn(text)?.kid
  return typeof kid === 'string' && kid !== '' ? kid : undefined
}

function readKey(text: string, algorithm: Algorithm): KeyObject | string {
  const jwk = jwkIn(text)
  const key = jwk ? keyOfJwk(jwk, algorithm) : keyOfPem(text)
  return typeof key === 'string' ? key : (kindFault(key, algorithm) ?? key)
}

// RFC 7468. A file may hold more beside the key; openssl writes the parameters of a curve in front of it.
const BLOCK = /-----BEGIN ((?:RSA |EC |ENCRYPTED )?PRIVATE KEY)-----(.+?)-----END \1-----/s
const NO_KEY = 'must be a private key: a PEM that begins with -----BEGIN PRIVATE KEY-----, or a JWK'
const PASSPHRASE = 'must be a private key without a passphrase'
const BROKEN = 'must be one whole private key: it was cut off or changed on its way'

function keyOfPem(text: string): KeyObject | string {
  const [, label = '', body = ''] = BLOCK.exec(text) ?? []
  if (!label) return /-----BEGIN (RSA |EC )?PRIVATE KEY-----/.test(text) ? BROKEN : notPrivate(text)
  if (label.startsWith('ENCRYPTED') || body.includes('Proc-Type')) return PASSPHRASE
  // Line breaks are lost where a key is pasted into one line, and become \n in a document that was escaped twice.
  const digits = body.replace(/\\[rn]|\s/g, '')
  return parsed(() => createPrivateKey(`-----BEGIN ${label}-----\n${digits}\n-----END ${label}-----\n`))
}

const notPrivate = (text: string): string =>
  /-----BEGIN ((RSA )?PUBLIC KEY|CERTIFICATE)-----/.test(text) ? `${NO_KEY}; this is the public half` : NO_KEY

type Jwk = Readonly<Record<string, unknown>>

function keyOfJwk(jwk: Jwk, algorithm: Algorithm): KeyObject | string {
  const { d, alg, use } = jwk
  if (d === undefined) return `${NO_KEY}; this JWK has no private part`
  // RFC 7517 sections 4.2 and 4.4: what the key is for, where it says so.
  if (use !== undefined && use !== 'sig') return 'must be a JWK for signatures'
  if (alg !== undefined && alg !== algorithm) return `must be a JWK for ${algorithm}: its "alg" is another`
  return parsed(() => createPrivateKey({ key: { ...jwk }, format: 'jwk' }))
}

function jwkIn(text: string): Jwk | undefined {
  try {
    const document: unknown = JSON.parse(text)
    return typeof document === 'object' && document !== null ? { ...document } : undefined
  } catch {
    return undefined
  }
}

function parsed(read: () => KeyObject): KeyObject | string {
  try {
    return read()
  } catch {
    return BROKEN
  }
}

/** RFC 7518 sections 3.3 to 3.5. */
function kindFault(key: KeyObject, algorithm: Algorithm): string | undefined {
  const { asymmetricKeyType: kind, asymmetricKeyDetails: details } = key
  if (algorithm === 'ES256') {
    const isP256 = kind === 'ec' && details?.namedCurve === 'prime256v1'
    return isP256 ? undefined : 'must be an EC key on the curve P-256, for ES256'
  }
  if (kind !== 'rsa') return `must be an RSA key, for ${algorithm}`
  return (details?.modulusLength ?? 0) < 2048 ? 'must be an RSA key of 2048 bits or more' : undefined
}
