import type { CatalogueEntry } from './entry.ts'

export const paypal: CatalogueEntry = {
  id: 'paypal',
  title: 'PayPal',
  hosts: ['api-m.paypal.com'],
  grant: 'client_credentials',
  clientAuthentication: 'client_secret_basic',
  tokenEndpoint: 'https://api-m.paypal.com/v1/oauth2/token',
  answer: { context: { app_id: 'app_id' } },
  apiBaseUrl: 'https://api-m.paypal.com',
  credentials: {
    steps: [
      'In the PayPal developer dashboard, with Live chosen, under Apps & Credentials create an app.',
      'Copy its client ID and its secret.',
    ],
  },

  documents: 'https://developer.paypal.com/api/rest/authentication/',
  alsoRead: ['https://developer.paypal.com/reference/get-an-access-token'],
  readOn: '2026-11-22',
  notCovered: [
    'the sandbox, whose host is api-m.sandbox.paypal.com: describe it in oauthVendors under an id of your own',
    'calls for another merchant, which need a header (PayPal-Auth-Assertion)',
    'Log in with PayPal',
  ],
  tried: 'never at the vendor',
}
