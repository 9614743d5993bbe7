import type { CatalogueEntry } from './entry.ts'

export const atlassian: CatalogueEntry = {
  id: 'atlassian',
  title: 'Atlassian Cloud',
  hosts: ['atlassian.com'],
  grant: 'authorization_code',
  clientAuthentication: 'client_secret_post',
  authorizationEndpoint: 'https://auth.atlassian.com/authorize',
  authorizationParameters: { audience: 'api.atlassian.com', prompt: 'consent', scope: 'offline_access {scope}' },
  tokenEndpoint: 'https://auth.atlassian.com/oauth/token',
  send: 'json',
  pkce: 'none',
  grantDays: { idle: 90, most: 365 },
  maxLifeSeconds: 3600,
  liveness: 'https://api.atlassian.com/oauth/token/accessible-resources',
  apiBaseUrl: 'https://api.atlassian.com',
  credentials: {
    labels: { scope: 'scopes, like read:jira-work, with spaces between them; offline_access is added' },
    steps: [
      'At developer.atlassian.com/console create an app with OAuth 2.0 (3LO), and give it permissions.',
      'Under Authorization add the callback URL that is shown here.',
      'Under Settings copy the client ID and the secret.',
    ],
  },

  documents: 'https://developer.atlassian.com/cloud/oauth/getting-started/refresh-tokens/',
  alsoRead: ['https://community.developer.atlassian.com/t/refresh-token-expire-after-36000-seconds/60806'],
  readOn: '2026-11-22',
  quirk:
    'A refresh token that is not used ends after 90 days, and the grant after 365 days: Atlassian says the latter in its forum alone.',
  notCovered: [
    'which site a token is for: accessible-resources has its cloud ID, which is a part of each path of the API',
    'API tokens of a person, Forge and Connect apps',
    'Bitbucket, which has a server of its own',
  ],
  tried: 'never at the vendor',
}
