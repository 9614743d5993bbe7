import type { CatalogueEntry } from './entry.ts'

export const square: CatalogueEntry = {
  id: 'square',
  title: 'Square',
  hosts: ['squareup.com'],
  grant: 'authorization_code',
  clientAuthentication: 'client_secret_post',
  tokenEndpoint: 'https://connect.squareup.com/oauth2/token',
  authorizationEndpoint: 'https://connect.squareup.com/oauth2/authorize',
  send: 'json',
  pkce: 'none',
  refreshTokens: 'keep',
  answer: { context: { merchant_id: 'merchant_id' } },
  maxLifeSeconds: 2592000,
  defaultLifeSeconds: 2592000,
  refreshAfter: 0.25,
  apiBaseUrl: 'https://connect.squareup.com/v2',
  credentials: {
    steps: [
      'In the Square Developer Console open the application and its page OAuth.',
      'Set the redirect URL, and copy the application ID, which is the client ID, and the application secret.',
    ],
  },

  documents: 'https://developer.squareup.com/reference/square/oauth-api/obtain-token',
  alsoRead: ['https://github.com/square/connect-api-specification/blob/master/api.json'],
  readOn: '2026-11-22',
  quirk:
    'The answer names the end of a token as a date, expires_at, which is not read: the documented 30 days are taken, and it is renewed after the first week.',
  notCovered: [
    'the PKCE flow, which has no secret and whose refresh tokens work once',
    'short_lived tokens of 24 hours',
    'revocation, which has an authorization scheme of its own',
    'the sandbox',
  ],
  tried: 'never at the vendor',
}
