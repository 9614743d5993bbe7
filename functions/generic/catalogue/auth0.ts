import type { CatalogueEntry } from './entry.ts'

export const auth0: CatalogueEntry = {
  id: 'auth0',
  title: 'Auth0',
  hosts: ['auth0.com'],
  grant: 'client_credentials',
  clientAuthentication: 'client_secret_post',
  tokenEndpoint: 'https://{tenant}.{region}.auth0.com/oauth/token',
  parameters: { audience: '{audience}' },
  maxLifeSeconds: 86400,
  credentials: {
    labels: {
      tenant: 'tenant: the first part of its domain',
      region: 'region: the second part of its domain, like us or eu',
      audience: 'audience: the identifier of the API',
    },
    defaults: { region: 'us' },
    steps: [
      'In the Auth0 Dashboard create a machine-to-machine application and authorize it for the API.',
      'On its Settings tab copy the domain, client ID and client secret; the audience is the Identifier on the settings of the API.',
    ],
  },

  documents: 'https://auth0.com/docs/tokens/guides/get-access-tokens',
  alsoRead: [
    'https://github.com/auth0/docs/blob/master/articles/flows/guides/client-credentials/includes/request-token.md',
  ],
  readOn: '2026-11-22',
  quirk:
    'The token is for one API, which the parameter audience names; a wrong secret has been seen to be answered with 401 and access_denied.',
  notCovered: [
    'private_key_jwt',
    'organization, for machine access to one',
    'tenants without a region in their domain, or with one of their own: describe those',
    'users who consent',
  ],
  tried: 'never at the vendor',
}
