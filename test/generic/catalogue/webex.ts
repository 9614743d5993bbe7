import { type CatalogueSample, CODE, REDIRECT_URI, REFRESH_TOKEN } from './sample.ts'

export const sample: CatalogueSample = {
  credentials: {
    scope: 'spark:people_read spark:rooms_read',
    client_id: 'webex-client',
    client_secret: 'webex-canary',
  },
  consent: {
    page: 'https://webexapis.com/v1/authorize',
    query: { client_id: 'webex-client', scope: 'spark:people_read spark:rooms_read' },
    exchange: {
      request: {
        url: 'https://webexapis.com/v1/access_token',
        form: {
          grant_type: 'authorization_code',
          code: CODE,
          redirect_uri: REDIRECT_URI,
          client_id: 'webex-client',
          client_secret: 'webex-canary',
        },
      },
      answer: {
        body: {
          access_token: 'webex-token',
          expires_in: 1209599,
          refresh_token: 'webex-refresh',
          refresh_token_expires_in: 7775999,
          token_type: 'Bearer',
        },
      },
      issued: {
        token: 'webex-token',
        refreshToken: 'webex-refresh',
        lifeSeconds: 1209599,
        grantSeconds: 7775999,
        context: { api_base_url: 'https://webexapis.com/v1' },
      },
    },
  },
  obtains: {
    request: {
      url: 'https://webexapis.com/v1/access_token',
      form: {
        grant_type: 'refresh_token',
        refresh_token: REFRESH_TOKEN,
        client_id: 'webex-client',
        client_secret: 'webex-canary',
      },
    },
    answer: {
      body: {
        access_token: 'webex-token',
        expires_in: 1209599,
        refresh_token: 'webex-refresh',
        refresh_token_expires_in: 7775999,
        token_type: 'Bearer',
      },
    },
    issued: {
      token: 'webex-token',
      refreshToken: 'webex-refresh',
      lifeSeconds: 1209599,
      grantSeconds: 7775999,
      context: { api_base_url: 'https://webexapis.com/v1' },
    },
  },
  refusals: [
    { status: 400, body: { error: 'invalid_grant' }, means: 'grant_rejected' },
    { status: 401, body: { error: 'invalid_client' }, means: 'credential_rejected' },
  ],
}
