import { type CatalogueSample, CODE, REDIRECT_URI, REFRESH_TOKEN } from './sample.ts'

export const sample: CatalogueSample = {
  credentials: { scope: 'r_ads r_ads_reporting', client_id: 'linkedin-client', client_secret: 'linkedin-canary' },
  consent: {
    page: 'https://www.linkedin.com/oauth/v2/authorization',
    query: { client_id: 'linkedin-client', scope: 'r_ads,r_ads_reporting' },
    exchange: {
      request: {
        url: 'https://www.linkedin.com/oauth/v2/accessToken',
        form: {
          grant_type: 'authorization_code',
          code: CODE,
          redirect_uri: REDIRECT_URI,
          client_id: 'linkedin-client',
          client_secret: 'linkedin-canary',
        },
      },
      answer: {
        body: {
          access_token: 'linkedin-token',
          expires_in: 5184000,
          refresh_token: 'linkedin-refresh',
          refresh_token_expires_in: 31536000,
          scope: 'r_ads,r_ads_reporting',
        },
      },
      issued: {
        token: 'linkedin-token',
        refreshToken: 'linkedin-refresh',
        lifeSeconds: 5184000,
        grantSeconds: 31536000,
        scope: 'r_ads,r_ads_reporting',
        context: { api_base_url: 'https://api.linkedin.com' },
      },
    },
  },
  obtains: {
    request: {
      url: 'https://www.linkedin.com/oauth/v2/accessToken',
      form: {
        grant_type: 'refresh_token',
        refresh_token: REFRESH_TOKEN,
        client_id: 'linkedin-client',
        client_secret: 'linkedin-canary',
      },
    },
    answer: {
      body: {
        access_token: 'linkedin-token',
        expires_in: 5184000,
        refresh_token: 'linkedin-refresh',
        refresh_token_expires_in: 26438400,
      },
    },
    issued: {
      token: 'linkedin-token',
      refreshToken: 'linkedin-refresh',
      lifeSeconds: 5184000,
      grantSeconds: 26438400,
      context: { api_base_url: 'https://api.linkedin.com' },
    },
  },
  refusals: [
    { status: 400, body: { error: 'invalid_grant' }, means: 'grant_rejected' },
    { status: 401, body: { error: 'invalid_client' }, means: 'credential_rejected' },
  ],
}
