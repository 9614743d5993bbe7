import { basic, type CatalogueSample } from './sample.ts'

export const sample: CatalogueSample = {
  credentials: { client_id: 'spotify-client', client_secret: 'spotify-canary' },
  obtains: {
    request: {
      url: 'https://accounts.spotify.com/api/token',
      authorization: basic('spotify-client', 'spotify-canary'),
      form: { grant_type: 'client_credentials' },
    },
    answer: { body: { access_token: 'spotify-token', token_type: 'bearer', expires_in: 3600 } },
    issued: { token: 'spotify-token', lifeSeconds: 3600, context: { api_base_url: 'https://api.spotify.com/v1' } },
  },
  refusals: [
    {
      status: 400,
      body: { error: 'invalid_client', error_description: 'Invalid client' },
      means: 'credential_rejected',
    },
    { status: 400, body: { error: 'unsupported_grant_type' }, means: 'configuration' },
  ],
}
