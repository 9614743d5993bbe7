import type { CatalogueEntry } from './entry.ts'

export const xero: CatalogueEntry = {
  id: 'xero',
  title: 'Xero',
  hosts: ['xero.com'],
  grant: 'authorization_code',
  clientAuthentication: 'client_secret_basic',
  authorizationEndpoint: 'https://login.xero.com/identity/connect/authorize',
  authorizationParameters: { scope: 'offline_access {scope}' },
  tokenEndpoint: 'https://identity.xero.com/connect/token',
  pkce: 'none',
  grantDays: { idle: 60 },
  maxLifeSeconds: 1800,
  liveness: 'https://api.xero.com/connections',
  apiBaseUrl: 'https://api.xero.com/api.xro/2.0',
  credentials: {
    labels: { scope: 'scopes, like accounting.settings.read, with spaces between them; offline_access is added' },
    steps: [
      'At developer.xero.com, under My Apps, create a web app with the redirect URI that is shown here.',
      'Under Configuration copy the client ID and generate a client secret.',
    ],
  },

  documents: 'https://developer.xero.com/documentation/guides/oauth2/auth-flow/',
  alsoRead: [
    'https://developer.xero.com/faq/oauth2',
    'https://github.com/XeroAPI/xero-node/blob/master/src/XeroClient.ts',
  ],
  readOn: '2026-11-22',
  quirk: 'A refresh token is good for one use, but for 30 minutes after it the same answer can be had again.',
  notCovered: [
    'which organisation a call is for: /connections has its ID, which is a header (Xero-tenant-id)',
    'custom connections (client credentials)',
    'revoking a grant, which takes the refresh token',
  ],
  tried: 'never at the vendor',
}
