import { type CredentialForm, endField } from '../kit/form.ts'

export const forms: readonly CredentialForm[] = [
  {
    title: 'Service application',
    fields: [
      { name: 'deployment', label: 'deployment, the name in front of .accelo.com' },
      { name: 'client_id', label: 'client id' },
      { name: 'client_secret', label: 'client secret', secret: true },
      { name: 'scope', label: 'scope', default: 'read(all)' },
      endField('client secret'),
    ],
  },
]
