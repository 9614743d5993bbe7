import type { CatalogueEntry } from './entry.ts'

export const dropbox: CatalogueEntry = {
  id: 'dropbox',
  title: 'Dropbox',
  hosts: ['dropbox.com', 'dropboxapi.com'],
  grant: 'authorization_code',
  clientAuthentication: 'client_secret_basic',
  authorizationEndpoint: 'https://www.dropbox.com/oauth2/authorize',
  authorizationParameters: { token_access_type: 'offline' },
  tokenEndpoint: 'https://api.dropboxapi.com/oauth2/token',
  pkce: 'none',
  refreshTokens: 'keep',
  maxLifeSeconds: 14_400,
  apiBaseUrl: 'https://api.dropboxapi.com/2',
  credentials: {
    labels: { scope: 'scopes, with spaces between them; leave empty for all that the app has' },
    steps: [
      'At dropbox.com/developers/apps create an app, and choose its permissions.',
      'Under OAuth 2 add the redirect URI that is shown here.',
      'Copy the app key, which is the client ID, and the app secret.',
    ],
  },

  documents: 'https://dropbox.tech/developers/using-oauth-2-0-with-offline-access',
  readOn: '2026-11-22',
  quirk: 'Without token_access_type=offline, which is sent, there is no refresh token.',
  notCovered: [
    'a check whether a token is alive: the API has no GET for it',
    'revoking, which is a call of the API with the token itself',
    'the member of a team that a call is for, which is a header',
  ],
  tried: 'never at the vendor',
}
