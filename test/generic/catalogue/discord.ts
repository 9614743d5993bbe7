import { basic, type CatalogueSample, CODE, REDIRECT_URI, REFRESH_TOKEN } from './sample.ts'

export const sample: CatalogueSample = {
  credentials: { client_id: 'discord-client', client_secret: 'discord-canary' },
  consent: {
    page: 'https://discord.com/oauth2/authorize',
    query: { client_id: 'discord-client', scope: 'identify' },
    exchange: {
      request: {
        url: 'https://discord.com/api/oauth2/token',
        authorization: basic('discord-client', 'discord-canary'),
        form: { grant_type: 'authorization_code', code: CODE, redirect_uri: REDIRECT_URI },
      },
      answer: {
        body: {
          access_token: 'discord-token',
          token_type: 'Bearer',
          expires_in: 604800,
          refresh_token: 'discord-refresh',
          scope: 'identify',
        },
      },
      issued: {
        token: 'discord-token',
        refreshToken: 'discord-refresh',
        lifeSeconds: 604800,
        scope: 'identify',
        context: { api_base_url: 'https://discord.com/api/v10' },
      },
    },
  },
  obtains: {
    request: {
      url: 'https://discord.com/api/oauth2/token',
      authorization: basic('discord-client', 'discord-canary'),
      form: { grant_type: 'refresh_token', refresh_token: REFRESH_TOKEN },
    },
    answer: {
      body: {
        access_token: 'discord-token',
        token_type: 'Bearer',
        expires_in: 604800,
        refresh_token: 'discord-refresh',
        scope: 'identify',
      },
    },
    issued: {
      token: 'discord-token',
      refreshToken: 'discord-refresh',
      lifeSeconds: 604800,
      scope: 'identify',
      context: { api_base_url: 'https://discord.com/api/v10' },
    },
  },
  refusals: [
    {
      status: 400,
      body: { error: 'invalid_grant', error_description: 'Invalid "refresh_token" in request' },
      means: 'grant_rejected',
    },
    { status: 401, body: { error: 'invalid_client' }, means: 'credential_rejected' },
  ],
  revokes: {
    url: 'https://discord.com/api/oauth2/token/revoke',
    authorization: basic('discord-client', 'discord-canary'),
    form: { token: 'discord-token' },
  },
}
