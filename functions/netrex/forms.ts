import { type CredentialForm, endField, type Field } from '../kit/form.ts'

const HOST: Field = { name: 'host', label: 'host, like system2.netrex.cz' }

export const forms: readonly CredentialForm[] = [
  {
    title: 'OAuth2 application: you will be asked for consent in the browser',
    fields: [
      HOST,
      { name: 'client_id', label: 'client id' },
      { name: 'client_secret', label: 'client secret', secret: true },
      { name: 'scope', label: 'scope', default: 'read' },
      {
        name: 'redirect_uri',
        label: 'registered redirect URL; leave empty for an address of this computer',
        optional: true,
      },
      endField('client secret'),
    ],
  },
  {
    title: 'user token',
    is_token: true,
    fields: [HOST, { name: 'user_token', label: 'user token', secret: true }, endField('user token')],
  },
]
