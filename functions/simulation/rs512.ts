import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto'
import { type JsonObject, jsonObject } from './vendor-simulator.ts'

export interface KeyPair {
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
}

/** Made at its first use: a key takes a tenth of a second, and most runs need none. */
export function lazyKeyPair(): () => KeyPair {
  let made: KeyPair | undefined
  return () => {
    made ??= keyPair(newRsaKey(2048))
    return made
  }
}

const keyPair = (privateKey: KeyObject): KeyPair => ({ privateKey, publicKey: createPublicKey(privateKey) })

/**
 * A new key, by way of DER. 2026-11: Node 20 hangs when it exports a key as a JWK just as the job that made the key is
 * collected, since both take the key's mutex. A key that has been read in has no such job.
 */
export function newRsaKey(modulusLength: number): KeyObject {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength,
    privateKeyEncoding: { type: 'pkcs8', format: 'der' },
    publicKeyEncoding: { type: 'spki', format: 'der' },
  })
  return createPrivateKey({ key: privateKey, type: 'pkcs8', format: 'der' })
}

/** A compact JWS with RSASSA-PKCS1-v1_5 and SHA-512 (RFC 7515 section 3.1, RFC 7518 section 3.3). */
export function signRs512(header: { kid: string; typ: string }, claims: JsonObject, key: KeyObject): string {
  const head = `${encode({ alg: 'RS512', ...header })}.${encode(claims)}`
  return `${head}.${sign('sha512', Buffer.from(head), key).toString('base64url')}`
}

/** Header and claims, or `undefined` unless the token is RS512 and signed with this key. Times are for the caller to judge. */
export function verifyRs512(token: string, key: KeyObject): { header: JsonObject; claims: JsonObject } | undefined {
  const [head = '', payload = '', signature = '', ...rest] = token.split('.')
  const header = decode(head)
  const claims = decode(payload)
  if (rest.length > 0 || header?.alg !== 'RS512' || !claims) return undefined
  const right = verify('sha512', Buffer.from(`${head}.${payload}`), key, Buffer.from(signature, 'base64url'))
  return right ? { header, claims } : undefined
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const decode = (part: string) => jsonObject(Buffer.from(part, 'base64url').toString())
