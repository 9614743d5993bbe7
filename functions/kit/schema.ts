import * as z from 'zod/mini'
import { Secret } from './secret.ts'

/**
 * A schema member that must be a non-empty string and leaves the schema as a `Secret`. RFC 6749 appendix A has secrets and
 * codes of visible ASCII and spaces alone: a line break inside was copied along, and would be refused by the vendor.
 */
export const secret = z.pipe(
  z
    .string('must be a string')
    .check(
      z.trim(),
      z.minLength(1, 'must not be empty'),
      z.regex(/^[ -~]*$/, 'must be one line of visible ASCII characters'),
    ),
  z.transform((text: string) => new Secret(text)),
)

/** RFC 6749 section 3.1.2 for the fragment, RFC 8252 section 7.3 for the machine's own address. */
export const redirectUri = z
  .string('must be a string')
  .check(
    z.trim(),
    z.refine(isRedirectUri, 'must be a registered https:// address, or http:// on this machine, without fragment'),
  )

function isRedirectUri(text: string): boolean {
  if (!URL.canParse(text) || text.includes('#')) return false
  const { protocol, hostname } = new URL(text)
  return protocol === 'https:' || (protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(hostname))
}

/** A life in seconds, from a minute to `longest`; a number or its digits. */
export function lifeSeconds(longest: number, otherwise: number) {
  const range = `must be a number of seconds, 60 to ${longest}`
  return z._default(
    z.coerce.number(range).check(z.multipleOf(1, range), z.gte(60, range), z.lte(longest, range)),
    otherwise,
  )
}

/** The last day of credentials that do not say themselves when they end. Any vendor's document may have it. */
export const endDate = z.optional(z.iso.date('must be a date like 2027-01-31'))
