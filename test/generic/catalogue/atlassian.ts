import { type CatalogueSample, CODE, REDIRECT_URI, REFRESH_TOKEN } from './sample.ts'

const URL = 'https://auth.atlassian.com/oauth/token'
const client = { client_id: 'atlassian-client', client_secret: 'atlassian-canary' }
const granted = {
  answer: {
    body: {
      access_token: 'atlassian-token',
      refresh_token: 'atlassian-refresh',
      expires_in: 3600,
      scope: 'read:jira-work offline_access',
    },
  },
  issued: {
    token: 'atlassian-token',
    lifeSeconds: 3600,
    scope: 'read:jira-work offline_access',
    refreshToken: 'atlassian-refresh',
    context: { api_base_url: 'https://api.atlassian.com' },
  },
}

export const sample: CatalogueSample = {
  credentials: { ...client, scope: 'read:jira-work' },
  consent: {
    page: 'https://auth.atlassian.com/authorize',
    query: {
      audience: 'api.atlassian.com',
      client_id: 'atlassian-client',
      scope: 'offline_access read:jira-work',
      prompt: 'consent',
    },
    exchange: {
      ...granted,
      request: {
        url: URL,
        json: { ...client, grant_type: 'authorization_code', code: CODE, redirect_uri: REDIRECT_URI },
      },
    },
  },
  obtains: {
    ...granted,
    request: { url: URL, json: { ...client, grant_type: 'refresh_token', refresh_token: REFRESH_TOKEN } },
  },
  refusals: [
    {
      status: 403,
      body: { error: 'invalid_grant', error_description: 'Unknown or invalid refresh token.' },
      means: 'grant_rejected',
    },
  ],
}
