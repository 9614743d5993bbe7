import type { CatalogueSample } from './sample.ts'

export const sample: CatalogueSample = {
  credentials: { client_id: 'box-client', client_secret: 'box-canary', box_subject_id: '123456789' },
  obtains: {
    request: {
      url: 'https://api.box.com/oauth2/token',
      form: {
        client_id: 'box-client',
        client_secret: 'box-canary',
        grant_type: 'client_credentials',
        box_subject_type: 'enterprise',
        box_subject_id: '123456789',
      },
    },
    answer: { body: { access_token: 'box-token', expires_in: 3992, restricted_to: [], token_type: 'bearer' } },
    issued: { token: 'box-token', lifeSeconds: 3992, context: { api_base_url: 'https://api.box.com/2.0' } },
  },
  revokes: {
    url: 'https://api.box.com/oauth2/revoke',
    form: { client_id: 'box-client', client_secret: 'box-canary', token: 'box-token' },
  },
  refusals: [
    {
      status: 400,
      body: { error: 'invalid_grant', error_description: 'Grant credentials are invalid' },
      means: 'credential_rejected',
    },
    {
      status: 400,
      body: { error: 'unauthorized_client', error_description: 'The "box_subject_type" value is unauthorized' },
      means: 'credential_rejected',
    },
  ],
}
