import { PRIVATE_KEY } from './key.ts'
import type { CatalogueSample } from './sample.ts'

export const sample: CatalogueSample = {
  credentials: {
    login: 'test',
    client_id: 'consumer-key',
    private_key: PRIVATE_KEY,
    username: 'vendomat@acme.example.uat',
  },
  obtains: {
    request: {
      url: 'https://test.salesforce.com/services/oauth2/token',
      form: {
        grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
        assertion: {
          header: {},
          claims: { iss: 'consumer-key', aud: 'https://test.salesforce.com', sub: 'vendomat@acme.example.uat' },
          seconds: 180,
        },
      },
    },
    answer: {
      body: {
        access_token: '00Dxx!salesforce-token',
        scope: 'web openid api id',
        instance_url: 'https://acme--uat.sandbox.my.salesforce.com',
        id: 'https://test.salesforce.com/id/00Dxx/005xx',
        token_type: 'Bearer',
      },
    },
    issued: {
      token: '00Dxx!salesforce-token',
      lifeSeconds: 900,
      scope: 'web openid api id',
      context: { instance_url: 'https://acme--uat.sandbox.my.salesforce.com' },
    },
  },
  refusals: [
    {
      status: 400,
      body: { error: 'invalid_grant', error_description: "user hasn't approved this consumer" },
      means: 'credential_rejected',
    },
  ],
}
