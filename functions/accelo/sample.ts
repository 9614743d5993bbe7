import type { MakeSample } from '../kit/sample.ts'

export const sample: MakeSample = (secret) => ({
  document: { deployment: 'acme', client_id: 'abcdef12@acme.accelo.com', client_secret: secret },
  granted: { access_token: 'token-canary', expires_in: 3600 },
  beside: { scope: 'write(all)' },
})
