import type { CatalogueSample } from './sample.ts'

export const sample: CatalogueSample = {
  credentials: {
    tenant: 'acme',
    region: 'eu',
    audience: 'https://api.example.com/',
    client_id: 'auth0-client',
    client_secret: 'auth0-canary',
  },
  obtains: {
    request: {
      url: 'https://acme.eu.auth0.com/oauth/token',
      form: {
        grant_type: 'client_credentials',
        audience: 'https://api.example.com/',
        client_id: 'auth0-client',
        client_secret: 'auth0-canary',
      },
    },
    answer: { body: { access_token: 'auth0-token', token_type: 'Bearer', expires_in: 86400 } },
    issued: { token: 'auth0-token', lifeSeconds: 86400 },
  },
  refusals: [
    { status: 401, body: { error: 'access_denied', error_description: 'Unauthorized' }, means: 'credential_rejected' },
    { status: 400, body: { error: 'invalid_request' }, means: 'configuration' },
  ],
}
