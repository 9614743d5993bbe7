import { basic, type CatalogueSample, CODE, REDIRECT_URI, REFRESH_TOKEN } from './sample.ts'

const URL = 'https://slack.com/api/oauth.v2.access'
const AUTHORIZATION = basic('1111.2222', 'slack-canary')
const granted = {
  answer: {
    body: {
      ok: true,
      access_token: 'xoxe.xoxb-1-token',
      token_type: 'bot',
      scope: 'commands,incoming-webhook',
      bot_user_id: 'U0KRQLJ9H',
      app_id: 'A0KRD7HC3',
      expires_in: 43_200,
      refresh_token: 'xoxe-1-refresh',
      team: { name: 'Slack Softball Team', id: 'T9TK3CUKW' },
    },
  },
  issued: {
    token: 'xoxe.xoxb-1-token',
    lifeSeconds: 43_200,
    scope: 'commands,incoming-webhook',
    refreshToken: 'xoxe-1-refresh',
    context: { api_base_url: 'https://slack.com/api', app_id: 'A0KRD7HC3', bot_user_id: 'U0KRQLJ9H' },
  },
}

export const sample: CatalogueSample = {
  credentials: { client_id: '1111.2222', client_secret: 'slack-canary', scope: 'commands incoming-webhook' },
  needs: ['scope'],
  consent: {
    page: 'https://slack.com/oauth/v2/authorize',
    query: { client_id: '1111.2222', scope: 'commands,incoming-webhook' },
    exchange: {
      ...granted,
      request: {
        url: URL,
        authorization: AUTHORIZATION,
        form: { grant_type: 'authorization_code', code: CODE, redirect_uri: REDIRECT_URI },
      },
    },
  },
  obtains: {
    ...granted,
    request: {
      url: URL,
      authorization: AUTHORIZATION,
      form: { grant_type: 'refresh_token', refresh_token: REFRESH_TOKEN },
    },
  },
  refusals: [
    { body: { ok: false, error: 'invalid_refresh_token' }, means: 'grant_rejected' },
    { body: { ok: false, error: 'invalid_client_id' }, means: 'credential_rejected' },
    { body: { ok: false, error: 'bad_client_secret' }, means: 'credential_rejected' },
    { body: { ok: false, error: 'internal_error' }, means: 'vendor_unavailable' },
    { status: 429, body: { ok: false, error: 'ratelimited' }, means: 'vendor_throttled' },
  ],
}
