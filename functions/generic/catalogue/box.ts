import type { CatalogueEntry } from './entry.ts'

export const box: CatalogueEntry = {
  id: 'box',
  title: 'Box',
  hosts: ['box.com'],
  grant: 'client_credentials',
  clientAuthentication: 'client_secret_post',
  tokenEndpoint: 'https://api.box.com/oauth2/token',
  revocationEndpoint: 'https://api.box.com/oauth2/revoke',
  parameters: { box_subject_type: '{box_subject_type}', box_subject_id: '{box_subject_id}' },
  liveness: 'https://api.box.com/2.0/users/me',
  apiBaseUrl: 'https://api.box.com/2.0',
  credentials: {
    labels: {
      box_subject_type: 'enterprise for the service account of the app, user for a user',
      box_subject_id: 'ID of the enterprise, or of the user',
    },
    defaults: { box_subject_type: 'enterprise' },
    steps: [
      'In the Box developer console create a platform app with server authentication (client credentials grant).',
      'Under Configuration choose its access and scopes, and copy the client ID and the client secret.',
      'Have an administrator authorize it in the admin console, again after each change.',
      'On the page of the app copy the enterprise ID.',
    ],
  },

  documents: 'https://developer.box.com/guides/authentication/client-credentials/',
  alsoRead: [
    'https://developer.box.com/guides/authentication/tokens/revoke',
    'https://developer.box.com/reference/post-oauth2-revoke',
  ],
  readOn: '2026-11-22',
  quirk: 'A wrong client secret is answered with invalid_grant, as is a subject that the app may not act for.',
  notCovered: ['apps with a key (JWT)', 'users who consent', 'tokens with fewer rights (token exchange)'],
  tried: 'never at the vendor',
}
