import { clientCredentialsGrant, clientSecretBasic, defineVendor, secret, vendorUrl } from 'vendomat/vendor'
import * as z from 'zod/mini'

export const acme = defineVendor({
  module: import.meta.url, // or __filename: the module that exports it by its id
  id: 'acme',
  title: 'Acme',
  hosts: ['api.acme.example'],
  tokens: { storage: 'table', maxLifeSeconds: 3600 },
  rotation: { credential: 'client secret', before: ['Make a new client secret at Acme.'], after: [] },
  credentials: z.object({ client_id: z.string(), client_secret: secret }),
  issue: (client, _refreshToken, context) => {
    const url = vendorUrl('https://api.acme.example/oauth/token', context.hosts)
    return clientCredentialsGrant({ url, clientAuth: clientSecretBasic(client) }, {}, context)
  },
})
