import type { CatalogueEntry } from './entry.ts'

export const docusign: CatalogueEntry = {
  id: 'docusign',
  title: 'Docusign',
  hosts: ['docusign.com'],
  grant: 'jwt_bearer',
  clientAuthentication: 'none',
  tokenEndpoint: 'https://{account_server}.docusign.com/oauth/token',
  scope: 'signature impersonation',
  assertion: {
    audience: '{account_server}.docusign.com',
    subject: '{user_id}',
    claims: { scope: '{scope}' },
  },
  maxLifeSeconds: 3600,
  liveness: 'https://{account_server}.docusign.com/oauth/userinfo',
  credentials: {
    labels: {
      account_server: 'account for production, account-d for the developer environment',
      user_id: 'user ID (a GUID) of who is acted for',
    },
    defaults: { account_server: 'account' },
    steps: [
      'Under Apps and Keys add an app: its integration key is the client ID.',
      'Generate an RSA key pair there, and keep the private key.',
      'Copy the user ID of the user to act for.',
      'Have that user, or an administrator for the organization, consent once to the scopes signature and impersonation.',
    ],
  },

  documents: 'https://developers.docusign.com/platform/auth/jwt-get-token',
  alsoRead: ['https://developers.docusign.com/platform/auth/jwt'],
  readOn: '2026-11-22',
  quirk: 'The audience is a host name without https, and until somebody has consented the answer is consent_required.',
  notCovered: [
    'the base address of the API, which differs by account: /oauth/userinfo has it',
    'users who consent each (authorization code)',
  ],
  tried: 'never at the vendor',
}
