import type { CatalogueEntry } from './entry.ts'

export const airtable: CatalogueEntry = {
  id: 'airtable',
  title: 'Airtable',
  hosts: ['airtable.com'],
  grant: 'authorization_code',
  clientAuthentication: 'client_secret_basic',
  tokenEndpoint: 'https://airtable.com/oauth2/v1/token',
  authorizationEndpoint: 'https://airtable.com/oauth2/v1/authorize',
  answer: { grantExpiresIn: 'refresh_expires_in' },
  maxLifeSeconds: 86400,
  apiBaseUrl: 'https://api.airtable.com/v0',
  credentials: {
    steps: [
      'On airtable.com/create/oauth register an integration with its redirect URL and scopes.',
      'Generate a client secret and copy it with the client ID.',
    ],
  },

  documents: 'https://github.com/Airtable/oauth-example',
  alsoRead: ['https://github.com/Airtable/oauth-example/blob/main/index.js'],
  readOn: '2026-11-22',
  quirk:
    'PKCE goes with a client secret too, and each use of a refresh token replaces it; the OAuth reference could not be read, only the example that Airtable publishes, so tokens end when their answers say.',
  notCovered: ['integrations without a client secret', 'personal access tokens'],
  tried: 'never at the vendor',
}
