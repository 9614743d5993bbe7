/** What `connect` asks for a client. */
export const clientForm = `import { type CredentialForm, endField } from '../kit/form.ts'

export const forms: readonly CredentialForm[] = [
  {
    title: 'client',
    fields: [
      { name: 'client_id', label: 'client id' },
      { name: 'client_secret', label: 'client secret', secret: true },
      { name: 'scope', label: 'scope; leave empty for the default', optional: true },
      endField('client secret'),
    ],
  },
]
`
