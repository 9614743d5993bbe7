import type { CatalogueSample } from './sample.ts'

const TENANT = '00000000-aaaa-bbbb-cccc-000000000001'

export const sample: CatalogueSample = {
  credentials: { tenant: TENANT, client_id: '00000000-aaaa-bbbb-cccc-000000000002', client_secret: 'entra-canary' },
  obtains: {
    request: {
      url: `https://login.microsoftonline.com/${TENANT}/oauth2/v2.0/token`,
      form: {
        client_id: '00000000-aaaa-bbbb-cccc-000000000002',
        scope: 'https://graph.microsoft.com/.default',
        client_secret: 'entra-canary',
        grant_type: 'client_credentials',
      },
    },
    answer: { body: { token_type: 'Bearer', expires_in: 3599, access_token: 'entra-token' } },
    issued: {
      token: 'entra-token',
      lifeSeconds: 3599,
      scope: 'https://graph.microsoft.com/.default',
      context: { api_base_url: 'https://graph.microsoft.com/v1.0' },
    },
  },
  refusals: [
    {
      status: 400,
      body: {
        error: 'invalid_scope',
        error_description: 'AADSTS70011: The provided value for the input parameter scope is not valid.',
        error_codes: [70011],
      },
      means: 'configuration',
    },
    { status: 401, body: { error: 'invalid_client', error_codes: [7000215] }, means: 'credential_rejected' },
  ],
}
