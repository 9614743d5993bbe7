import { PRIVATE_KEY } from './key.ts'
import type { CatalogueSample } from './sample.ts'

const USER = '00000000-aaaa-bbbb-cccc-000000000003'

export const sample: CatalogueSample = {
  credentials: { account_server: 'account-d', client_id: 'integration-key', private_key: PRIVATE_KEY, user_id: USER },
  obtains: {
    request: {
      url: 'https://account-d.docusign.com/oauth/token',
      form: {
        grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
        assertion: {
          header: {},
          claims: {
            iss: 'integration-key',
            sub: USER,
            aud: 'account-d.docusign.com',
            scope: 'signature impersonation',
          },
          seconds: 3600,
        },
      },
    },
    answer: {
      body: {
        access_token: 'docusign-token',
        token_type: 'Bearer',
        expires_in: 3600,
        scope: 'signature impersonation',
      },
    },
    issued: { token: 'docusign-token', lifeSeconds: 3600, scope: 'signature impersonation' },
  },
  refusals: [
    { status: 400, body: { error: 'consent_required' }, means: 'configuration' },
    {
      status: 400,
      body: { error: 'invalid_grant', error_description: 'no_valid_keys_or_signatures' },
      means: 'credential_rejected',
    },
  ],
}
