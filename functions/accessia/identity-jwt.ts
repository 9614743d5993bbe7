import { Buffer } from 'node:buffer'
import { randomUUID } from 'node:crypto'
import * as z from 'zod/mini'
import { secret } from '../kit/schema.ts'
import type { Secret } from '../kit/secret.ts'
import { signHs256 } from '../oauth/jwt.ts'

/** The integration's secret as the portal shows it: base64url (RFC 4648 section 5), with or without padding. */
export const integrationSecret = secret.check(
  z.refine(
    (text) => keyOf(text).length >= 16,
    'must be the base64url text from the portal, for a key of 16 bytes or more',
  ),
)

/**
 * Proves that we hold the secret. Good for one attempt: Accessia documents neither whether a `jti` may be used twice
 * nor how far ahead `iat` may be (docs.accessia.com/integrations, 2026-11). The key is what the text decodes to.
 */
export function identityJwt(secret: Secret, now: Date): Promise<Secret> {
  const iat = Math.floor(now.getTime() / 1000) - 5
  return signHs256({ iat, exp: iat + 300, jti: randomUUID() }, keyOf(secret))
}

/** Empty for a text that is none: Node drops characters that are not base64url and decodes the rest. */
function keyOf(secret: Secret): Buffer {
  const digits = /^([A-Za-z0-9+/_-]+)={0,2}$/.exec(secret.reveal())?.[1] ?? ''
  return Buffer.from(digits.length % 4 === 1 ? '' : digits, 'base64url')
}
