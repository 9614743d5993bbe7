import type { CatalogueEntry } from '../../../functions/generic/catalogue/entry.ts'
import { isFailure } from '../../../functions/kit/errors.ts'
import { Secret } from '../../../functions/kit/secret.ts'
import type { Context, Vendor } from '../../../functions/kit/vendor.ts'
import { contextFor, json, vendorAnswering } from '../../support/fake-vendor.ts'
import { type CatalogueSample, REDIRECT_URI, REFRESH_TOKEN, STATE } from './sample.ts'

/** What somebody could write in place of one label of a host. */
const ELSEWHERE = [
  ...['evil', 'evil.example', 'evil.example/', 'evil.example#', 'evil.example?', 'evil.example:443', '//evil.example'],
  ...[
    '@evil.example',
    'acme@evil.example',
    'acme:x@evil.example',
    'evil.example\\',
    'evil.example%2f',
    'evil%2eexample',
  ],
  ...['..', '../..', 'acme/..', '.', '', ' ', 'acme evil', 'acme\nevil', 'äcme', 'xn--cme-pla', '{tenant}'],
  ...['localhost', '127.0.0.1', '169.254.169.254', '[::1]', '2130706433', 'a'.repeat(64)],
]

/** The values of placeholders that led to a host that the entry does not have. */
export async function waysOut(vendor: Vendor, entry: CatalogueEntry, sample: CatalogueSample) {
  const { tokenEndpoint, issuer, authorizationEndpoint, revocationEndpoint, liveness, apiBaseUrl } = entry
  const urls = [tokenEndpoint, issuer, authorizationEndpoint, revocationEndpoint, liveness, apiBaseUrl].join(' ')
  const names = new Set([...urls.matchAll(/\{([a-z_]+)\}/g)].map(([, name = '']) => name))
  const tries = [...names].flatMap((name) => ELSEWHERE.map((value) => ({ name, value })))
  const reached = await Promise.all(
    tries.map(async ({ name, value }) => {
      const hosts = await hostsReached(vendor, { ...sample, credentials: { ...sample.credentials, [name]: value } })
      return hosts.filter((host) => !isAllowed(host, entry.hosts)).map((host) => `${name}: ${value} leads to ${host}`)
    }),
  )
  return reached.flat()
}

const isAllowed = (host: string, hosts: readonly string[]): boolean =>
  hosts.some((allowed) => host === allowed || host.endsWith(`.${allowed}`))

/** Of each call that has these credentials, and of the page where a person is sent. */
async function hostsReached(vendor: Vendor, { credentials, consent }: CatalogueSample): Promise<string[]> {
  const fake = vendorAnswering(...Array.from({ length: 8 }, () => () => json({ access_token: 't', expires_in: 60 })))
  const context: Context = contextFor(fake, vendor)
  const { authorization, revocation } = vendor
  const asked = { redirectUri: REDIRECT_URI, state: STATE }
  const [page] = await Promise.all([
    orRefused(authorization?.url(credentials, asked, context)),
    orRefused(vendor.issue(credentials, consent && new Secret(REFRESH_TOKEN), context)),
    orRefused(revocation?.revoke(credentials, new Secret('t'), context)),
  ])
  return [...fake.requests.map(({ url }) => new URL(url)), ...(page ? [page] : [])].map(({ hostname }) => hostname)
}

async function orRefused<T>(call: Promise<T> | undefined): Promise<T | undefined> {
  try {
    return await call
  } catch (error) {
    if (isFailure(error, 'configuration')) return undefined
    throw error
  }
}
