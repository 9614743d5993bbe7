import type { MakeSample } from '../kit/sample.ts'

export const sample: MakeSample = (secret) => ({
  document: {
    accountId: 'acme',
    clientId: '11111111-2222-4333-8444-555555555555:acme',
    clientSecret: secret,
    stsUrl: 'https://sts-demo.clearid.io',
    identityServiceUrl: 'https://identityservice-demo.clearid.io',
  },
  granted: { access_token: 'token-canary', expires_in: 3600 },
})
