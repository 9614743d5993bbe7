import { basic, type CatalogueSample } from './sample.ts'

export const sample: CatalogueSample = {
  credentials: { workspace: 'dbc-a1b2345c-d6e7', client_id: 'databricks-client', client_secret: 'databricks-canary' },
  obtains: {
    request: {
      url: 'https://dbc-a1b2345c-d6e7.cloud.databricks.com/oidc/v1/token',
      authorization: basic('databricks-client', 'databricks-canary'),
      form: { grant_type: 'client_credentials', scope: 'all-apis' },
    },
    answer: { body: { access_token: 'databricks-token', token_type: 'Bearer', expires_in: 3600, scope: 'all-apis' } },
    issued: {
      token: 'databricks-token',
      lifeSeconds: 3600,
      scope: 'all-apis',
      context: { api_base_url: 'https://dbc-a1b2345c-d6e7.cloud.databricks.com/api' },
    },
  },
  refusals: [
    { status: 401, body: { error: 'invalid_client' }, means: 'credential_rejected' },
    { status: 400, body: { error: 'invalid_scope' }, means: 'configuration' },
  ],
}
