import type { CatalogueEntry } from './entry.ts'

export const calendly: CatalogueEntry = {
  id: 'calendly',
  title: 'Calendly',
  hosts: ['calendly.com'],
  grant: 'authorization_code',
  clientAuthentication: 'client_secret_basic',
  tokenEndpoint: 'https://auth.calendly.com/oauth/token',
  authorizationEndpoint: 'https://auth.calendly.com/oauth/authorize',
  answer: { context: { owner: 'owner', organization: 'organization' } },
  maxLifeSeconds: 7200,
  liveness: 'https://api.calendly.com/users/me',
  apiBaseUrl: 'https://api.calendly.com',
  credentials: {
    steps: [
      'In a Calendly developer account create an OAuth app of the kind web with its redirect URI and scopes.',
      'Copy the client ID and client secret.',
    ],
  },

  documents: 'https://developer.calendly.com/api-docs/calendly-o-auth/o-auth/post-oauth-refresh-token.md',
  alsoRead: [
    'https://developer.calendly.com/how-to-access-calendly-data-on-behalf-of-authenticated-users',
    'https://developer.calendly.com/refresh-token-rotation-guide',
    'https://developer.calendly.com/openapi/calendly-oauth.json',
  ],
  readOn: '2026-11-22',
  quirk: 'A refresh token works once and ends only by its use; no more than 8 tokens a minute are given for a user.',
  notCovered: ['native apps, which have no secret', 'revocation', 'personal access tokens'],
  tried: 'never at the vendor',
}
