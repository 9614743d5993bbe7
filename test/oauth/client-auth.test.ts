import { Secret } from '../../functions/kit/secret.ts'
import {
  clientSecretBasic,
  clientSecretBasicRaw,
  clientSecretParameters,
  privateKeyJwt,
  publicClient,
} from '../../functions/oauth/client-auth.ts'

const decoded = ({ authorization }: { authorization: string }) =>
  Buffer.from(authorization.replace(/^Basic /, ''), 'base64').toString('utf8')

describe('client_secret_basic', () => {
  const pair = (client_id: string, secret: string) =>
    decoded(clientSecretBasic({ client_id, client_secret: new Secret(secret) }))

  it.each([
    ['s6BhdRkqt3', 'gX1fBat3bV', 's6BhdRkqt3:gX1fBat3bV'],
    // RFC 6749 appendix B has this text, and what becomes of it.
    ['id', ' %&+\u00a3\u20ac', 'id:+%25%26%2B%C2%A3%E2%82%AC'],
    ['a:b@c', 'd:e', 'a%3Ab%40c:d%3Ae'],
    ['id', "-._*~!'()/=", 'id:-._*%7E%21%27%28%29%2F%3D'],
  ])('form-encodes %j and its secret before it joins them', (id, secret, joined) => {
    expect(pair(id, secret)).toBe(joined)
  })

  it('comes out of a decoder of forms as it went in', () => {
    const [id = '', secret = ''] = pair('a:b c', 'd+e%20&=').split(':')
    const decode = (text: string) => new URLSearchParams(`v=${text}`).get('v')
    expect([decode(id), decode(secret)]).toEqual(['a:b c', 'd+e%20&='])
  })
})

describe('client_secret_basic of a vendor that decodes nothing', () => {
  it('leaves the @ of the id as it is', () => {
    const client = { client_id: 'abcdef12@acme.accelo.com', client_secret: new Secret('s3cr.et-_x') }
    expect(clientSecretBasicRaw(client)).toEqual({
      authorization: 'Basic YWJjZGVmMTJAYWNtZS5hY2NlbG8uY29tOnMzY3IuZXQtX3g=',
    })
  })

  it('gives the bytes of UTF-8', () => {
    expect(decoded(clientSecretBasicRaw({ client_id: 'id', client_secret: new Secret('pässword') }))).toBe(
      'id:pässword',
    )
  })
})

describe('a client that is known by parameters', () => {
  const secret = new Secret('s')

  it('sends its secret and nothing else it is given', () => {
    const more = { client_id: 'c', client_secret: secret, scope: 'x' }
    expect(clientSecretParameters(more)).toEqual({ client_id: 'c', client_secret: secret })
  })

  it('sends an assertion, and that it is one', () => {
    expect(privateKeyJwt('c', secret)).toEqual({
      client_id: 'c',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: secret,
    })
  })

  it('sends its id alone, where it has no secret', () => {
    expect(publicClient('c')).toEqual({ client_id: 'c' })
  })
})
