import type { CatalogueEntry } from './entry.ts'

export const slack: CatalogueEntry = {
  id: 'slack',
  title: 'Slack',
  hosts: ['slack.com'],
  grant: 'authorization_code',
  clientAuthentication: 'client_secret_basic',
  authorizationEndpoint: 'https://slack.com/oauth/v2/authorize',
  authorizationParameters: { scope: '{scope}' },
  tokenEndpoint: 'https://slack.com/api/oauth.v2.access',
  scopeSeparator: ',',
  pkce: 'none',
  answer: {
    tokenTypes: ['bot'],
    context: { app_id: 'app_id', bot_user_id: 'bot_user_id' },
    errors: {
      invalid_client_id: 'credential_rejected',
      bad_client_secret: 'credential_rejected',
      invalid_code: 'grant_rejected',
      invalid_refresh_token: 'grant_rejected',
      bad_redirect_uri: 'configuration',
      no_scopes: 'configuration',
      ratelimited: 'vendor_throttled',
      service_unavailable: 'vendor_unavailable',
      fatal_error: 'vendor_unavailable',
      internal_error: 'vendor_unavailable',
      request_timeout: 'vendor_unavailable',
      team_added_to_org: 'vendor_unavailable',
    },
  },
  maxLifeSeconds: 43_200,
  apiBaseUrl: 'https://slack.com/api',
  credentials: {
    labels: { scope: 'scopes of the bot, like chat:write,users:read' },
    steps: [
      'At api.slack.com/apps create an app, and under OAuth & Permissions add the redirect URL that is shown here.',
      'Add the scopes of the bot, and turn token rotation on: it cannot be turned off again.',
      'Under Basic Information copy the client ID and the client secret.',
    ],
  },

  documents: 'https://docs.slack.dev/authentication/using-token-rotation',
  alsoRead: ['https://docs.slack.dev/reference/methods/oauth.v2.access'],
  readOn: '2026-11-22',
  quirk: 'Tokens are of the type bot, refusals are answers of 200, and scopes have commas between them.',
  notCovered: [
    'tokens of users, which come inside of authed_user',
    'apps without token rotation, whose tokens do not expire',
    'a check whether a token is alive: auth.test answers 200 either way',
    'revoking with auth.revoke',
  ],
  tried: 'never at the vendor',
}
