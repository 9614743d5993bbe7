import type { CatalogueEntry } from '../../../functions/generic/catalogue/entry.ts'
import { isFailure } from '../../../functions/kit/errors.ts'
import { vendorUrl } from '../../../functions/oauth/vendor-url.ts'

const PLACEHOLDER = /\{([a-z_]+)\}/g

/** The URLs of an entry that a secret or a token goes to, or that are vended beside one. */
export const urlsOf = (entry: CatalogueEntry): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries({
      tokenEndpoint: entry.tokenEndpoint,
      issuer: entry.issuer,
      authorizationEndpoint: entry.authorizationEndpoint,
      revocationEndpoint: entry.revocationEndpoint,
      liveness: entry.liveness,
      apiBaseUrl: entry.apiBaseUrl,
    }).flatMap(([name, url]) => (url === undefined ? [] : [[name, url]])),
  )

/** What breaks the rule of hosts: each URL is on one of them, whatever stands in its placeholders. */
export function hostFaults(entry: CatalogueEntry): string[] {
  const { hosts } = entry
  const faults = hosts
    .filter((host) => !isAllowed(`https://${host}/`, hosts))
    .map((host) => `hosts: ${host} is no domain`)
  for (const [name, url] of Object.entries(urlsOf(entry))) {
    if (!isAllowed(usualOf(url, entry), hosts)) faults.push(`${name} is on none of the hosts`)
    // A label of its own, or a whole segment of the path: what is beside it would make it a part of another name.
    if (/[^/.]\{|\}[^/.]/.test(url)) faults.push(`${name} has a placeholder that is no label of its own`)
    const host = url.replace(/^https:\/\//, '').replace(/\/.*/s, '')
    if (host.endsWith('}') && !hosts.includes(usualOf(lastOf(host), entry)))
      faults.push(`${name} lets a placeholder end its host`)
  }
  return faults
}

/** As most connections have it. A whole domain that others choose has to be one of `hosts`, which is checked when it is used. */
const usualOf = (text: string, { credentials }: CatalogueEntry): string =>
  text.replaceAll(PLACEHOLDER, (_, name: string) => credentials?.defaults?.[name] ?? 'acme')

const lastOf = (host: string): string => host.slice(host.lastIndexOf('{'))

function isAllowed(url: string, hosts: readonly string[]): boolean {
  try {
    vendorUrl(url, hosts)
    return true
  } catch (error) {
    if (isFailure(error, 'configuration')) return false
    throw error
  }
}

/** What an entry has to say of itself and does not. */
export function factFaults(entry: CatalogueEntry): string[] {
  const { id, title, documents, alsoRead = [], readOn, quirk, notCovered, clientAuthentication, grant } = entry
  const pages = [documents, ...alsoRead]
  const faults = {
    'id is no word': !/^[a-z][a-z0-9]*$/.test(id),
    'title is empty': title.trim() === '',
    'documents is no https page': !pages.every((page) => URL.canParse(page) && new URL(page).protocol === 'https:'),
    'a page is named twice': new Set(pages).size < pages.length,
    'readOn is no day': !/^\d{4}-\d{2}-\d{2}$/.test(readOn) || Number.isNaN(Date.parse(readOn)),
    'quirk is no sentence': quirk !== undefined && !/^[A-Z].+\.$/.test(quirk),
    'notCovered is empty': notCovered.length === 0 || notCovered.some((one) => one.trim() === ''),
    'nothing says where tokens come from': !entry.tokenEndpoint && !entry.issuer,
    'nothing says where a person consents':
      grant === 'authorization_code' && !entry.authorizationEndpoint && !entry.issuer,
    'a grant ends that nobody gave': entry.grantDays !== undefined && grant !== 'authorization_code',
    'an assertion that nobody asks for':
      clientAuthentication !== 'private_key_jwt' && grant !== 'jwt_bearer' && !!entry.assertion,
    'something in it looks like a secret': looksSecret(JSON.stringify(entry)),
  }
  return Object.entries(faults).flatMap(([fault, is]) => (is ? [fault] : []))
}

/** A key, a JWT, or so many characters at random: nothing that we write of a vendor looks like it. */
const looksSecret = (text: string): boolean =>
  /-----BEGIN|eyJ[A-Za-z0-9_-]{8}|(?=[A-Za-z0-9]*[0-9])(?=[A-Za-z0-9]*[A-Za-z])[A-Za-z0-9]{24,}/.test(text)
