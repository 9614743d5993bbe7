import type { CatalogueEntry } from './entry.ts'

export const quickbooks: CatalogueEntry = {
  id: 'quickbooks',
  title: 'QuickBooks Online',
  hosts: ['intuit.com'],
  grant: 'authorization_code',
  clientAuthentication: 'client_secret_basic',
  tokenEndpoint: 'https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer',
  authorizationEndpoint: 'https://appcenter.intuit.com/connect/oauth2',
  scope: 'com.intuit.quickbooks.accounting',
  pkce: 'none',
  grantDays: { idle: 100, most: 1825 },
  answer: { grantExpiresIn: 'x_refresh_token_expires_in' },
  maxLifeSeconds: 3600,
  apiBaseUrl: 'https://quickbooks.api.intuit.com',
  credentials: {
    steps: [
      'On the Intuit Developer Portal create an app with the scope QuickBooks Online Accounting.',
      'Under Keys add the redirect URI, which has to begin with https, and copy the client ID and client secret.',
    ],
  },

  documents: 'https://developer.intuit.com/app/developer/qbo/docs/develop/authentication-and-authorization/oauth-2.0',
  alsoRead: [
    'https://developer.intuit.com/app/developer/qbo/docs/develop/authentication-and-authorization/faq',
    'https://github.com/intuit/oauth-jsclient/blob/master/README.md',
    'https://github.com/intuit/QuickBooks-V3-Java-SDK/releases/tag/v6.5.4',
  ],
  readOn: '2026-11-22',
  quirk:
    'A refresh token ends 24 hours after the next one came, 100 days after its last use and five years after the consent; the realm ID of the company comes back beside the code and is not kept.',
  notCovered: [
    'the realm ID, which callers have to know',
    'revocation, which takes JSON',
    'payments, whose scope is com.intuit.quickbooks.payment',
    'the sandbox, whose API has another host',
  ],
  tried: 'never at the vendor',
}
