import { basic, type CatalogueSample } from './sample.ts'

export const sample: CatalogueSample = {
  credentials: { client_id: 'bitbucket-client', client_secret: 'bitbucket-canary' },
  obtains: {
    request: {
      url: 'https://bitbucket.org/site/oauth2/access_token',
      authorization: basic('bitbucket-client', 'bitbucket-canary'),
      form: { grant_type: 'client_credentials' },
    },
    answer: {
      body: {
        access_token: 'bitbucket-token',
        scopes: 'repository pullrequest',
        expires_in: 7200,
        token_type: 'bearer',
        state: 'client_credentials',
      },
    },
    issued: {
      token: 'bitbucket-token',
      lifeSeconds: 7200,
      scope: 'repository pullrequest',
      context: { api_base_url: 'https://api.bitbucket.org/2.0' },
    },
  },
  refusals: [
    { status: 401, body: { error: 'invalid_client' }, means: 'credential_rejected' },
    { status: 400, body: { error: 'unauthorized_client' }, means: 'credential_rejected' },
  ],
}
