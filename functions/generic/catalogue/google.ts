import type { CatalogueEntry } from './entry.ts'

export const google: CatalogueEntry = {
  id: 'google',
  title: 'Google service account',
  hosts: ['oauth2.googleapis.com'],
  grant: 'jwt_bearer',
  clientAuthentication: 'none',
  tokenEndpoint: 'https://oauth2.googleapis.com/token',
  scope: 'https://www.googleapis.com/auth/cloud-platform',
  assertion: { subject: '{subject}', claims: { scope: '{scope}' } },
  // The domain has not delegated these scopes.
  answer: { errors: { unauthorized_client: 'configuration' } },
  maxLifeSeconds: 3600,
  credentials: {
    labels: { subject: 'mail address of the user to act for, where the domain has delegated that' },
    defaults: { subject: '' },
    file: {
      label: 'key file of the service account (JSON)',
      members: { client_id: 'client_email', private_key: 'private_key', key_id: 'private_key_id' },
    },
    steps: [
      'In the Google Cloud console, under IAM & Admin, Service Accounts, create a service account and grant it roles.',
      'On its page, under Keys, add a key of the type JSON: the file is downloaded once.',
      'To act for users of a Workspace domain, have its administrator delegate the scopes to the service account.',
    ],
  },

  documents: 'https://developers.google.com/identity/protocols/oauth2/service-account',
  readOn: '2026-11-22',
  quirk: 'The key file has a client_id as well, which is not the issuer of the assertion: client_email is.',
  notCovered: [
    'users who consent',
    'ID tokens',
    'workload identity federation and keys that Google holds',
    'self-signed JWTs in place of tokens',
  ],
  tried: 'never at the vendor',
}
