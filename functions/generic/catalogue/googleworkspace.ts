import type { CatalogueEntry } from './entry.ts'

export const googleworkspace: CatalogueEntry = {
  id: 'googleworkspace',
  title: 'Google Workspace',
  hosts: ['oauth2.googleapis.com', 'accounts.google.com'],
  grant: 'authorization_code',
  clientAuthentication: 'client_secret_post',
  tokenEndpoint: 'https://oauth2.googleapis.com/token',
  authorizationEndpoint: 'https://accounts.google.com/o/oauth2/v2/auth',
  authorizationParameters: { access_type: 'offline', prompt: 'consent' },
  refreshTokens: 'keep',
  grantDays: { idle: 180 },
  maxLifeSeconds: 3600,
  credentials: {
    steps: [
      'In the Google Cloud console, under APIs & Services, Credentials, create an OAuth client ID of the type web application.',
      'Add the redirect URI, and copy the client ID and client secret.',
      'Enable the APIs the token is for, and publish the app: while it is in testing, a grant ends after 7 days.',
    ],
  },

  documents: 'https://developers.google.com/identity/protocols/oauth2',
  alsoRead: [
    'https://github.com/googleapis/google-auth-library-nodejs/blob/main/README.md',
    'https://github.com/googleapis/google-auth-library-nodejs/blob/main/src/auth/oauth2client.ts',
  ],
  readOn: '2026-11-22',
  quirk:
    'A refresh token comes with access_type=offline only, for the first consent unless prompt=consent asks for another, and ends after six months without use.',
  notCovered: ['service accounts', 'revocation, which takes the token without the client'],
  tried: 'never at the vendor',
}
