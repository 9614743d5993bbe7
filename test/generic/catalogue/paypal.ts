import { basic, type CatalogueSample } from './sample.ts'

const SCOPE = 'https://uri.paypal.com/services/invoicing https://uri.paypal.com/services/disputes/read-buyer'

export const sample: CatalogueSample = {
  credentials: { client_id: 'paypal-client', client_secret: 'paypal-canary' },
  obtains: {
    request: {
      url: 'https://api-m.paypal.com/v1/oauth2/token',
      authorization: basic('paypal-client', 'paypal-canary'),
      form: { grant_type: 'client_credentials' },
    },
    answer: {
      body: {
        scope: SCOPE,
        access_token: 'paypal-token',
        token_type: 'Bearer',
        app_id: 'APP-80W284485P519543T',
        expires_in: 31_668,
        nonce: '2020-04-03T15:35:36Z',
      },
    },
    issued: {
      token: 'paypal-token',
      lifeSeconds: 31_668,
      scope: SCOPE,
      context: { api_base_url: 'https://api-m.paypal.com', app_id: 'APP-80W284485P519543T' },
    },
  },
  refusals: [
    {
      status: 401,
      body: { error: 'invalid_client', error_description: 'Client Authentication failed' },
      means: 'credential_rejected',
    },
  ],
}
