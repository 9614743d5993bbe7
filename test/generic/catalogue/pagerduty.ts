import type { CatalogueSample } from './sample.ts'

export const sample: CatalogueSample = {
  credentials: {
    scope: 'as_account-us.companysubdomain incidents.read services.read',
    client_id: 'pagerduty-client',
    client_secret: 'pagerduty-canary',
  },
  obtains: {
    request: {
      url: 'https://identity.pagerduty.com/oauth/token',
      form: {
        grant_type: 'client_credentials',
        scope: 'as_account-us.companysubdomain incidents.read services.read',
        client_id: 'pagerduty-client',
        client_secret: 'pagerduty-canary',
      },
    },
    answer: {
      body: {
        access_token: 'pagerduty-token',
        scope: 'as_account-us.companysubdomain incidents.read services.read',
        token_type: 'bearer',
        expires_in: 86400,
      },
    },
    issued: {
      token: 'pagerduty-token',
      lifeSeconds: 86400,
      scope: 'as_account-us.companysubdomain incidents.read services.read',
      context: { api_base_url: 'https://api.pagerduty.com' },
    },
  },
  refusals: [
    { status: 401, body: { error: 'invalid_client' }, means: 'credential_rejected' },
    { status: 400, body: { error: 'invalid_scope' }, means: 'configuration' },
  ],
}
