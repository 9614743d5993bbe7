import type { MakeSample } from '../kit/sample.ts'

export const sample: MakeSample = (secret) => ({
  document: { host: 'system2.netrex.cz', client_id: 'c1', client_secret: secret },
  granted: { access_token: 'token-canary', expires_in: 3600 },
  refreshToken: `refresh-${secret}`,
  inQuery: true,
  forbidden: 'vendor_malformed',
})
