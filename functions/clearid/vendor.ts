import { defineVendor, type Warning } from '../kit/vendor.ts'
import type { ClientAuth } from '../oauth/client-auth.ts'
import { clientCredentialsGrant } from '../oauth/grants.ts'
import { jwtBearerGrant } from '../oauth/jwt-bearer.ts'
import { RFC_6749, type TokenShape } from '../oauth/token-answer.ts'
import { baseOf, joinPath, vendorUrl } from '../oauth/vendor-url.ts'
import { assertion } from './assertion.ts'
import { facts } from './facts.ts'
import { forms } from './forms.ts'
import { type KeyFile, keyFile } from './key-file.ts'
import { steps } from './steps.ts'

const SHAPE: TokenShape = {
  ...RFC_6749,
  // We make the grant with the key, so a refused grant is a refused key. An unauthorized client is not a wrong key but
  // one that may not use this grant (RFC 6749 section 5.2).
  means: { invalid_grant: 'credential_rejected', unauthorized_client: 'configuration' },
  advice: {
    credential_rejected: 'the key was regenerated or the integration deleted: download a new key file',
    configuration: 'store the key file as it was downloaded, and check its stsUrl',
  },
}

const KEY_USED: Warning = {
  code: 'key_used',
  detail:
    'the file holds a key and a client secret, and the key is used; to say which, add "authenticate_with": "key" or ' +
    '"clientSecret" to the credentials',
}

/** Genetec ClearID: the file's key signs an assertion (RFC 7523); a file without a key has a client secret instead. */
export const clearid = defineVendor({
  ...facts,
  ...steps,
  forms,

  credentials: keyFile,

  issue: async (file, _refreshToken, context) => {
    const { accountId, clientId } = file
    const services = servicesOf(file, context.hosts)
    const endpoint = { url: joinPath(vendorUrl(file.stsUrl, context.hosts), '/connect/token'), shape: SHAPE }
    const { accessToken, ...issued } =
      'key' in file
        ? await jwtBearerGrant(endpoint, { clientId, assertion: (now) => assertion(clientId, file.key, now) }, context)
        : await clientCredentialsGrant({ ...endpoint, clientAuth: inBody(file) }, {}, context)
    return {
      ...issued,
      accessToken: { ...accessToken, context: { account_id: accountId, ...services } },
      warnings: [...(issued.warnings ?? []), ...(file.isOpen ? [KEY_USED] : [])],
    }
  },
})

// Among the parameters: the id holds a colon, which would end it in a Basic header (RFC 7617 section 2).
const inBody = ({ clientId, clientSecret }: Extract<KeyFile, { clientSecret: unknown }>): ClientAuth => ({
  client_id: clientId,
  client_secret: clientSecret,
})

/** Callers send the token there, so the file may name allowed hosts only. */
function servicesOf(file: KeyFile, hosts: readonly string[]): Record<string, string> {
  const urls = {
    api_base_url: file.identityServiceUrl,
    principal_service_url: file.principalServiceUrl,
    team_service_url: file.teamServiceUrl,
    role_service_url: file.roleServiceUrl,
    identity_request_service_url: file.identityRequestServiceUrl,
    webhooks_service_url: file.webhooksServiceUrl,
  }
  return Object.fromEntries(
    Object.entries(urls).flatMap(([name, url]) => (url ? [[name, baseOf(vendorUrl(url, hosts))]] : [])),
  )
}
