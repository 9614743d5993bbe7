import type { CatalogueSample } from './sample.ts'

export const sample: CatalogueSample = {
  credentials: { client_id: 'procore-client', client_secret: 'procore-canary' },
  obtains: {
    request: {
      url: 'https://login.procore.com/oauth/token',
      form: { grant_type: 'client_credentials', client_id: 'procore-client', client_secret: 'procore-canary' },
    },
    answer: { body: { access_token: 'procore-token', token_type: 'bearer', expires_in: 5400, created_at: 1511289006 } },
    issued: {
      token: 'procore-token',
      lifeSeconds: 5400,
      context: { api_base_url: 'https://api.procore.com/rest/v1.0' },
    },
  },
  refusals: [
    { status: 401, body: { error: 'invalid_client' }, means: 'credential_rejected' },
    { status: 400, body: { error: 'unsupported_grant_type' }, means: 'configuration' },
  ],
  revokes: {
    url: 'https://login.procore.com/oauth/revoke',
    form: { token: 'procore-token', client_id: 'procore-client', client_secret: 'procore-canary' },
  },
}
