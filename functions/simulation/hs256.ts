import { createHmac, timingSafeEqual } from 'node:crypto'
import { type JsonObject, jsonObject } from './vendor-simulator.ts'

/** A compact JWS with HMAC SHA-256 (RFC 7515 section 3.1, RFC 7518 section 3.2). */
export function signHs256(claims: JsonObject, key: Uint8Array): string {
  const head = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`
  return `${head}.${mac(head, key).toString('base64url')}`
}

/** The claims, or `undefined` unless the token is HS256 and signed with this key. Times are for the caller to judge. */
export function verifyHs256(token: string, key: Uint8Array): JsonObject | undefined {
  const [header = '', payload = '', signature = '', ...rest] = token.split('.')
  const given = Buffer.from(signature, 'base64url')
  const right = mac(`${header}.${payload}`, key)
  if (rest.length > 0 || given.length !== right.length || !timingSafeEqual(given, right)) return undefined
  if (decode(header)?.alg !== 'HS256') return undefined
  return decode(payload)
}

const mac = (text: string, key: Uint8Array) => createHmac('sha256', key).update(text).digest()
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const decode = (part: string) => jsonObject(Buffer.from(part, 'base64url').toString())
