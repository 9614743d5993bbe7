import type { CatalogueEntry } from './entry.ts'

const QUARTER_HOUR_SECONDS = 15 * 60

export const salesforce: CatalogueEntry = {
  id: 'salesforce',
  title: 'Salesforce',
  hosts: ['salesforce.com'],
  grant: 'jwt_bearer',
  clientAuthentication: 'none',
  tokenEndpoint: 'https://{login}.salesforce.com/services/oauth2/token',
  assertion: { audience: 'https://{login}.salesforce.com', subject: '{username}' },
  answer: { context: { instance_url: 'instance_url' } },
  // A session of an organization may last for as little.
  defaultLifeSeconds: QUARTER_HOUR_SECONDS,
  maxLifeSeconds: QUARTER_HOUR_SECONDS,
  credentials: {
    labels: {
      login: 'login for production, test for a sandbox',
      username: 'user name of the Salesforce user whose rights the token has',
    },
    defaults: { login: 'login' },
    steps: [
      'Make a key pair with a certificate, and keep the private key.',
      'In Setup make an app with OAuth settings, enable digital signatures or the JWT bearer flow, and upload the certificate.',
      'Give it the scopes "api" and "refresh_token, offline_access".',
      'In its policies let users be pre-authorized by an administrator, and assign a profile or permission set of the user.',
      'Copy its consumer key: it is the client ID.',
    ],
  },

  documents: 'https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_jwt_flow.htm&type=5',
  alsoRead: [
    'https://help.salesforce.com/s/articleView?id=xcloud.shr_manage_session_policies_for_a_connected_app_session_timeout.htm&type=5',
  ],
  readOn: '2026-11-22',
  quirk:
    'Answers state no life: a token lives as long as a session of the organization, so the shortest of these, 15 minutes, is assumed.',
  notCovered: [
    'users who consent, and client credentials',
    'organizations where one may log in at their My Domain alone',
    'sites of Experience Cloud as the audience',
  ],
  tried: 'never at the vendor',
}
