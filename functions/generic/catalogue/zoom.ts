import type { CatalogueEntry } from './entry.ts'

export const zoom: CatalogueEntry = {
  id: 'zoom',
  title: 'Zoom',
  hosts: ['zoom.us'],
  grant: 'client_credentials',
  clientAuthentication: 'client_secret_basic',
  tokenEndpoint: 'https://zoom.us/oauth/token',
  parameters: { grant_type: 'account_credentials', account_id: '{account_id}' },
  maxLifeSeconds: 3600,
  apiBaseUrl: 'https://api.zoom.us/v2',
  credentials: {
    labels: { account_id: 'account ID' },
    steps: [
      'In the Zoom App Marketplace, under Develop, build an app of the type "Server-to-Server OAuth".',
      'Under Scopes add what the token is for, then activate the app: an inactive one gets no token.',
      'Under App Credentials copy the account ID, client ID and client secret.',
    ],
  },

  documents: 'https://developers.zoom.us/docs/internal-apps/s2s-oauth/',
  alsoRead: [
    'https://developers.zoom.us/docs/integrations/oauth-error-messages/',
    'https://developers.zoom.us/blog/s2s-token-generation-troubleshoot/',
  ],
  readOn: '2026-11-22',
  quirk: 'The grant has a name of its own, account_credentials, and wants the account ID beside it.',
  notCovered: ['apps that a user consents to', 'tokens of chatbots, whose grant is client_credentials'],
  tried: 'never at the vendor',
}
