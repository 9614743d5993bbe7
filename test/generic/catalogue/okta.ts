import { PRIVATE_KEY } from './key.ts'
import type { CatalogueSample } from './sample.ts'

export const sample: CatalogueSample = {
  credentials: {
    org: 'companyname',
    client_id: 'okta-client',
    private_key: PRIVATE_KEY,
    key_id: 'my_key_id',
    scope: 'okta.users.read okta.apps.read',
  },
  obtains: {
    request: {
      url: 'https://companyname.okta.com/oauth2/v1/token',
      form: {
        grant_type: 'client_credentials',
        scope: 'okta.users.read okta.apps.read',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: {
          header: { kid: 'my_key_id' },
          claims: { iss: 'okta-client', sub: 'okta-client', aud: 'https://companyname.okta.com/oauth2/v1/token' },
          seconds: 3600,
        },
        client_id: 'okta-client',
      },
    },
    answer: {
      body: {
        token_type: 'Bearer',
        expires_in: 3600,
        access_token: 'okta-token',
        scope: 'okta.users.read okta.apps.read',
      },
    },
    issued: {
      token: 'okta-token',
      lifeSeconds: 3600,
      scope: 'okta.users.read okta.apps.read',
      context: { api_base_url: 'https://companyname.okta.com/api/v1' },
    },
  },
  refusals: [
    {
      status: 401,
      body: { error: 'invalid_client', error_description: 'The client_assertion signature is invalid.' },
      means: 'credential_rejected',
    },
    { status: 400, body: { error: 'invalid_scope' }, means: 'configuration' },
  ],
}
