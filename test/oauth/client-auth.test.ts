import { Secret } from '../../functions/kit/secret.ts'
import { clientSecretBasic } from '../../functions/oauth/client-auth.ts'

it('leaves the @ of the id as it is', () => {
  const client = { client_id: 'abcdef12@acme.accelo.com', client_secret: new Secret('s3cr.et-_x') }
  expect(clientSecretBasic(client)).toEqual({
    authorization: 'Basic YWJjZGVmMTJAYWNtZS5hY2NlbG8uY29tOnMzY3IuZXQtX3g=',
  })
})

it('gives the bytes of UTF-8', () => {
  const { authorization } = clientSecretBasic({ client_id: 'id', client_secret: new Secret('pässword') })
  expect(authorization).toBe(`Basic ${Buffer.from('id:pässword', 'utf8').toString('base64')}`)
})
