import type { CatalogueEntry } from './entry.ts'

export const ups: CatalogueEntry = {
  id: 'ups',
  title: 'UPS',
  hosts: ['ups.com'],
  grant: 'client_credentials',
  clientAuthentication: 'client_secret_basic',
  tokenEndpoint: 'https://{environment}.ups.com/security/v1/oauth/token',
  maxLifeSeconds: 86400,
  apiBaseUrl: 'https://{environment}.ups.com/api',
  credentials: {
    labels: { environment: 'environment: onlinetools, or wwwcie for tests' },
    defaults: { environment: 'onlinetools' },
    steps: [
      'On developer.ups.com add an app for the UPS account.',
      'On the page of the app copy the client ID and client secret.',
    ],
  },

  documents: 'https://developer.ups.com/api/reference/oauth/client-credentials',
  alsoRead: [
    'https://github.com/UPS-API/api-documentation/blob/main/OAuthClientCredentials-Ready.yaml',
    'https://github.com/UPS-API/api-documentation/blob/main/Rating.yaml',
  ],
  readOn: '2026-11-22',
  quirk:
    'The answer has expires_in as text, and an error is a list inside of response, so that only the status says what it means.',
  notCovered: ['x-merchant-id, the header that names a UPS account', 'users who consent'],
  tried: 'never at the vendor',
}
