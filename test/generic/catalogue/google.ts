import { PRIVATE_KEY } from './key.ts'
import type { CatalogueSample } from './sample.ts'

const SCOPE = 'https://www.googleapis.com/auth/cloud-platform'

export const sample: CatalogueSample = {
  // The file as Google makes it: its client_id is a number that no assertion has.
  credentials: {
    type: 'service_account',
    project_id: 'acme',
    private_key_id: 'key-7',
    private_key: PRIVATE_KEY,
    client_email: 'vendomat@acme.iam.gserviceaccount.com',
    client_id: '100000000000000000001',
    auth_uri: 'https://accounts.google.com/o/oauth2/auth',
    token_uri: 'https://oauth2.googleapis.com/token',
  },
  obtains: {
    request: {
      url: 'https://oauth2.googleapis.com/token',
      form: {
        grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
        assertion: {
          header: { kid: 'key-7' },
          claims: {
            iss: 'vendomat@acme.iam.gserviceaccount.com',
            scope: SCOPE,
            aud: 'https://oauth2.googleapis.com/token',
          },
          seconds: 3600,
        },
      },
    },
    answer: { body: { access_token: 'google-token', scope: SCOPE, token_type: 'Bearer', expires_in: 3600 } },
    issued: { token: 'google-token', lifeSeconds: 3600, scope: SCOPE },
  },
  refusals: [
    {
      status: 400,
      body: { error: 'invalid_grant', error_description: 'Invalid JWT Signature.' },
      means: 'credential_rejected',
    },
    { status: 401, body: { error: 'unauthorized_client' }, means: 'configuration' },
    { status: 400, body: { error: 'invalid_scope' }, means: 'configuration' },
  ],
}
