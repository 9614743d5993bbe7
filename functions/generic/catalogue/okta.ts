import type { CatalogueEntry } from './entry.ts'

export const okta: CatalogueEntry = {
  id: 'okta',
  title: 'Okta',
  hosts: ['okta.com'],
  grant: 'client_credentials',
  clientAuthentication: 'private_key_jwt',
  tokenEndpoint: 'https://{org}.okta.com/oauth2/v1/token',
  maxLifeSeconds: 3600,
  apiBaseUrl: 'https://{org}.okta.com/api/v1',
  credentials: {
    labels: { org: 'org: the part before .okta.com' },
    steps: [
      'In the Admin Console, under Applications, create an app integration of the type API Services.',
      'Under Client Credentials choose public key / private key, add a key and copy the private key and its ID.',
      'On the tab Okta API Scopes grant the scopes, and give the app an admin role.',
    ],
  },

  documents: 'https://developer.okta.com/docs/guides/implement-oauth-for-okta-serviceapp/main/',
  alsoRead: [
    'https://developer.okta.com/docs/concepts/okta-organizations/',
    'https://developer.okta.com/docs/guides/build-api-integration/main/',
  ],
  readOn: '2026-11-22',
  quirk:
    'The org authorization server takes a signed JWT only, and each request has to name its scopes, which an admin granted to the app; the client ID is sent beside the JWT, which RFC 7521 section 4.2 allows and the documents do not show.',
  notCovered: [
    'custom authorization servers, below /oauth2/{id}',
    'DPoP, which an app can demand',
    'orgs on okta-emea.com, oktapreview.com or a domain of their own: describe those',
    'users who consent',
  ],
  tried: 'never at the vendor',
}
