import { type CatalogueSample, CODE, REDIRECT_URI, REFRESH_TOKEN } from './sample.ts'

export const sample: CatalogueSample = {
  credentials: { client_id: 'basecamp-client', client_secret: 'basecamp-canary' },
  consent: {
    page: 'https://launchpad.37signals.com/authorization/new',
    query: { client_id: 'basecamp-client' },
    exchange: {
      request: {
        url: 'https://launchpad.37signals.com/authorization/token',
        form: {
          grant_type: 'authorization_code',
          code: CODE,
          redirect_uri: REDIRECT_URI,
          client_id: 'basecamp-client',
          client_secret: 'basecamp-canary',
        },
      },
      answer: {
        body: {
          access_token: 'basecamp-token',
          token_type: 'Bearer',
          expires_in: 1209600,
          refresh_token: 'basecamp-refresh',
        },
      },
      issued: { token: 'basecamp-token', refreshToken: 'basecamp-refresh', lifeSeconds: 1209600 },
    },
  },
  obtains: {
    request: {
      url: 'https://launchpad.37signals.com/authorization/token',
      form: {
        grant_type: 'refresh_token',
        refresh_token: REFRESH_TOKEN,
        client_id: 'basecamp-client',
        client_secret: 'basecamp-canary',
      },
    },
    answer: {
      body: {
        access_token: 'basecamp-token',
        token_type: 'Bearer',
        expires_in: 1209600,
        refresh_token: 'basecamp-refresh',
      },
    },
    issued: { token: 'basecamp-token', refreshToken: 'basecamp-refresh', lifeSeconds: 1209600 },
  },
  refusals: [
    { status: 400, body: { error: 'invalid_grant' }, means: 'grant_rejected' },
    { status: 401, body: { error: 'invalid_client' }, means: 'credential_rejected' },
  ],
}
