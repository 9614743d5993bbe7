import type { CredentialForm } from '../kit/form.ts'

export const forms: readonly CredentialForm[] = [
  {
    title: 'token',
    is_token: true,
    fields: [
      { name: 'api_url', label: 'API address, like https://acme.api.iobeya.com' },
      { name: 'token', label: 'token', secret: true, jwt: true },
      {
        name: 'expires_on',
        label: 'its last day as YYYY-MM-DD; leave empty when the token says it itself (a JWT)',
        optional: true,
      },
    ],
  },
]
