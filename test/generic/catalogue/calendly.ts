import { basic, type CatalogueSample, CODE, CODE_VERIFIER, REDIRECT_URI, REFRESH_TOKEN } from './sample.ts'

export const sample: CatalogueSample = {
  credentials: { client_id: 'calendly-client', client_secret: 'calendly-canary' },
  consent: {
    page: 'https://auth.calendly.com/oauth/authorize',
    query: { client_id: 'calendly-client' },
    exchange: {
      request: {
        url: 'https://auth.calendly.com/oauth/token',
        authorization: basic('calendly-client', 'calendly-canary'),
        form: {
          grant_type: 'authorization_code',
          code: CODE,
          redirect_uri: REDIRECT_URI,
          code_verifier: CODE_VERIFIER,
        },
      },
      answer: {
        body: {
          access_token: 'calendly-token',
          token_type: 'Bearer',
          expires_in: 7200,
          created_at: 1548689183,
          refresh_token: 'calendly-refresh',
          scope: 'default',
          owner: 'https://api.calendly.com/users/EBHAAFHDCAEQTSEZ',
          organization: 'https://api.calendly.com/organizations/EBHAAFHDCAEQTSEZ',
        },
      },
      issued: {
        token: 'calendly-token',
        refreshToken: 'calendly-refresh',
        lifeSeconds: 7200,
        scope: 'default',
        context: {
          api_base_url: 'https://api.calendly.com',
          owner: 'https://api.calendly.com/users/EBHAAFHDCAEQTSEZ',
          organization: 'https://api.calendly.com/organizations/EBHAAFHDCAEQTSEZ',
        },
      },
    },
  },
  obtains: {
    request: {
      url: 'https://auth.calendly.com/oauth/token',
      authorization: basic('calendly-client', 'calendly-canary'),
      form: { grant_type: 'refresh_token', refresh_token: REFRESH_TOKEN },
    },
    answer: {
      body: {
        access_token: 'calendly-token',
        token_type: 'Bearer',
        expires_in: 7200,
        created_at: 1548689183,
        refresh_token: 'calendly-refresh',
        scope: 'default',
        owner: 'https://api.calendly.com/users/EBHAAFHDCAEQTSEZ',
        organization: 'https://api.calendly.com/organizations/EBHAAFHDCAEQTSEZ',
      },
    },
    issued: {
      token: 'calendly-token',
      refreshToken: 'calendly-refresh',
      lifeSeconds: 7200,
      scope: 'default',
      context: {
        api_base_url: 'https://api.calendly.com',
        owner: 'https://api.calendly.com/users/EBHAAFHDCAEQTSEZ',
        organization: 'https://api.calendly.com/organizations/EBHAAFHDCAEQTSEZ',
      },
    },
  },
  refusals: [
    { status: 400, body: { error: 'invalid_grant' }, means: 'grant_rejected' },
    { status: 401, body: { error: 'invalid_client' }, means: 'credential_rejected' },
    { status: 429, body: { title: 'Too Many Requests' }, means: 'vendor_throttled' },
  ],
}
