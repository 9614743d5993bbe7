import { type CatalogueSample, CODE, CODE_VERIFIER, REDIRECT_URI, REFRESH_TOKEN } from './sample.ts'

export const sample: CatalogueSample = {
  credentials: {
    scope: 'https://www.googleapis.com/auth/userinfo.profile',
    client_id: 'googleworkspace-client',
    client_secret: 'googleworkspace-canary',
  },
  consent: {
    page: 'https://accounts.google.com/o/oauth2/v2/auth',
    query: {
      client_id: 'googleworkspace-client',
      scope: 'https://www.googleapis.com/auth/userinfo.profile',
      access_type: 'offline',
      prompt: 'consent',
    },
    exchange: {
      request: {
        url: 'https://oauth2.googleapis.com/token',
        form: {
          grant_type: 'authorization_code',
          code: CODE,
          redirect_uri: REDIRECT_URI,
          code_verifier: CODE_VERIFIER,
          client_id: 'googleworkspace-client',
          client_secret: 'googleworkspace-canary',
        },
      },
      answer: {
        body: {
          access_token: 'googleworkspace-token',
          expires_in: 3599,
          refresh_token: 'googleworkspace-refresh',
          scope: 'https://www.googleapis.com/auth/userinfo.profile',
          token_type: 'Bearer',
        },
      },
      issued: {
        token: 'googleworkspace-token',
        refreshToken: 'googleworkspace-refresh',
        lifeSeconds: 3599,
        scope: 'https://www.googleapis.com/auth/userinfo.profile',
      },
    },
  },
  obtains: {
    request: {
      url: 'https://oauth2.googleapis.com/token',
      form: {
        grant_type: 'refresh_token',
        refresh_token: REFRESH_TOKEN,
        client_id: 'googleworkspace-client',
        client_secret: 'googleworkspace-canary',
      },
    },
    answer: {
      body: {
        access_token: 'googleworkspace-token',
        expires_in: 3599,
        scope: 'https://www.googleapis.com/auth/userinfo.profile',
        token_type: 'Bearer',
      },
    },
    issued: {
      token: 'googleworkspace-token',
      lifeSeconds: 3599,
      scope: 'https://www.googleapis.com/auth/userinfo.profile',
    },
  },
  refusals: [
    {
      status: 400,
      body: { error: 'invalid_grant', error_description: 'Token has been expired or revoked.' },
      means: 'grant_rejected',
    },
    { status: 401, body: { error: 'invalid_client' }, means: 'credential_rejected' },
  ],
}
