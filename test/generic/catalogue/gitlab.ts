import { type CatalogueSample, CODE, CODE_VERIFIER, REDIRECT_URI, REFRESH_TOKEN } from './sample.ts'

export const sample: CatalogueSample = {
  credentials: { scope: 'read_api', client_id: 'gitlab-client', client_secret: 'gitlab-canary' },
  consent: {
    page: 'https://gitlab.com/oauth/authorize',
    query: { client_id: 'gitlab-client', scope: 'read_api' },
    exchange: {
      request: {
        url: 'https://gitlab.com/oauth/token',
        form: {
          grant_type: 'authorization_code',
          code: CODE,
          redirect_uri: REDIRECT_URI,
          code_verifier: CODE_VERIFIER,
          client_id: 'gitlab-client',
          client_secret: 'gitlab-canary',
        },
      },
      answer: {
        body: {
          access_token: 'gitlab-token',
          token_type: 'bearer',
          expires_in: 7200,
          refresh_token: 'gitlab-refresh',
          created_at: 1607635748,
        },
      },
      issued: {
        token: 'gitlab-token',
        refreshToken: 'gitlab-refresh',
        lifeSeconds: 7200,
        context: { api_base_url: 'https://gitlab.com/api/v4' },
      },
    },
  },
  obtains: {
    request: {
      url: 'https://gitlab.com/oauth/token',
      form: {
        grant_type: 'refresh_token',
        refresh_token: REFRESH_TOKEN,
        client_id: 'gitlab-client',
        client_secret: 'gitlab-canary',
      },
    },
    answer: {
      body: {
        access_token: 'gitlab-token',
        token_type: 'bearer',
        expires_in: 7200,
        refresh_token: 'gitlab-refresh',
        created_at: 1607635748,
      },
    },
    issued: {
      token: 'gitlab-token',
      refreshToken: 'gitlab-refresh',
      lifeSeconds: 7200,
      context: { api_base_url: 'https://gitlab.com/api/v4' },
    },
  },
  refusals: [
    { status: 400, body: { error: 'invalid_grant' }, means: 'grant_rejected' },
    { status: 401, body: { error: 'invalid_client' }, means: 'credential_rejected' },
  ],
  revokes: {
    url: 'https://gitlab.com/oauth/revoke',
    form: { token: 'gitlab-token', client_id: 'gitlab-client', client_secret: 'gitlab-canary' },
  },
}
