import type { CatalogueEntry } from './entry.ts'

export const microsoft: CatalogueEntry = {
  id: 'microsoft',
  title: 'Microsoft Entra',
  hosts: ['login.microsoftonline.com', 'graph.microsoft.com'],
  grant: 'client_credentials',
  clientAuthentication: 'client_secret_post',
  tokenEndpoint: 'https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token',
  scope: 'https://graph.microsoft.com/.default',
  apiBaseUrl: 'https://graph.microsoft.com/v1.0',
  credentials: {
    labels: { tenant: 'directory (tenant) ID, not its domain name' },
    steps: [
      'In the Entra admin center, under App registrations, register an application.',
      'Under API permissions add application permissions, and have an administrator grant consent.',
      'Under Certificates & secrets make a client secret: copy its value, and write down the day on which it expires.',
      'On the overview copy the application (client) ID and the directory (tenant) ID.',
    ],
  },

  documents: 'https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-client-creds-grant-flow',
  alsoRead: ['https://learn.microsoft.com/en-us/entra/identity-platform/certificate-credentials'],
  readOn: '2026-11-22',
  quirk:
    'A token is for one resource: the scope is its identifier with /.default behind it, Microsoft Graph unless said.',
  notCovered: [
    'certificates: describe them in oauthVendors with private_key_jwt and PS256, and add certificate_thumbprint to the credentials',
    'federated credentials',
    'permissions that a user delegates',
    'national clouds, whose hosts are others',
  ],
  tried: 'never at the vendor',
}
