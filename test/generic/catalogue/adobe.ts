import type { CatalogueSample } from './sample.ts'

export const sample: CatalogueSample = {
  credentials: { scope: 'openid AdobeID read_organizations', client_id: 'adobe-client', client_secret: 'adobe-canary' },
  obtains: {
    request: {
      url: 'https://ims-na1.adobelogin.com/ims/token/v3',
      form: {
        grant_type: 'client_credentials',
        scope: 'openid,AdobeID,read_organizations',
        client_id: 'adobe-client',
        client_secret: 'adobe-canary',
      },
    },
    answer: { body: { access_token: 'adobe-token', token_type: 'bearer', expires_in: 86399 } },
    issued: { token: 'adobe-token', lifeSeconds: 86399, scope: 'openid,AdobeID,read_organizations' },
  },
  refusals: [
    { status: 400, body: { error: 'invalid_client' }, means: 'credential_rejected' },
    { status: 400, body: { error: 'invalid_scope' }, means: 'configuration' },
  ],
}
