import { VendingError } from '../core/errors.ts'
import { NEVER } from '../core/token.ts'
import { defineVendor, type Issued, type Rotation, type Warning } from '../core/vendor.ts'
import { baseOf, joinPath, vendorUrl } from '../core/vendor-url.ts'
import { authorizationUrl } from '../oauth/authorization.ts'
import { clientSecretParameters } from '../oauth/client-auth.ts'
import { authorizationCodeGrant, refreshTokenGrant, type TokenEndpoint } from '../oauth/grants.ts'
import { revokeToken } from '../oauth/revocation.ts'
import { storedToken } from '../oauth/stored-token.ts'
import { member } from '../oauth/token-answer.ts'
import { type Application, credentials, type UserToken } from './credentials.ts'
import { EXCHANGE, REFRESH, REVOCATION } from './refusals.ts'

const HOUR_SECONDS = 60 * 60

// vendors.md 4.3: an answer without a refresh token is that of a client without a secret.
const ONE_TIME: Warning = {
  code: 'one_time_access',
  detail:
    'NetRex gave access that ends with this token, and no way to renew it: the client secret was probably not ' +
    'accepted; check it, and connect again',
}

const ROTATION: Rotation = {
  credential: 'client secret or user token',
  before: [
    'Log in to NetRex with an account that has full access, and open the user icon, </> API.',
    'Make a new user token with the same rights, or a new client secret of the OAuth2 application, and copy it.',
  ],
  after: ['Delete the old one in NetRex, if it is still there.'],
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

function isUserToken(credentials: Application | UserToken): credentials is UserToken {
  return 'user_token' in credentials
}

/** What needs a person's consent; a user token is made, and taken back, in NetRex itself. */
function applicationOf(credentials: Application | UserToken): Application {
  if (!isUserToken(credentials)) return credentials
  throw new VendingError(
    'configuration',
    'this connection has a user token, which is served as it is: there is nothing to connect, and it is revoked in NetRex, under </> API',
  )
}

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

const hostOf = ({ host }: Application | UserToken, hosts: readonly string[]): URL => vendorUrl(`https://${host}`, hosts)

/** NetRex documents the query alone, for secrets too; whether it reads a form is not known (vendors.md 4.2). */
const tokenEndpoint = (application: Application, host: URL): TokenEndpoint => ({
  url: joinPath(host, '/oauth2/token'),
  clientAuth: clientSecretParameters(application),
  send: 'query',
})

const usedAt = (host: URL, { accessToken, ...issued }: Issued): Issued => ({
  ...issued,
  accessToken: { ...accessToken, context: contextOf(host) },
})

const contextOf = (host: URL): Record<string, string> => ({
  api_base_url: baseOf(host),
  graphql_url: joinPath(host, '/api/graphql.php').href,
  host: host.host,
})

// The life of a user token is not documented, so none is made up: without a date from a person it has no end.
const stored = ({ user_token: token, expires_on: endsOn }: UserToken, host: URL, now: Date): Issued =>
  storedToken({
    token,
    endsOn,
    endsOtherwise: NEVER,
    context: contextOf(host),
    rotation: ROTATION,
    now,
  })
