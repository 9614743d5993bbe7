import { basic, type CatalogueSample, CODE, REDIRECT_URI, REFRESH_TOKEN } from './sample.ts'

export const sample: CatalogueSample = {
  credentials: { client_id: 'quickbooks-client', client_secret: 'quickbooks-canary' },
  consent: {
    page: 'https://appcenter.intuit.com/connect/oauth2',
    query: { client_id: 'quickbooks-client', scope: 'com.intuit.quickbooks.accounting' },
    exchange: {
      request: {
        url: 'https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer',
        authorization: basic('quickbooks-client', 'quickbooks-canary'),
        form: { grant_type: 'authorization_code', code: CODE, redirect_uri: REDIRECT_URI },
      },
      answer: {
        body: {
          access_token: 'quickbooks-token',
          refresh_token: 'quickbooks-refresh',
          token_type: 'bearer',
          expires_in: 3600,
          x_refresh_token_expires_in: 8726400,
        },
      },
      issued: {
        token: 'quickbooks-token',
        refreshToken: 'quickbooks-refresh',
        lifeSeconds: 3600,
        grantSeconds: 8726400,
        context: { api_base_url: 'https://quickbooks.api.intuit.com' },
      },
    },
  },
  obtains: {
    request: {
      url: 'https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer',
      authorization: basic('quickbooks-client', 'quickbooks-canary'),
      form: { grant_type: 'refresh_token', refresh_token: REFRESH_TOKEN },
    },
    answer: {
      body: {
        access_token: 'quickbooks-token',
        refresh_token: 'quickbooks-refresh',
        token_type: 'bearer',
        expires_in: 3600,
        x_refresh_token_expires_in: 8726400,
      },
    },
    issued: {
      token: 'quickbooks-token',
      refreshToken: 'quickbooks-refresh',
      lifeSeconds: 3600,
      grantSeconds: 8726400,
      context: { api_base_url: 'https://quickbooks.api.intuit.com' },
    },
  },
  refusals: [
    { status: 400, body: { error: 'invalid_grant', error_description: 'Token invalid' }, means: 'grant_rejected' },
    { status: 401, body: { error: 'invalid_client' }, means: 'credential_rejected' },
  ],
}
