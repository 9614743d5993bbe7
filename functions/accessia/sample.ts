import type { MakeSample } from '../kit/sample.ts'

export const sample: MakeSample = (secret) => ({
  document: { authentication_url: 'https://auth.accessia.com', integration_id: 'int-0001', secret },
  granted: { accessToken: 'token-canary', expiresIn: 3600, accessiaApisUrl: 'https://acme.accessia.com/apis' },
})
