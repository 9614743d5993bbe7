import { VendingError } from '../kit/errors.ts'
import type { Secret } from '../kit/secret.ts'
import {
  type Authorization,
  type Context,
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
import { shapeOf, withContext } from './answer.ts'
import { assertionOf, clientAuthOf } from './client.ts'
import { type Credentials, credentialsOf } from './credentials.ts'
import type { VendorDescription } from './description.ts'
import { addressOf, endpointOf, issuerOf } from './endpoints.ts'
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

    issue: async (credentials, refreshToken, context) => {
      if (grant === 'authorization_code') return refreshed(description, credentials, refreshToken, context)
      return unattended(description, credentials, context)
    },

    ...(grant === 'authorization_code' && { authorization: authorizationOf(description) }),
    // Whether an issuer has an endpoint for it is known when it is asked.
    ...((revocationEndpoint ?? issuer) !== undefined && { revocation: revocationOf(description) }),

    ...(liveness !== undefined && {
      liveness: (credentials, { value: token }, context) =>
        liveCheck(
          {
            url: addressOf(liveness, credentials, context),
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

async function unattended(description: VendorDescription, credentials: Credentials, context: Context): Promise<Issued> {
  const { grant, assertion } = description
  const endpoint = await tokenEndpointOf(description, credentials, context)
  const scope = { scope: credentials.scope }
  // Nobody has consented, so that there is nothing to refresh.
  const { received: _, ...own } = context
  const isSaid = assertion?.claims?.scope !== undefined
  const { refreshToken: __, ...issued } =
    grant === 'jwt_bearer'
      ? await jwtBearerGrant(
          endpoint,
          { assertion: assertionOf(assertion, credentials, endpoint.url), parameters: isSaid ? {} : scope },
          own,
        )
      : await clientCredentialsGrant(endpoint, scope, own)
  return used(issued, description, credentials, context)
}

async function refreshed(
  description: VendorDescription,
  credentials: Credentials,
  refreshToken: Secret | undefined,
  context: Context,
): Promise<Issued> {
  if (!refreshToken) {
    const nobody = `nobody has connected this ${description.title} account yet, or only for once`
    throw new VendingError('not_connected', nobody)
  }
  const endpoint = await tokenEndpointOf(description, credentials, context)
  return used(await refreshTokenGrant(endpoint, refreshToken, context), description, credentials, context)
}

const authorizationOf = (description: VendorDescription): Authorization<Credentials> => ({
  ...(description.pkce !== 'none' && { pkce: 'S256' }),

  url: async (credentials, { state, codeChallenge, ...request }, context) => {
    const { client_id: clientId, scope, values, redirect_uri: redirectUri = request.redirectUri } = credentials
    if (redirectUri === undefined) throw withoutRedirectUri(description)
    const page = await endpointOf('authorizationEndpoint', description, credentials, context)
    return authorizationUrl(page, {
      clientId,
      redirectUri,
      state,
      ...(scope !== undefined && { scope }),
      ...(codeChallenge !== undefined && { codeChallenge }),
      parameters: {
        ...resourceOf(description, credentials),
        ...allFilledIn(description.authorizationParameters, values),
      },
    })
  },

  tokenEndpoint: (credentials, context) => endpointOf('tokenEndpoint', description, credentials, context),

  ...(description.issuer !== undefined && {
    issuer: async (credentials, context) => {
      const metadata = await issuerOf(description, credentials, context)
      return metadata?.sendsIssuer ? metadata.issuer : undefined
    },
  }),

  exchange: async (credentials, grant, context) => {
    const endpoint = await tokenEndpointOf(description, credentials, context)
    const issued = used(await authorizationCodeGrant(endpoint, grant, context), description, credentials, context)
    if (issued.refreshToken) return issued
    return { ...issued, warnings: [...(issued.warnings ?? []), oneTime(description)] }
  },

  // What callers need beside a token that has come with an answer, nobody can tell of one that has not.
  ...(description.answer?.context === undefined && {
    importToken: async (credentials, token, context) =>
      used(importedToken(token, {}, context), description, credentials, context),
  }),
})

/** RFC 7009 section 2.1: with a refresh token the vendor ends the grant, and with it the access tokens. */
const revocationOf = (description: VendorDescription): Revocation<Credentials> => ({
  ...(description.grant === 'authorization_code' ? { ends: 'grant', takes: 'refresh token' } : { ends: 'token' }),
  revoke: async (credentials, token, context) => {
    const { url: tokenEndpoint, shape } = await tokenEndpointOf(description, credentials, context)
    const url = await endpointOf('revocationEndpoint', description, credentials, context)
    const endpoint = { url, ...clientAuthOf(description, credentials, tokenEndpoint), ...(shape && { shape }) }
    return revokeToken(endpoint, token, context)
  },
})

async function tokenEndpointOf(
  description: VendorDescription,
  credentials: Credentials,
  context: Context,
): Promise<TokenEndpoint> {
  const url = await endpointOf('tokenEndpoint', description, credentials, context)
  return {
    url,
    ...clientAuthOf(description, credentials, url),
    send: description.send ?? 'form',
    parameters: { ...resourceOf(description, credentials), ...allFilledIn(description.parameters, credentials.values) },
    shape: shapeOf(description),
  }
}

/** RFC 8707 section 2. */
const resourceOf = ({ resource }: VendorDescription, { values }: Credentials): Parameters =>
  allFilledIn({ resource }, values)

function used(issued: Issued, description: VendorDescription, credentials: Credentials, context: Context): Issued {
  const { apiBaseUrl: text } = description
  const apiBaseUrl = text === undefined ? undefined : addressOf(text, credentials, context)
  return withContext(issued, description, { apiBaseUrl, hosts: context.hosts })
}

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
