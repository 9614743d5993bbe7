import { VendingError } from '../kit/errors.ts'
import type { Secret } from '../kit/secret.ts'
import {
  type Authorization,
  defineVendor,
  type Issued,
  type Revocation,
  type Vendor,
  type Warning,
} from '../kit/vendor.ts'
import { authorizationUrl } from '../oauth/authorization.ts'
import {
  authorizationCodeGrant,
  clientCredentialsGrant,
  refreshTokenGrant,
  type TokenEndpoint,
} from '../oauth/grants.ts'
import { importedToken } from '../oauth/imported-token.ts'
import { jwtBearerGrant } from '../oauth/jwt-bearer.ts'
import { liveCheck } from '../oauth/live-check.ts'
import type { Parameters } from '../oauth/parameters.ts'
import { revokeToken } from '../oauth/revocation.ts'
import { type Place, shapeOf, withContext } from './answer.ts'
import { assertionOf, clientAuthOf } from './client.ts'
import { type Credentials, credentialsOf } from './credentials.ts'
import type { VendorDescription } from './description.ts'
import { addressOf, type Call, endpointOf, issuerOf } from './endpoints.ts'
import { factsOf } from './facts.ts'
import { formsOf } from './forms.ts'
import { allFilledIn } from './placeholders.ts'
import { stepsOf } from './steps.ts'

/** A vendor without code of its own. Throws for a description that wants a secret where others read it. */
export function describedVendor(id: string, description: VendorDescription): Vendor {
  const { grant, liveness, revocationEndpoint, issuer } = description
  return defineVendor<Credentials>({
    ...factsOf(id, description),
    ...stepsOf(description),
    forms: formsOf(description),
    description: { id, ...description },

    credentials: credentialsOf(description),

    issue: (credentials, refreshToken, context) => {
      const call = { description, credentials, context }
      return grant === 'authorization_code' ? refreshed(call, refreshToken) : unattended(call)
    },

    ...(grant === 'authorization_code' && { authorization: authorizationOf(description) }),
    // Whether an issuer has an endpoint for it is known when it is asked.
    ...((revocationEndpoint ?? issuer) !== undefined && { revocation: revocationOf(description) }),

    ...(liveness !== undefined && {
      liveness: async (credentials, { value: token }, context) =>
        liveCheck(
          {
            url: addressOf(liveness, { description, credentials, context }),
            token,
            forbidden: () => 'limited',
            judge: () => 'alive',
            advice: `check the address that ${description.title} is asked at`,
          },
          context,
        ),
    }),
  })
}

function unattended({ context: { received: _, ...context }, ...call }: Call): Promise<Issued> {
  // Nobody has consented, so that there is nothing to refresh.
  return obtained({ ...call, context }, async (endpoint) => {
    const { refreshToken: __, ...issued } = await unattendedGrant({ ...call, context }, endpoint)
    return issued
  })
}

function unattendedGrant({ description, credentials, context }: Call, endpoint: TokenEndpoint): Promise<Issued> {
  const { grant, assertion } = description
  const scope = { scope: credentials.scope }
  if (grant !== 'jwt_bearer') return clientCredentialsGrant(endpoint, scope, context)
  const parameters = assertion?.claims?.scope === undefined ? scope : {}
  return jwtBearerGrant(
    endpoint,
    { assertion: assertionOf(assertion, credentials, endpoint.url.href), parameters },
    context,
  )
}

async function refreshed(call: Call, refreshToken: Secret | undefined): Promise<Issued> {
  if (refreshToken) return obtained(call, (endpoint) => refreshTokenGrant(endpoint, refreshToken, call.context))
  const nobody = `nobody has connected this ${call.description.title} account yet, or only for once`
  throw new VendingError('not_connected', nobody)
}

const authorizationOf = (description: VendorDescription): Authorization<Credentials> => ({
  ...(description.pkce !== 'none' && { pkce: 'S256' }),

  url: async (credentials, { state, codeChallenge, ...request }, context) => {
    const call = { description, credentials, context }
    const { client_id: clientId, scope, values, redirect_uri: redirectUri = request.redirectUri } = credentials
    if (redirectUri === undefined) throw withoutRedirectUri(description)
    const page = await endpointOf('authorizationEndpoint', call)
    return authorizationUrl(page, {
      clientId,
      redirectUri,
      state,
      ...(scope !== undefined && { scope }),
      ...(codeChallenge !== undefined && { codeChallenge }),
      parameters: { ...resourceOf(call), ...allFilledIn(description.authorizationParameters, values) },
    })
  },

  tokenEndpoint: (credentials, context) => endpointOf('tokenEndpoint', { description, credentials, context }),

  ...(description.issuer !== undefined && {
    issuer: async (credentials, context) => {
      const metadata = await issuerOf({ description, credentials, context })
      return metadata?.sendsIssuer ? metadata.issuer : undefined
    },
  }),

  exchange: async (credentials, grant, context) => {
    const call = { description, credentials, context }
    const issued = await obtained(call, (endpoint) => authorizationCodeGrant(endpoint, grant, context))
    if (issued.refreshToken) return issued
    return { ...issued, warnings: [...(issued.warnings ?? []), oneTime(description)] }
  },

  // What callers need beside a token that has come with an answer, nobody can tell of one that has not.
  ...(description.answer?.context === undefined && {
    importToken: async (credentials, token, context) =>
      withContext(importedToken(token, {}, context), placeOf({ description, credentials, context })),
  }),
})

/** RFC 7009 section 2.1: with a refresh token the vendor ends the grant, and with it the access tokens. */
const revocationOf = (description: VendorDescription): Revocation<Credentials> => ({
  ...(description.grant === 'authorization_code' ? { ends: 'grant', takes: 'refresh token' } : { ends: 'token' }),
  revoke: async (credentials, token, context) => {
    const call = { description, credentials, context }
    const clientAuth = clientAuthOf(call, await endpointOf('tokenEndpoint', call))
    const url = await endpointOf('revocationEndpoint', call)
    return revokeToken({ url, ...clientAuth, shape: shapeOf(description) }, token, context)
  },
})

/** Asks the token endpoint, and says where its token is used. What is wrong with an address is found before anything is spent. */
async function obtained(call: Call, ask: (endpoint: TokenEndpoint) => Promise<Issued>): Promise<Issued> {
  const place = placeOf(call)
  const { description, credentials } = call
  const url = await endpointOf('tokenEndpoint', call)
  const issued = await ask({
    url,
    ...clientAuthOf(call, url),
    send: description.send ?? 'form',
    parameters: { ...resourceOf(call), ...allFilledIn(description.parameters, credentials.values) },
    shape: shapeOf(description),
  })
  return withContext(issued, place)
}

function placeOf(call: Call): Place {
  const { apiBaseUrl: text, title } = call.description
  const { hosts } = call.context
  return { title, hosts, ...(text !== undefined && { apiBaseUrl: addressOf(text, call) }) }
}

/** RFC 8707 section 2. */
const resourceOf = ({ description: { resource }, credentials }: Call): Parameters =>
  allFilledIn({ resource }, credentials.values)

const oneTime = ({ title }: VendorDescription): Warning => ({
  code: 'one_time_access',
  detail:
    `${title} gave access that ends with this token, and no way to renew it: check that the application may have ` +
    'refresh tokens and that the scope asks for them, and connect again',
})

const withoutRedirectUri = ({ title }: VendorDescription): VendingError =>
  new VendingError(
    'configuration',
    `add a redirect URL of the application at ${title} to the credentials, as "redirect_uri": "https://..."`,
  )
