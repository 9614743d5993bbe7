import { basic, type CatalogueSample, CODE, CODE_VERIFIER, REDIRECT_URI, REFRESH_TOKEN } from './sample.ts'

export const sample: CatalogueSample = {
  credentials: {
    scope: 'data.records:read data.records:write',
    client_id: 'airtable-client',
    client_secret: 'airtable-canary',
  },
  consent: {
    page: 'https://airtable.com/oauth2/v1/authorize',
    query: { client_id: 'airtable-client', scope: 'data.records:read data.records:write' },
    exchange: {
      request: {
        url: 'https://airtable.com/oauth2/v1/token',
        authorization: basic('airtable-client', 'airtable-canary'),
        form: {
          grant_type: 'authorization_code',
          code: CODE,
          redirect_uri: REDIRECT_URI,
          code_verifier: CODE_VERIFIER,
        },
      },
      answer: {
        body: {
          access_token: 'airtable-token',
          token_type: 'Bearer',
          expires_in: 3600,
          refresh_token: 'airtable-refresh',
          refresh_expires_in: 5184000,
          scope: 'data.records:read data.records:write',
        },
      },
      issued: {
        token: 'airtable-token',
        refreshToken: 'airtable-refresh',
        lifeSeconds: 3600,
        grantSeconds: 5184000,
        scope: 'data.records:read data.records:write',
        context: { api_base_url: 'https://api.airtable.com/v0' },
      },
    },
  },
  obtains: {
    request: {
      url: 'https://airtable.com/oauth2/v1/token',
      authorization: basic('airtable-client', 'airtable-canary'),
      form: { grant_type: 'refresh_token', refresh_token: REFRESH_TOKEN },
    },
    answer: {
      body: {
        access_token: 'airtable-token',
        token_type: 'Bearer',
        expires_in: 3600,
        refresh_token: 'airtable-refresh',
        refresh_expires_in: 5184000,
        scope: 'data.records:read data.records:write',
      },
    },
    issued: {
      token: 'airtable-token',
      refreshToken: 'airtable-refresh',
      lifeSeconds: 3600,
      grantSeconds: 5184000,
      scope: 'data.records:read data.records:write',
      context: { api_base_url: 'https://api.airtable.com/v0' },
    },
  },
  refusals: [
    { status: 400, body: { error: 'invalid_grant' }, means: 'grant_rejected' },
    { status: 401, body: { error: 'invalid_client' }, means: 'credential_rejected' },
  ],
}
