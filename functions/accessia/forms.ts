import { type CredentialForm, endField } from '../kit/form.ts'

export const forms: readonly CredentialForm[] = [
  {
    title: 'API integration',
    fields: [
      { name: 'authentication_url', label: 'authentication URL' },
      { name: 'integration_id', label: 'integration id' },
      { name: 'secret', label: 'secret', secret: true },
      endField('secret'),
    ],
  },
]
