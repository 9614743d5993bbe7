import type { CatalogueEntry } from './entry.ts'

export const linkedin: CatalogueEntry = {
  id: 'linkedin',
  title: 'LinkedIn',
  hosts: ['linkedin.com'],
  grant: 'authorization_code',
  clientAuthentication: 'client_secret_post',
  tokenEndpoint: 'https://www.linkedin.com/oauth/v2/accessToken',
  authorizationEndpoint: 'https://www.linkedin.com/oauth/v2/authorization',
  scopeSeparator: ',',
  pkce: 'none',
  refreshTokens: 'keep',
  grantDays: { most: 365 },
  maxLifeSeconds: 5184000,
  apiBaseUrl: 'https://api.linkedin.com',
  credentials: {
    steps: [
      'In the LinkedIn Developer Portal create an app and ask for the products whose scopes the token is for.',
      'On the Auth tab add the redirect URL and copy the client ID and client secret.',
    ],
  },

  documents: 'https://learn.microsoft.com/en-us/linkedin/shared/authentication/programmatic-refresh-tokens',
  alsoRead: [
    'https://learn.microsoft.com/en-us/linkedin/shared/authentication/authorization-code-flow',
    'https://github.com/linkedin-developers/linkedin-api-js-client/blob/main/lib/auth.ts',
  ],
  readOn: '2026-11-22',
  quirk:
    'Only approved partners get a refresh token, which ends 365 days after the consent however often it is used; without one a person consents anew every 60 days.',
  notCovered: [
    'the client credentials flow, which an app does not have by default',
    'the check of a token, which is a POST with the client secret',
  ],
  tried: 'never at the vendor',
}
