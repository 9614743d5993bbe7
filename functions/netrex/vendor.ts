import { VendingError } from '../core/errors.ts'
import { defineVendor, type Warning } from '../core/vendor.ts'
import { joinPath } from '../core/vendor-url.ts'
import { authorizationUrl } from '../oauth/authorization.ts'
import { authorizationCodeGrant, refreshTokenGrant } from '../oauth/grants.ts'
import { revokeToken } from '../oauth/revocation.ts'
import { member } from '../oauth/token-answer.ts'
import { applicationOf, credentials, isUserToken } from './credentials.ts'
import { hostOf, tokenEndpoint, usedAt } from './host.ts'
import { EXCHANGE, REFRESH, REVOCATION } from './refusals.ts'
import { ROTATION } from './rotation.ts'
import { stored } from './user-token.ts'

const HOUR_SECONDS = 60 * 60

// vendors.md 4.3: an answer without a refresh token is that of a client without a secret.
const ONE_TIME: Warning = {
  code: 'one_time_access',
  detail:
    'NetRex gave access that ends with this token, and no way to renew it: the client secret was probably not ' +
    'accepted; check it, and connect again',
}

/** NetRex, also sold as Survilla Cloud and CamStreamer Cloud: a person says yes once, a refresh token does the rest. */
export const netrex = defineVendor({
  id: 'netrex',
  title: 'NetRex',
  // Resellers run hosts of their own, which are for the deployment to add.
  hosts: ['system2.netrex.cz', 'cloud.camstreamer.com'],
  // The hour is the one example there is; no bound is documented, and more than a day is not made use of.
  tokens: { keep: 'table', maxLifeSeconds: 24 * HOUR_SECONDS, defaultLifeSeconds: HOUR_SECONDS, rotates: true },
  rotation: ROTATION,

  credentials,

  isStored: isUserToken,

  issue: async (credentials, refreshToken, context) => {
    const host = hostOf(credentials, context.hosts)
    if (isUserToken(credentials)) return stored(credentials, host, context.now())
    if (!refreshToken) throw notConnected()
    const endpoint = { ...tokenEndpoint(credentials, host), shape: REFRESH }
    return usedAt(host, await refreshTokenGrant(endpoint, refreshToken, context))
  },

  authorization: {
    url: (credentials, asked, hosts) => {
      // One in the credentials is there because NetRex knows no other, so it goes first.
      const { client_id: clientId, scope, redirect_uri: redirectUri = asked.redirectUri } = applicationOf(credentials)
      if (redirectUri === undefined) throw withoutRedirectUri()
      const page = joinPath(hostOf(credentials, hosts), '/oauth2/auth/')
      return authorizationUrl(page, { clientId, redirectUri, scope, state: asked.state })
    },
    exchange: async (credentials, { code, redirectUri }, context) => {
      const application = applicationOf(credentials)
      const host = hostOf(credentials, context.hosts)
      const endpoint = { ...tokenEndpoint(application, host), shape: EXCHANGE }
      const grant = { code, redirectUri, grantType: application.code_grant_type }
      const issued = usedAt(host, await authorizationCodeGrant(endpoint, grant, context))
      if (issued.refreshToken) return issued
      return { ...issued, warnings: [...(issued.warnings ?? []), ONE_TIME] }
    },
  },

  revocation: {
    // The refresh token behind the access token dies with it (vendors.md 4.6).
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
  new VendingError(
    'not_connected',
    'nobody has connected this NetRex account yet, or only for once; run "npx vendomat connect netrex <connection>"',
  )

const withoutRedirectUri = (): VendingError =>
  new VendingError(
    'configuration',
    'add a redirect URL of the OAuth2 application in NetRex to the credentials, as "redirect_uri": "https://..."',
  )
