import { isIP } from 'node:net'
import { PLACEHOLDER, placeholdersIn } from '../functions/generic/placeholders.ts'
import { publicUrl } from '../functions/oauth/vendor-url.ts'
import { namesSecret } from './secret-like.ts'

/** As documents write what is to be filled in: `<tenant>`, `[tenant]`, `/:tenant`. */
const OF_ANOTHER_KIND = /<\w+>|\[\w+\]|\/:\w/

/** What is wrong with the placeholders of a text, if anything is. */
export function placeholderFault(text: string): string | undefined {
  if (text.includes('${')) return 'has a $ before a brace: write a placeholder as {tenant}'
  if (/[{}]/.test(text.replaceAll(PLACEHOLDER, '')))
    return 'has a brace that is no placeholder like {tenant}: write a-z, 0-9 and _ between two of them, a letter first'
  const secret = placeholdersIn(text).find(namesSecret)
  if (secret !== undefined)
    return `has the placeholder {${secret}}, which is called like a secret: those are sent by the grant and the client authentication alone`
  return undefined
}

/**
 * What is wrong with an address that secrets or tokens are sent to, if anything is. Whatever a connection's placeholders
 * say, it has to lead to one of `hosts`, unless none of these can be called.
 */
export function addressFault(text: string, hosts: readonly string[]): string | undefined {
  if (/\s/.test(text)) return 'has a space or a line break: leave it out'
  if (/^[\w{}-]+(\.[\w{}-]+)+(\/|$)/.test(text)) return 'has no scheme: write https:// before it'
  const scheme = text.split('://')[0] ?? ''
  if (text.includes('://') && scheme.includes('{')) return 'has a placeholder for its scheme: write https://'
  if (/^http:/i.test(text)) return 'is http, which anybody on the way can read: write https://'
  const [, authority = '', rest = ''] = /^https:\/\/([^/?#]*)(.*)$/.exec(text) ?? []
  if (authority === '') return 'is no address like https://example.com/oauth/token'
  const fault = placeholderFault(text)
  if (fault) return fault
  if (OF_ANOTHER_KIND.test(text)) return 'has what may be a placeholder of another kind: write {tenant}'
  const filled = authority.replaceAll(PLACEHOLDER, 'x').toLowerCase()
  if (isIP(filled.replace(/:\d*$/, '')) > 0 || filled.startsWith('['))
    return 'is at an IP address: write the name of a host'
  if (filled.includes(':')) return 'has a port: leave it out, since vendors are called at 443 alone'
  if (rest.includes('?')) return 'has a query: write it as parameters or authorizationParameters'
  if (rest.includes('#')) return 'has a fragment, which is sent to nobody: leave it out'
  const fixed = authority.slice(authority.lastIndexOf('}') + 1).toLowerCase()
  if (fixed.length < authority.length && hosts.length > 0 && !hosts.some((host) => fixed.endsWith(`.${host}`)))
    return `has a placeholder that may lead to any host: after it has to come one of hosts, as in {tenant}.${hosts[0]}`
  if (!publicUrl(text.replaceAll(PLACEHOLDER, 'x'))) return 'is no address like https://example.com/oauth/token'
  if (hosts.length === 0 || hosts.some((host) => filled === host || filled.endsWith(`.${host}`))) return undefined
  return `is at none of hosts, which are ${hosts.join(', ')}: name its domain there`
}
