import type { CatalogueSample } from './sample.ts'

export const sample: CatalogueSample = {
  credentials: { instance: 'acmedev', client_id: 'servicenow-client', client_secret: 'servicenow-canary' },
  obtains: {
    request: {
      url: 'https://acmedev.service-now.com/oauth_token.do',
      form: { grant_type: 'client_credentials', client_id: 'servicenow-client', client_secret: 'servicenow-canary' },
    },
    answer: {
      body: { access_token: 'servicenow-token', scope: 'useraccount', token_type: 'Bearer', expires_in: 1799 },
    },
    issued: {
      token: 'servicenow-token',
      lifeSeconds: 1799,
      scope: 'useraccount',
      context: { api_base_url: 'https://acmedev.service-now.com/api/now' },
    },
  },
  refusals: [
    { status: 401, body: { error: 'server_error', error_description: 'access_denied' }, means: 'credential_rejected' },
    { status: 503, body: '<html></html>', means: 'vendor_unavailable' },
  ],
}
