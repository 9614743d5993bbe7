import { type CatalogueSample, CODE, CODE_VERIFIER, REDIRECT_URI, REFRESH_TOKEN } from './sample.ts'

export const sample: CatalogueSample = {
  credentials: { scope: 'tasks:read projects:read', client_id: 'asana-client', client_secret: 'asana-canary' },
  consent: {
    page: 'https://app.asana.com/-/oauth_authorize',
    query: { client_id: 'asana-client', scope: 'tasks:read projects:read' },
    exchange: {
      request: {
        url: 'https://app.asana.com/-/oauth_token',
        form: {
          grant_type: 'authorization_code',
          code: CODE,
          redirect_uri: REDIRECT_URI,
          code_verifier: CODE_VERIFIER,
          client_id: 'asana-client',
          client_secret: 'asana-canary',
        },
      },
      answer: {
        body: {
          access_token: 'asana-token',
          expires_in: 3600,
          token_type: 'bearer',
          data: { id: 4673218951, gid: '4673218951', name: 'Greg Sanchez', email: 'gsanchez@example.com' },
          refresh_token: 'asana-refresh',
        },
      },
      issued: {
        token: 'asana-token',
        refreshToken: 'asana-refresh',
        lifeSeconds: 3600,
        context: { api_base_url: 'https://app.asana.com/api/1.0' },
      },
    },
  },
  obtains: {
    request: {
      url: 'https://app.asana.com/-/oauth_token',
      form: {
        grant_type: 'refresh_token',
        refresh_token: REFRESH_TOKEN,
        client_id: 'asana-client',
        client_secret: 'asana-canary',
      },
    },
    answer: {
      body: { access_token: 'asana-token', expires_in: 3600, token_type: 'bearer', data: { gid: '4673218951' } },
    },
    issued: { token: 'asana-token', lifeSeconds: 3600, context: { api_base_url: 'https://app.asana.com/api/1.0' } },
  },
  refusals: [
    { status: 400, body: { error: 'invalid_grant' }, means: 'grant_rejected' },
    { status: 401, body: { error: 'invalid_client' }, means: 'credential_rejected' },
  ],
}
