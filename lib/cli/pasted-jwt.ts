import * as z from 'zod/mini'

const claims = z.looseObject({ exp: z.optional(z.unknown()) })

/**
 * The claims of a JWT (RFC 7519 section 3), as far as can be seen without its key; undefined for anything else. People paste
 * the scheme's name along, and quotes.
 */
export function claimsOf(pasted: unknown): z.output<typeof claims> | undefined {
  if (typeof pasted !== 'string') return undefined
  const [header, payload, signature, ...more] = pasted.replace(/^["'\s]*(Bearer\s+)?|["'\s]+$/gi, '').split('.')
  const isJwt = more.length === 0 && objectIn(header) !== undefined && /^[\w-]+$/.test(signature ?? '')
  return isJwt ? objectIn(payload) : undefined
}

function objectIn(base64url: string | undefined): z.output<typeof claims> | undefined {
  try {
    return claims.safeParse(JSON.parse(Buffer.from(base64url ?? '', 'base64url').toString())).data
  } catch {
    return undefined
  }
}
