import { type CatalogueSample, CODE, CODE_VERIFIER, REDIRECT_URI, REFRESH_TOKEN } from './sample.ts'

export const sample: CatalogueSample = {
  credentials: {
    subdomain: 'acme',
    scope: 'tickets:read users:read',
    client_id: 'zendesk-client',
    client_secret: 'zendesk-canary',
  },
  consent: {
    page: 'https://acme.zendesk.com/oauth/authorizations/new',
    query: { client_id: 'zendesk-client', scope: 'tickets:read users:read' },
    exchange: {
      request: {
        url: 'https://acme.zendesk.com/oauth/tokens',
        json: {
          grant_type: 'authorization_code',
          code: CODE,
          redirect_uri: REDIRECT_URI,
          code_verifier: CODE_VERIFIER,
          client_id: 'zendesk-client',
          client_secret: 'zendesk-canary',
        },
      },
      answer: {
        body: {
          access_token: 'zendesk-token',
          refresh_token: 'zendesk-refresh',
          token_type: 'bearer',
          scope: 'tickets:read users:read',
          expires_in: 172800,
          refresh_token_expires_in: 2592000,
        },
      },
      issued: {
        token: 'zendesk-token',
        refreshToken: 'zendesk-refresh',
        lifeSeconds: 172800,
        grantSeconds: 2592000,
        scope: 'tickets:read users:read',
        context: { api_base_url: 'https://acme.zendesk.com/api/v2' },
      },
    },
  },
  obtains: {
    request: {
      url: 'https://acme.zendesk.com/oauth/tokens',
      json: {
        grant_type: 'refresh_token',
        refresh_token: REFRESH_TOKEN,
        client_id: 'zendesk-client',
        client_secret: 'zendesk-canary',
      },
    },
    answer: {
      body: {
        access_token: 'zendesk-token',
        refresh_token: 'zendesk-refresh',
        token_type: 'bearer',
        scope: 'tickets:read users:read',
      },
    },
    issued: {
      token: 'zendesk-token',
      refreshToken: 'zendesk-refresh',
      lifeSeconds: 86400,
      scope: 'tickets:read users:read',
      context: { api_base_url: 'https://acme.zendesk.com/api/v2' },
    },
  },
  refusals: [
    { status: 400, body: { error: 'invalid_grant' }, means: 'grant_rejected' },
    { status: 401, body: { error: 'invalid_client' }, means: 'credential_rejected' },
  ],
}
