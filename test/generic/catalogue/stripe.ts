import { type CatalogueSample, CODE, REDIRECT_URI, REFRESH_TOKEN } from './sample.ts'

export const sample: CatalogueSample = {
  credentials: { scope: 'read_write', client_id: 'stripe-client', client_secret: 'stripe-canary' },
  consent: {
    page: 'https://connect.stripe.com/oauth/authorize',
    query: { client_id: 'stripe-client', scope: 'read_write' },
    exchange: {
      request: {
        url: 'https://connect.stripe.com/oauth/token',
        form: {
          grant_type: 'authorization_code',
          code: CODE,
          redirect_uri: REDIRECT_URI,
          client_id: 'stripe-client',
          client_secret: 'stripe-canary',
        },
      },
      answer: {
        body: {
          access_token: 'stripe-token',
          token_type: 'bearer',
          livemode: false,
          scope: 'read_write',
          refresh_token: 'stripe-refresh',
          stripe_user_id: 'acct_1032D82eZvKYlo2C',
        },
      },
      issued: {
        token: 'stripe-token',
        refreshToken: 'stripe-refresh',
        lifeSeconds: 2592000,
        scope: 'read_write',
        context: { api_base_url: 'https://api.stripe.com/v1', stripe_user_id: 'acct_1032D82eZvKYlo2C' },
      },
    },
  },
  obtains: {
    request: {
      url: 'https://connect.stripe.com/oauth/token',
      form: {
        grant_type: 'refresh_token',
        refresh_token: REFRESH_TOKEN,
        client_id: 'stripe-client',
        client_secret: 'stripe-canary',
      },
    },
    answer: {
      body: {
        access_token: 'stripe-token',
        token_type: 'bearer',
        livemode: false,
        scope: 'read_write',
        refresh_token: 'stripe-refresh',
        stripe_user_id: 'acct_1032D82eZvKYlo2C',
      },
    },
    issued: {
      token: 'stripe-token',
      refreshToken: 'stripe-refresh',
      lifeSeconds: 2592000,
      scope: 'read_write',
      context: { api_base_url: 'https://api.stripe.com/v1', stripe_user_id: 'acct_1032D82eZvKYlo2C' },
    },
  },
  refusals: [
    {
      status: 400,
      body: { error: 'invalid_grant', error_description: 'This refresh token does not exist' },
      means: 'grant_rejected',
    },
    { status: 401, body: { error: 'invalid_client' }, means: 'credential_rejected' },
  ],
}
