import type { IncomingMessage } from 'node:http'

/** From where a page may send its browser to a server: a vendor sends it back to a callback. */
export type Navigation = 'from its own pages' | 'from anywhere'

type Asked = Pick<IncomingMessage, 'method' | 'url' | 'headersDistinct'> & {
  readonly socket: { readonly localPort?: number | undefined }
}

/**
 * Returns why a request is refused that a page elsewhere may have had this computer's browser make; undefined for one of a
 * program, of a person, or of a page of the server itself. What a page cannot choose decides: the name that the browser
 * looked up, which may be the page's own (DNS rebinding), the origin (RFC 6454), and where the browser says it comes from
 * (W3C Fetch Metadata, `Sec-Fetch-Site`), which some send with requests that have no `Origin`.
 */
export function whyForeign(request: Asked, navigation: Navigation): string | undefined {
  const { url = '', socket, headersDistinct } = request
  const { host = [], origin = [], 'sec-fetch-site': site = [] } = headersDistinct
  const names = namesAt(socket.localPort)
  if (!url.startsWith('/')) return 'its target is not a path'
  if (!isOne(host, names)) return `its Host is not ${names.join(' or ')}`
  if (navigation === 'from anywhere' && isNavigation(request)) return undefined
  const origins = names.map((name) => `http://${name}`)
  if (origin.length > 0 && !isOne(origin, origins)) return 'a page of another origin makes it'
  if (site.length > 0 && !isOne(site, ['same-origin', 'none'])) return 'a page of another site makes it'
  return undefined
}

/** A port that is the scheme's own is left out (RFC 9110 section 4.2.1). */
const namesAt = (port: number | undefined): string[] =>
  ['127.0.0.1', 'localhost'].map((name) => (port === 80 ? name : `${name}:${port}`))

/** Whether there is one value and it is one of these. Names are the same in any case of letters (RFC 9110 section 4.2.3). */
const isOne = ([value = '', ...more]: readonly string[], these: readonly string[]): boolean =>
  more.length === 0 && these.includes(value.toLowerCase())

/** Another page in the address bar: it carries no body, and who sent the browser cannot read it. */
function isNavigation({ method, headersDistinct }: Asked): boolean {
  const { origin = [], 'sec-fetch-mode': mode = [], 'sec-fetch-dest': dest = [] } = headersDistinct
  const unnamed = origin.length === 0 || isOne(origin, ['null'])
  return method === 'GET' && unnamed && isOne(mode, ['navigate']) && isOne(dest, ['document'])
}
