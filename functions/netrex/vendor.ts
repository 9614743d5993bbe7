import { VendingError } from '../kit/errors.ts'
import { defineVendor, type Warning } from '../kit/vendor.ts'
import { authorizationUrl } from '../oauth/authorization.ts'
import { authorizationCodeGrant, refreshTokenGrant } from '../oauth/grants.ts'
import { importedToken } from '../oauth/imported-token.ts'
import { revokeToken } from '../oauth/revocation.ts'
import { member } from '../oauth/token-answer.ts'
import { joinPath } from '../oauth/vendor-url.ts'
import { applicationOf, credentials, isUserToken } from './credentials.ts'
import { facts } from './facts.ts'
import { forms } from './forms.ts'
import { contextOf, hostOf, tokenEndpoint, usedAt } from './host.ts'
import { liveness } from './liveness.ts'
import { EXCHANGE, REFRESH, REVOCATION } from './refusals.ts'
import { steps } from './steps.ts'
import { issuedUserToken } from './user-token.ts'

// "OAuth2 authorization", 2026-11: only a client that sends its secret gets a refresh token.
const ONE_TIME: Warning = {
  code: 'one_time_access',
  detail:
    'NetRex gave access that ends with this token, and no way to renew it: the client secret was probably not ' +
    'accepted; check it, and connect again',
}

/** NetRex, also sold as Survilla Cloud and CamStreamer Cloud: a person consents once, then a refresh token renews. */
export const netrex = defineVendor({
  ...facts,
  ...steps,
  forms,

  credentials,

  isStatic: isUserToken,

  liveness: (_credentials, accessToken, context) => liveness(accessToken, context),

  issue: async (credentials, refreshToken, context) => {
    const host = hostOf(credentials, context.hosts)
    if (isUserToken(credentials)) return issuedUserToken(credentials, host, context.now())
    if (!refreshToken) throw notConnected()
    const endpoint = { ...tokenEndpoint(credentials, host), shape: REFRESH }
    return usedAt(host, await refreshTokenGrant(endpoint, refreshToken, context))
  },

  authorization: {
    url: async (credentials, request, { hosts }) => {
      // A redirect URI in the credentials is a registered one, so it goes before that of the request.
      const { client_id: clientId, scope, redirect_uri: redirectUri = request.redirectUri } = applicationOf(credentials)
      if (redirectUri === undefined) throw withoutRedirectUri()
      const page = joinPath(hostOf(credentials, hosts), '/oauth2/auth/')
      return authorizationUrl(page, { clientId, redirectUri, scope, state: request.state })
    },
    tokenEndpoint: async (credentials, { hosts }) =>
      tokenEndpoint(applicationOf(credentials), hostOf(credentials, hosts)).url,
    exchange: async (credentials, { code, redirectUri }, context) => {
      const application = applicationOf(credentials)
      const host = hostOf(credentials, context.hosts)
      const endpoint = { ...tokenEndpoint(application, host), shape: EXCHANGE }
      const grant = { code, redirectUri, grantType: application.code_grant_type }
      const issued = usedAt(host, await authorizationCodeGrant(endpoint, grant, context))
      if (issued.refreshToken) return issued
      return { ...issued, warnings: [...(issued.warnings ?? []), ONE_TIME] }
    },
    importToken: async (credentials, token, context) =>
      importedToken(token, contextOf(hostOf(applicationOf(credentials), context.hosts)), context),
  },

  revocation: {
    // "OAuth2 authorization", 2026-11: the refresh token of the access token is cancelled with it.
    ends: 'grant',
    revoke: (credentials, accessToken, context) => {
      applicationOf(credentials)
      const url = joinPath(hostOf(credentials, context.hosts), '/oauth2/revoke')
      const confirms = (body: unknown) => member(body, 'success') === true
      return revokeToken(
        { url, send: 'query', parameter: 'access_token', shape: REVOCATION, confirms },
        accessToken,
        context,
      )
    },
  },
})

const notConnected = (): VendingError =>
  new VendingError('not_connected', 'nobody has connected this NetRex account yet, or only for once')

const withoutRedirectUri = (): VendingError =>
  new VendingError(
    'configuration',
    'add a redirect URL of the OAuth2 application in NetRex to the credentials, as "redirect_uri": "https://..."',
  )
