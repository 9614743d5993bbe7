import { type CatalogueSample, CODE, REDIRECT_URI, REFRESH_TOKEN } from './sample.ts'

export const sample: CatalogueSample = {
  credentials: {
    scope: 'MERCHANT_PROFILE_READ PAYMENTS_READ',
    client_id: 'square-client',
    client_secret: 'square-canary',
  },
  consent: {
    page: 'https://connect.squareup.com/oauth2/authorize',
    query: { client_id: 'square-client', scope: 'MERCHANT_PROFILE_READ PAYMENTS_READ' },
    exchange: {
      request: {
        url: 'https://connect.squareup.com/oauth2/token',
        json: {
          grant_type: 'authorization_code',
          code: CODE,
          redirect_uri: REDIRECT_URI,
          client_id: 'square-client',
          client_secret: 'square-canary',
        },
      },
      answer: {
        body: {
          access_token: 'square-token',
          token_type: 'bearer',
          expires_at: '2026-12-22T00:00:00Z',
          merchant_id: 'MLQW2MYBY81PZ',
          refresh_token: 'square-refresh',
          short_lived: false,
        },
      },
      issued: {
        token: 'square-token',
        refreshToken: 'square-refresh',
        lifeSeconds: 2592000,
        context: { api_base_url: 'https://connect.squareup.com/v2', merchant_id: 'MLQW2MYBY81PZ' },
      },
    },
  },
  obtains: {
    request: {
      url: 'https://connect.squareup.com/oauth2/token',
      json: {
        grant_type: 'refresh_token',
        refresh_token: REFRESH_TOKEN,
        client_id: 'square-client',
        client_secret: 'square-canary',
      },
    },
    answer: {
      body: {
        access_token: 'square-token',
        token_type: 'bearer',
        expires_at: '2026-12-22T00:00:00Z',
        merchant_id: 'MLQW2MYBY81PZ',
        refresh_token: 'square-refresh',
        short_lived: false,
      },
    },
    issued: {
      token: 'square-token',
      refreshToken: 'square-refresh',
      lifeSeconds: 2592000,
      context: { api_base_url: 'https://connect.squareup.com/v2', merchant_id: 'MLQW2MYBY81PZ' },
    },
  },
  refusals: [
    { status: 401, body: { message: 'Not Authorized', type: 'service.not_authorized' }, means: 'credential_rejected' },
    {
      status: 400,
      body: { errors: [{ category: 'INVALID_REQUEST_ERROR', code: 'BAD_REQUEST' }] },
      means: 'configuration',
    },
  ],
}
