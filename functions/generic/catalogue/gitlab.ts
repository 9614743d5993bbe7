import type { CatalogueEntry } from './entry.ts'

export const gitlab: CatalogueEntry = {
  id: 'gitlab',
  title: 'GitLab',
  hosts: ['gitlab.com'],
  grant: 'authorization_code',
  clientAuthentication: 'client_secret_post',
  tokenEndpoint: 'https://gitlab.com/oauth/token',
  authorizationEndpoint: 'https://gitlab.com/oauth/authorize',
  revocationEndpoint: 'https://gitlab.com/oauth/revoke',
  maxLifeSeconds: 7200,
  liveness: 'https://gitlab.com/oauth/token/info',
  apiBaseUrl: 'https://gitlab.com/api/v4',
  credentials: {
    steps: [
      'In the settings of the user or group, under Applications, add an application that is confidential, with its redirect URI and scopes.',
      'Copy the application ID, which is the client ID, and the secret.',
    ],
  },

  documents: 'https://docs.gitlab.com/api/oauth2/',
  alsoRead: ['https://github.com/gitlabhq/gitlabhq/blob/master/doc/api/oauth2.md'],
  readOn: '2026-11-22',
  quirk:
    'A renewal ends the access token and the refresh token before it; the documents repeat redirect_uri with it, which RFC 6749 section 6 does not have and this does not send.',
  notCovered: [
    'self-managed instances: describe those with their host',
    'the device grant',
    'root_namespace_id, for a group with SAML',
  ],
  tried: 'never at the vendor',
}
