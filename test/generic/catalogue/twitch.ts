import { type CatalogueSample, CODE, REDIRECT_URI, REFRESH_TOKEN } from './sample.ts'

export const sample: CatalogueSample = {
  credentials: { scope: 'channel:read:subscriptions', client_id: 'twitch-client', client_secret: 'twitch-canary' },
  consent: {
    page: 'https://id.twitch.tv/oauth2/authorize',
    query: { client_id: 'twitch-client', scope: 'channel:read:subscriptions' },
    exchange: {
      request: {
        url: 'https://id.twitch.tv/oauth2/token',
        form: {
          grant_type: 'authorization_code',
          code: CODE,
          redirect_uri: REDIRECT_URI,
          client_id: 'twitch-client',
          client_secret: 'twitch-canary',
        },
      },
      answer: {
        body: {
          access_token: 'twitch-token',
          refresh_token: 'twitch-refresh',
          expires_in: 14124,
          scope: ['channel:read:subscriptions'],
          token_type: 'bearer',
        },
      },
      issued: {
        token: 'twitch-token',
        refreshToken: 'twitch-refresh',
        lifeSeconds: 14124,
        scope: 'channel:read:subscriptions',
        context: { api_base_url: 'https://api.twitch.tv/helix' },
      },
    },
  },
  obtains: {
    request: {
      url: 'https://id.twitch.tv/oauth2/token',
      form: {
        grant_type: 'refresh_token',
        refresh_token: REFRESH_TOKEN,
        client_id: 'twitch-client',
        client_secret: 'twitch-canary',
      },
    },
    answer: {
      body: {
        access_token: 'twitch-token',
        refresh_token: 'twitch-refresh',
        expires_in: 14124,
        scope: 'channel:read:subscriptions',
        token_type: 'bearer',
      },
    },
    issued: {
      token: 'twitch-token',
      refreshToken: 'twitch-refresh',
      lifeSeconds: 14124,
      scope: 'channel:read:subscriptions',
      context: { api_base_url: 'https://api.twitch.tv/helix' },
    },
  },
  refusals: [
    { status: 403, body: { status: 403, message: 'invalid client secret' }, means: 'credential_rejected' },
    {
      status: 400,
      body: { error: 'Bad Request', status: 400, message: 'Invalid refresh token' },
      means: 'grant_rejected',
    },
    { status: 401, body: { error: 'Unauthorized', status: 401 }, means: 'grant_rejected' },
  ],
}
