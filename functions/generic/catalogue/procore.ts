import type { CatalogueEntry } from './entry.ts'

export const procore: CatalogueEntry = {
  id: 'procore',
  title: 'Procore',
  hosts: ['procore.com'],
  grant: 'client_credentials',
  clientAuthentication: 'client_secret_post',
  tokenEndpoint: 'https://login.procore.com/oauth/token',
  revocationEndpoint: 'https://login.procore.com/oauth/revoke',
  maxLifeSeconds: 5400,
  liveness: 'https://login.procore.com/oauth/token/info',
  apiBaseUrl: 'https://api.procore.com/rest/v1.0',
  credentials: {
    steps: [
      'On the Procore Developer Portal create an app with a developer managed service account and the tool permissions it needs.',
      'Install it in the company.',
      'On the page Manage App, under OAuth Credentials, copy the client ID and client secret.',
    ],
  },

  documents: 'https://developers.procore.com/documentation/oauth-client-credentials',
  alsoRead: [
    'https://github.com/procore/documentation/blob/main/oauth/oauth_client_credentials.md',
    'https://github.com/procore/documentation/blob/main/oauth/oauth_endpoints.md',
  ],
  readOn: '2026-11-22',
  quirk:
    'The examples post multipart/form-data; this posts the form of RFC 6749. Calls of the API name the company in Procore-Company-Id.',
  notCovered: ['users who consent', 'the sandbox, which has other hosts and credentials'],
  tried: 'never at the vendor',
}
