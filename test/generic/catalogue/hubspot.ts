import { type CatalogueSample, CODE, REDIRECT_URI, REFRESH_TOKEN } from './sample.ts'

const URL = 'https://api.hubapi.com/oauth/2026-03/token'
const client = { client_id: 'hubspot-client', client_secret: 'hubspot-canary' }
const granted = {
  answer: {
    body: {
      token_type: 'bearer',
      refresh_token: 'hubspot-refresh',
      access_token: 'hubspot-token',
      expires_in: 1800,
      hub_id: 1_234_567,
      user_id: 293_199,
      scopes: ['oauth', 'crm.objects.contacts.read'],
    },
  },
  issued: {
    token: 'hubspot-token',
    lifeSeconds: 1800,
    scope: 'oauth crm.objects.contacts.read',
    refreshToken: 'hubspot-refresh',
    context: { api_base_url: 'https://api.hubapi.com' },
  },
}

export const sample: CatalogueSample = {
  credentials: { ...client, scope: 'oauth crm.objects.contacts.read' },
  needs: ['scope'],
  consent: {
    page: 'https://app.hubspot.com/oauth/authorize',
    query: { client_id: 'hubspot-client', scope: 'oauth crm.objects.contacts.read' },
    exchange: {
      ...granted,
      request: {
        url: URL,
        form: { ...client, grant_type: 'authorization_code', code: CODE, redirect_uri: REDIRECT_URI },
      },
    },
  },
  obtains: {
    ...granted,
    request: { url: URL, form: { ...client, grant_type: 'refresh_token', refresh_token: REFRESH_TOKEN } },
  },
  refusals: [
    {
      status: 400,
      body: { status: 'BAD_REFRESH_TOKEN', message: 'missing or invalid refresh token', error: 'invalid_grant' },
      means: 'grant_rejected',
    },
  ],
}
