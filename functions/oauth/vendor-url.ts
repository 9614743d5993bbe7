import { VendingError } from '../kit/errors.ts'

const LONGEST = 2048
// URL parsers drop, decode or reinterpret what is outside of this, each in its own way; no vendor's base URL needs it.
const PLAIN = /^https:\/\/[a-z0-9][a-z0-9._~:/-]*$/i
const DOT_SEGMENT = /\/\.{1,2}(\/|$)/
// Two labels or more, the last of which starts with a letter: so no IP literal in any spelling, and no `localhost`.
// No punycode: no vendor needs it, it can look like another name, and Node versions differ in what of it they take.
const DNS_NAME = /^(?!.*xn--)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/

/**
 * The only way a URL that a customer or a vendor wrote becomes one we send a secret to. `hosts` are domains: a host is
 * allowed if it is one of them or a name below one. Throws `configuration`; the message may name the host, no more.
 */
export function vendorUrl(text: string, hosts: readonly string[]): URL {
  const url = publicUrl(text)
  if (!url) throw refused()
  const host = url.hostname
  if (hosts.some((allowed) => host === allowed || host.endsWith(`.${allowed}`))) return url
  throw new VendingError('configuration', `${host} is not a host this vendor's secrets may be sent to`)
}

/** Returns undefined for what is not of the form https://host/path with a public host name. Not yet one to call. */
export function publicUrl(text: string): URL | undefined {
  if (text.length > LONGEST || !PLAIN.test(text) || DOT_SEGMENT.test(text) || !URL.canParse(text)) return undefined
  const url = new URL(text)
  const host = url.hostname
  const isPublic = url.port === '' && host.length <= 253 && DNS_NAME.test(host) && !host.endsWith('.localhost')
  return isPublic ? url : undefined
}

const refused = (): VendingError =>
  new VendingError(
    'configuration',
    'a URL of this connection is not of the form https://host/path with a public host name: no user, port, address, query or fragment',
  )

/** The URL as text to which a path can be appended: without trailing slashes. */
export const baseOf = (url: URL): string => url.href.replace(/\/+$/, '')

/** Unlike `new URL(path, base)` this keeps the base's own path, and never makes a `//`. */
export const joinPath = (base: URL, path: `/${string}`): URL => new URL(`${baseOf(base)}${path}`)
