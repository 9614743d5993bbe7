import type { Issued } from '../kit/vendor.ts'
import { clientSecretParameters } from '../oauth/client-auth.ts'
import type { TokenEndpoint } from '../oauth/grants.ts'
import { baseOf, joinPath, vendorUrl } from '../oauth/vendor-url.ts'
import type { Application, UserToken } from './credentials.ts'

export const hostOf = ({ host }: Application | UserToken, hosts: readonly string[]): URL =>
  vendorUrl(`https://${host}`, hosts)

/** NetRex documents parameters in the query only, secrets too ("OAuth2 authorization", 2026-11). */
export const tokenEndpoint = (application: Application, host: URL): TokenEndpoint => ({
  url: joinPath(host, '/oauth2/token'),
  clientAuth: clientSecretParameters(application),
  send: 'query',
})

export const usedAt = (host: URL, { accessToken, ...issued }: Issued): Issued => ({
  ...issued,
  accessToken: { ...accessToken, context: contextOf(host) },
})

export const contextOf = (host: URL): Record<string, string> => ({
  api_base_url: baseOf(host),
  graphql_url: joinPath(host, '/api/graphql.php').href,
  host: host.host,
})
