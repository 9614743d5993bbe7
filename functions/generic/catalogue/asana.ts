import type { CatalogueEntry } from './entry.ts'

export const asana: CatalogueEntry = {
  id: 'asana',
  title: 'Asana',
  hosts: ['asana.com'],
  grant: 'authorization_code',
  clientAuthentication: 'client_secret_post',
  tokenEndpoint: 'https://app.asana.com/-/oauth_token',
  authorizationEndpoint: 'https://app.asana.com/-/oauth_authorize',
  refreshTokens: 'keep',
  maxLifeSeconds: 3600,
  apiBaseUrl: 'https://app.asana.com/api/1.0',
  credentials: {
    steps: [
      'In the Asana developer console, under My apps, create an app and choose its scopes.',
      'Add the redirect URL, and copy the client ID and client secret.',
    ],
  },

  documents: 'https://developers.asana.com/docs/oauth',
  readOn: '2026-11-22',
  quirk: 'A refresh token comes with the code only, and each renewal uses it again.',
  notCovered: ['revocation at /-/oauth_revoke', 'personal access tokens and service accounts, which do not end'],
  tried: 'never at the vendor',
}
