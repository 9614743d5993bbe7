import type { MakeSample } from '../kit/sample.ts'

export const sample: MakeSample = (secret, now) => ({
  document: { api_url: 'https://acme.api.iobeya.com', token: jwt({ exp: now.getTime() / 1000 + 3600, secret }) },
})

const jwt = (claims: object): string =>
  [{ alg: 'none' }, claims, 'signature']
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
