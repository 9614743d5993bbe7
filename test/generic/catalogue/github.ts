import { type CatalogueSample, CODE, CODE_VERIFIER, REDIRECT_URI, REFRESH_TOKEN } from './sample.ts'

const URL = 'https://github.com/login/oauth/access_token'
const client = { client_id: 'github-client', client_secret: 'github-canary' }
const issued = {
  token: 'ghu_token',
  lifeSeconds: 28_800,
  refreshToken: 'ghr_refresh',
  grantSeconds: 15_811_200,
  context: { api_base_url: 'https://api.github.com' },
}

export const sample: CatalogueSample = {
  credentials: client,
  consent: {
    page: 'https://github.com/login/oauth/authorize',
    query: { client_id: 'github-client' },
    exchange: {
      request: {
        url: URL,
        form: {
          ...client,
          grant_type: 'authorization_code',
          code: CODE,
          redirect_uri: REDIRECT_URI,
          code_verifier: CODE_VERIFIER,
        },
      },
      // As it comes to who does not ask for JSON.
      answer: {
        body:
          'access_token=ghu_token&expires_in=28800&refresh_token=ghr_refresh&refresh_token_expires_in=15811200' +
          '&scope=&token_type=bearer',
      },
      issued,
    },
  },
  obtains: {
    request: { url: URL, form: { ...client, grant_type: 'refresh_token', refresh_token: REFRESH_TOKEN } },
    answer: {
      body: {
        access_token: 'ghu_token',
        expires_in: 28_800,
        refresh_token: 'ghr_refresh',
        refresh_token_expires_in: 15_811_200,
        scope: '',
        token_type: 'bearer',
      },
    },
    issued,
  },
  refusals: [
    { body: { error: 'bad_refresh_token' }, means: 'grant_rejected' },
    { body: { error: 'incorrect_client_credentials' }, means: 'credential_rejected' },
    { body: { error: 'redirect_uri_mismatch' }, means: 'configuration' },
    { body: 'error=bad_verification_code&error_description=The+code+passed+is+incorrect.', means: 'grant_rejected' },
  ],
}
