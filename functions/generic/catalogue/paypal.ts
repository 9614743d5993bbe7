import type { CatalogueEntry } from './entry.ts'

export const paypal: CatalogueEntry = {
  id: 'paypal',
  title: 'PayPal',
  hosts: ['api-m.paypal.com', 'api-m.sandbox.paypal.com'],
  grant: 'client_credentials',
  clientAuthentication: 'client_secret_basic',
  tokenEndpoint: 'https://{host}/v1/oauth2/token',
  answer: { context: { app_id: 'app_id' } },
  apiBaseUrl: 'https://{host}',
  credentials: {
    labels: { host: 'api-m.paypal.com for live, api-m.sandbox.paypal.com for the sandbox' },
    defaults: { host: 'api-m.paypal.com' },
    steps: [
      'In the PayPal developer dashboard, with Live or Sandbox chosen, under Apps & Credentials create an app.',
      'Copy its client ID and its secret.',
    ],
  },

  documents: 'https://developer.paypal.com/api/rest/authentication/',
  alsoRead: ['https://developer.paypal.com/reference/get-an-access-token'],
  readOn: '2026-11-22',
  notCovered: ['calls for another merchant, which need a header (PayPal-Auth-Assertion)', 'Log in with PayPal'],
  tried: 'never at the vendor',
}
