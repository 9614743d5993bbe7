import { basic, type CatalogueSample, CODE, REDIRECT_URI, REFRESH_TOKEN } from './sample.ts'

const URL = 'https://api.dropboxapi.com/oauth2/token'
const AUTHORIZATION = basic('dropbox-key', 'dropbox-canary')

export const sample: CatalogueSample = {
  credentials: { client_id: 'dropbox-key', client_secret: 'dropbox-canary' },
  consent: {
    page: 'https://www.dropbox.com/oauth2/authorize',
    query: { client_id: 'dropbox-key', token_access_type: 'offline' },
    exchange: {
      request: {
        url: URL,
        authorization: AUTHORIZATION,
        form: { grant_type: 'authorization_code', code: CODE, redirect_uri: REDIRECT_URI },
      },
      answer: {
        body: {
          access_token: 'sl.dropbox-token',
          expires_in: 14_400,
          token_type: 'bearer',
          scope: 'account_info.read files.metadata.read',
          refresh_token: 'dropbox-refresh',
          account_id: 'dbid:AAH4f99T0taONIb',
          uid: '12345',
        },
      },
      issued: {
        token: 'sl.dropbox-token',
        lifeSeconds: 14_400,
        scope: 'account_info.read files.metadata.read',
        refreshToken: 'dropbox-refresh',
        context: { api_base_url: 'https://api.dropboxapi.com/2' },
      },
    },
  },
  obtains: {
    request: {
      url: URL,
      authorization: AUTHORIZATION,
      form: { grant_type: 'refresh_token', refresh_token: REFRESH_TOKEN },
    },
    // The refresh token stays as it was, and is not sent again.
    answer: { body: { access_token: 'sl.dropbox-token-2', token_type: 'bearer', expires_in: 14_400 } },
    issued: {
      token: 'sl.dropbox-token-2',
      lifeSeconds: 14_400,
      context: { api_base_url: 'https://api.dropboxapi.com/2' },
    },
  },
  refusals: [{ status: 400, body: { error: 'invalid_grant' }, means: 'grant_rejected' }],
}
