import { basic, type CatalogueSample, CODE, REDIRECT_URI, REFRESH_TOKEN } from './sample.ts'

export const sample: CatalogueSample = {
  credentials: { client_id: 'notion-client', client_secret: 'notion-canary' },
  consent: {
    page: 'https://api.notion.com/v1/oauth/authorize',
    query: { client_id: 'notion-client', owner: 'user' },
    exchange: {
      request: {
        url: 'https://api.notion.com/v1/oauth/token',
        authorization: basic('notion-client', 'notion-canary'),
        json: { grant_type: 'authorization_code', code: CODE, redirect_uri: REDIRECT_URI },
      },
      answer: {
        body: {
          access_token: 'notion-token',
          token_type: 'bearer',
          refresh_token: 'notion-refresh',
          bot_id: '3c90c3cc-0d44-4b50-8888-8dd25736052a',
          workspace_name: 'Acme',
          workspace_id: 'b3c90c3c-0d44-4b50-8888-8dd25736052b',
          owner: { type: 'workspace' },
        },
      },
      issued: {
        token: 'notion-token',
        refreshToken: 'notion-refresh',
        lifeSeconds: 86400,
        context: {
          api_base_url: 'https://api.notion.com/v1',
          bot_id: '3c90c3cc-0d44-4b50-8888-8dd25736052a',
          workspace_id: 'b3c90c3c-0d44-4b50-8888-8dd25736052b',
        },
      },
    },
  },
  obtains: {
    request: {
      url: 'https://api.notion.com/v1/oauth/token',
      authorization: basic('notion-client', 'notion-canary'),
      json: { grant_type: 'refresh_token', refresh_token: REFRESH_TOKEN },
    },
    answer: {
      body: {
        access_token: 'notion-token',
        token_type: 'bearer',
        refresh_token: 'notion-refresh',
        bot_id: '3c90c3cc-0d44-4b50-8888-8dd25736052a',
        workspace_name: 'Acme',
        workspace_id: 'b3c90c3c-0d44-4b50-8888-8dd25736052b',
        owner: { type: 'workspace' },
      },
    },
    issued: {
      token: 'notion-token',
      refreshToken: 'notion-refresh',
      lifeSeconds: 86400,
      context: {
        api_base_url: 'https://api.notion.com/v1',
        bot_id: '3c90c3cc-0d44-4b50-8888-8dd25736052a',
        workspace_id: 'b3c90c3c-0d44-4b50-8888-8dd25736052b',
      },
    },
  },
  refusals: [
    { status: 400, body: { error: 'invalid_grant' }, means: 'grant_rejected' },
    { status: 401, body: { error: 'invalid_client' }, means: 'credential_rejected' },
  ],
}
