import { basic, type CatalogueSample, CODE, REDIRECT_URI, REFRESH_TOKEN } from './sample.ts'

const URL = 'https://identity.xero.com/connect/token'
const AUTHORIZATION = basic('xero-client', 'xero-canary')
const granted = {
  answer: {
    body: {
      access_token: 'xero-token',
      expires_in: 1800,
      token_type: 'Bearer',
      refresh_token: 'xero-refresh',
      scope: 'accounting.settings.read offline_access',
    },
  },
  issued: {
    token: 'xero-token',
    lifeSeconds: 1800,
    scope: 'accounting.settings.read offline_access',
    refreshToken: 'xero-refresh',
    context: { api_base_url: 'https://api.xero.com/api.xro/2.0' },
  },
}

export const sample: CatalogueSample = {
  credentials: { client_id: 'xero-client', client_secret: 'xero-canary', scope: 'accounting.settings.read' },
  consent: {
    page: 'https://login.xero.com/identity/connect/authorize',
    query: { client_id: 'xero-client', scope: 'offline_access accounting.settings.read' },
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
    { status: 400, body: { error: 'invalid_grant' }, means: 'grant_rejected' },
    { status: 400, body: { error: 'invalid_client' }, means: 'credential_rejected' },
  ],
}
