import type { CatalogueEntry } from './entry.ts'

export const bitbucket: CatalogueEntry = {
  id: 'bitbucket',
  title: 'Bitbucket Cloud',
  hosts: ['bitbucket.org'],
  grant: 'client_credentials',
  clientAuthentication: 'client_secret_basic',
  tokenEndpoint: 'https://bitbucket.org/site/oauth2/access_token',
  answer: { members: { scope: 'scopes' } },
  maxLifeSeconds: 7200,
  apiBaseUrl: 'https://api.bitbucket.org/2.0',
  credentials: {
    steps: [
      'In the workspace settings, under OAuth consumers, add a consumer that is private, with a callback URL and the permissions the token is for.',
      'Copy its key, which is the client ID, and its secret.',
    ],
  },

  documents: 'https://developer.atlassian.com/cloud/bitbucket/oauth-2/',
  alsoRead: ['https://support.atlassian.com/bitbucket-cloud/docs/use-oauth-on-bitbucket-cloud/'],
  readOn: '2026-11-22',
  quirk:
    'The token stands for the owner of the consumer, its permissions are those of the consumer, and the answer calls them scopes.',
  notCovered: ['users who consent', 'the exchange of a Connect JWT', 'refresh tokens, which a new request replaces'],
  tried: 'never at the vendor',
}
