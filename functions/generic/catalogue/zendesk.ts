import type { CatalogueEntry } from './entry.ts'

export const zendesk: CatalogueEntry = {
  id: 'zendesk',
  title: 'Zendesk',
  hosts: ['zendesk.com'],
  grant: 'authorization_code',
  clientAuthentication: 'client_secret_post',
  tokenEndpoint: 'https://{subdomain}.zendesk.com/oauth/tokens',
  authorizationEndpoint: 'https://{subdomain}.zendesk.com/oauth/authorizations/new',
  send: 'json',
  grantDays: { idle: 30 },
  maxLifeSeconds: 172800,
  defaultLifeSeconds: 86400,
  apiBaseUrl: 'https://{subdomain}.zendesk.com/api/v2',
  credentials: {
    labels: { subdomain: 'subdomain: the part before .zendesk.com' },
    steps: [
      'In the Zendesk Admin Center, under Apps and integrations, APIs, OAuth clients, add a confidential client with its redirect URL.',
      'Copy its identifier, which is the client ID, and its secret.',
    ],
  },

  documents: 'https://developer.zendesk.com/api-reference/ticketing/oauth/grant_type_tokens/',
  alsoRead: ['https://developer.zendesk.com/documentation/api-basics/authentication/refresh-token'],
  readOn: '2026-11-22',
  quirk:
    'A token whose request names no expires_in may come without an end, and is renewed every day; a renewal ends both tokens before it, and a refresh token ends after 30 days.',
  notCovered: [
    'expires_in and refresh_token_expires_in as parameters, which are numbers',
    'the client credentials grant',
    'revocation, which is part of another API',
  ],
  tried: 'never at the vendor',
}
