import type { CatalogueEntry } from './entry.ts'

export const pagerduty: CatalogueEntry = {
  id: 'pagerduty',
  title: 'PagerDuty',
  hosts: ['pagerduty.com'],
  grant: 'client_credentials',
  clientAuthentication: 'client_secret_post',
  tokenEndpoint: 'https://identity.pagerduty.com/oauth/token',
  maxLifeSeconds: 86400,
  apiBaseUrl: 'https://api.pagerduty.com',
  credentials: {
    steps: [
      'In PagerDuty, under Integrations, App Registration, register an app with Scoped OAuth and the scopes the token is for.',
      'Copy the client ID and client secret.',
      'The scope of the connection begins with the account, like "as_account-us.companysubdomain incidents.read".',
    ],
  },

  documents:
    'https://github.com/PagerDuty/developer-docs/blob/main/docs/app-integration-development/02-Private-Apps.md',
  alsoRead: [
    'https://github.com/PagerDuty/developer-docs/blob/main/docs/app-integration-development/06-OAuth-Functionality.md',
  ],
  readOn: '2026-11-22',
  quirk:
    'The scope names the account, as_account-<region>.<subdomain>; a scope that the app lacks is left out of the token without an error.',
  notCovered: [
    'users who consent, with Scoped or Classic User OAuth',
    'revocation, which is done in the web interface',
  ],
  tried: 'never at the vendor',
}
