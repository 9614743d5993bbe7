import type { CatalogueEntry } from './entry.ts'

export const notion: CatalogueEntry = {
  id: 'notion',
  title: 'Notion',
  hosts: ['notion.com'],
  grant: 'authorization_code',
  clientAuthentication: 'client_secret_basic',
  tokenEndpoint: 'https://api.notion.com/v1/oauth/token',
  authorizationEndpoint: 'https://api.notion.com/v1/oauth/authorize',
  authorizationParameters: { owner: 'user' },
  send: 'json',
  pkce: 'none',
  answer: { context: { workspace_id: 'workspace_id', bot_id: 'bot_id' } },
  maxLifeSeconds: 86400,
  defaultLifeSeconds: 86400,
  apiBaseUrl: 'https://api.notion.com/v1',
  credentials: {
    steps: [
      'On notion.so/developers/connections create a public connection.',
      'Under OAuth Domain & URIs add the redirect URI, and copy the client ID and client secret.',
    ],
  },

  documents: 'https://developers.notion.com/reference/create-a-token',
  alsoRead: [
    'https://developers.notion.com/reference/refresh-a-token',
    'https://github.com/makenotion/notion-sdk-js/blob/main/src/api-endpoints/oauth.ts',
  ],
  readOn: '2026-11-22',
  quirk:
    'No answer says how long a token lives and no page that was read does: it is renewed every day with the refresh token, which each answer replaces.',
  notCovered: [
    'internal connections, whose secret is a token without end',
    'revocation, which takes JSON',
    'external_account of link previews',
  ],
  tried: 'never at the vendor',
}
