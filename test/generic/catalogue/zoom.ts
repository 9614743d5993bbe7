import { basic, type CatalogueSample } from './sample.ts'

export const sample: CatalogueSample = {
  credentials: { account_id: 'gYz8S9w5Q5yrDoIvmdClYw', client_id: 'zoom-client', client_secret: 'zoom-canary' },
  obtains: {
    request: {
      url: 'https://zoom.us/oauth/token',
      authorization: basic('zoom-client', 'zoom-canary'),
      form: { grant_type: 'account_credentials', account_id: 'gYz8S9w5Q5yrDoIvmdClYw' },
    },
    answer: {
      body: { access_token: 'zoom-token', token_type: 'bearer', expires_in: 3600, scope: 'user:read:admin' },
    },
    issued: {
      token: 'zoom-token',
      lifeSeconds: 3600,
      scope: 'user:read:admin',
      context: { api_base_url: 'https://api.zoom.us/v2' },
    },
  },
  refusals: [
    {
      status: 400,
      body: { reason: 'Invalid client_id or client_secret', error: 'invalid_client' },
      means: 'credential_rejected',
    },
    {
      status: 400,
      body: { reason: 'unsupported grant type', error: 'unsupported_grant_type' },
      means: 'configuration',
    },
  ],
}
