import { basic, type CatalogueSample } from './sample.ts'

export const sample: CatalogueSample = {
  credentials: { environment: 'onlinetools', client_id: 'ups-client', client_secret: 'ups-canary' },
  obtains: {
    request: {
      url: 'https://onlinetools.ups.com/security/v1/oauth/token',
      authorization: basic('ups-client', 'ups-canary'),
      form: { grant_type: 'client_credentials' },
    },
    answer: {
      body: {
        access_token: 'ups-token',
        token_type: 'Bearer',
        issued_at: '1690386180236',
        client_id: 'ups-client',
        scope: '',
        expires_in: '14399',
        refresh_count: '0',
        status: 'approved',
      },
    },
    issued: { token: 'ups-token', lifeSeconds: 14399, context: { api_base_url: 'https://onlinetools.ups.com/api' } },
  },
  refusals: [
    {
      status: 401,
      body: { response: { errors: [{ code: '10401', message: 'ClientId is Invalid' }] } },
      means: 'credential_rejected',
    },
    {
      status: 429,
      body: { response: { errors: [{ code: '10429', message: 'Too Many Requests' }] } },
      means: 'vendor_throttled',
    },
    {
      status: 400,
      body: { response: { errors: [{ code: '10400', message: 'Invalid/Missing Grant Type' }] } },
      means: 'configuration',
    },
  ],
}
