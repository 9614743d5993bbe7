import type { CatalogueEntry } from './entry.ts'

export const adobe: CatalogueEntry = {
  id: 'adobe',
  title: 'Adobe',
  hosts: ['adobelogin.com'],
  grant: 'client_credentials',
  clientAuthentication: 'client_secret_post',
  tokenEndpoint: 'https://ims-na1.adobelogin.com/ims/token/v3',
  scopeSeparator: ',',
  maxLifeSeconds: 86400,
  credentials: {
    steps: [
      'In the Adobe Developer Console add an API to a project and choose the OAuth Server-to-Server credential.',
      'On its overview copy the client ID, client secret and scopes.',
    ],
  },

  documents:
    'https://developer.adobe.com/developer-console/docs/guides/authentication/ServerToServerAuthentication/implementation/',
  alsoRead: [
    'https://github.com/AdobeDocs/adobe-dev-console/blob/main/src/pages/guides/authentication/ServerToServerAuthentication/ims.md',
  ],
  readOn: '2026-11-22',
  quirk:
    'Scopes are separated by commas and every request has to name them; the APIs want the client ID as x-api-key beside the token.',
  notCovered: [
    'users who consent',
    'the service account (JWT) credential, which Adobe has deprecated',
    'the rotation of client secrets by API',
  ],
  tried: 'never at the vendor',
}
