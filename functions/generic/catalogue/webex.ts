import type { CatalogueEntry } from './entry.ts'

export const webex: CatalogueEntry = {
  id: 'webex',
  title: 'Webex',
  hosts: ['webexapis.com'],
  grant: 'authorization_code',
  clientAuthentication: 'client_secret_post',
  tokenEndpoint: 'https://webexapis.com/v1/access_token',
  authorizationEndpoint: 'https://webexapis.com/v1/authorize',
  pkce: 'none',
  maxLifeSeconds: 1209600,
  apiBaseUrl: 'https://webexapis.com/v1',
  credentials: {
    steps: [
      'On developer.webex.com, under My Webex Apps, create an integration with its redirect URI and scopes.',
      'Copy the client ID and client secret.',
    ],
  },

  documents: 'https://developer.webex.com/docs/authentication',
  alsoRead: [
    'https://github.com/webex/webex-js-sdk/blob/master/packages/@webex/webex-core/src/lib/credentials/token.js',
  ],
  readOn: '2026-11-22',
  quirk:
    'The answer says when the refresh token ends; of the page on integrations only the beginning could be read, so nothing is assumed where an answer does not say it.',
  notCovered: [
    'service apps, whose tokens an administrator authorizes',
    'bots, whose tokens do not end',
    'guest issuers',
  ],
  tried: 'never at the vendor',
}
