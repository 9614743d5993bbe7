import type { CatalogueEntry } from './entry.ts'

export const hubspot: CatalogueEntry = {
  id: 'hubspot',
  title: 'HubSpot',
  hosts: ['hubspot.com', 'hubapi.com'],
  grant: 'authorization_code',
  clientAuthentication: 'client_secret_post',
  authorizationEndpoint: 'https://app.hubspot.com/oauth/authorize',
  authorizationParameters: { scope: '{scope}' },
  tokenEndpoint: 'https://api.hubapi.com/oauth/2026-03/token',
  pkce: 'none',
  answer: { members: { scope: 'scopes' } },
  maxLifeSeconds: 1800,
  apiBaseUrl: 'https://api.hubapi.com',
  credentials: {
    labels: { scope: 'scopes, as in the settings of the app, with spaces between them' },
    steps: [
      'In HubSpot make an app with OAuth, and give it its scopes and the redirect URL that is shown here.',
      'On its page, under Auth, copy the client ID and the client secret.',
    ],
  },

  documents: 'https://developers.hubspot.com/docs/api-reference/auth-oauth-v3/guide',
  alsoRead: [
    'https://developers.hubspot.com/docs/api-reference/legacy/authentication/oauth-tokens/v1/migration-guide',
    'https://developers.hubspot.com/changelog/new-oauth-v3-api-endpoints-and-standardized-error-responses',
  ],
  readOn: '2026-11-22',
  quirk: 'The endpoint has a date in its path, and the one of before, /oauth/v1/token, ends on 2027-02-16.',
  notCovered: ['optional scopes', 'tokens of private apps, which do not expire', 'revoking a refresh token'],
  tried: 'never at the vendor',
}
