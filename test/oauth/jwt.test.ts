import { Buffer } from 'node:buffer'
import { generateKeyPairSync, verify } from 'node:crypto'
import { jwtVerify } from 'jose'
import { Secret } from '../../functions/kit/secret.ts'
import { claimsOf, confirmationOf, signHs256, signJwt } from '../../functions/oauth/jwt.ts'
import { jwt } from '../support/fake-vendor.ts'

describe('signHs256', () => {
  // Made up: a secret as Accessia's portal shows it (base64url), and the signature that its decoded bytes give.
  const text = '-yBFao-02f4jSG2St9wBJktwlbrfBClOc5i94gcsUXY'
  const claims = { iat: 1700000000, exp: 1700000300, jti: '00000000-0000-4000-8000-000000000001' }
  const signatureOf = async (key: Uint8Array) => (await signHs256(claims, key)).reveal().split('.')[2]

  it('gives the signature of the known vector for the decoded key', async () => {
    expect(await signatureOf(Buffer.from(text, 'base64url'))).toBe('CGLm6Zcj6OB1LToEqkxD1hDTuxuOu918aGKJ6FiCQbc')
  })

  it('gives another signature when the text itself is the key', async () => {
    expect(await signatureOf(Buffer.from(text))).toBe('QVYpkpJOzmEH1myeez2TJHuf84lyycPkyR2a_jjkLXA')
  })
})

describe('signJwt', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const partsOf = (token: Secret) => token.reveal().split('.')
  const decoded = (part = '') => Buffer.from(part, 'base64url').toString()

  it('names the key, and gives a signature that its public half verifies', async () => {
    const key = { algorithm: 'RS512', kid: 'k1', privateKey: rsa.privateKey } as const
    const token = await signJwt({ iss: 'a:b', iat: 1700000000 }, key)
    const [header = '', claims = '', signature = ''] = partsOf(token)
    expect(decoded(header)).toBe('{"alg":"RS512","kid":"k1","typ":"JWT"}')
    expect(decoded(claims)).toBe('{"iss":"a:b","iat":1700000000}')
    const signed = Buffer.from(`${header}.${claims}`)
    expect(verify('sha512', signed, rsa.publicKey, Buffer.from(signature, 'base64url'))).toBe(true)
    expect(`${token}`).not.toContain(signature)
  })

  it.each(['RS256', 'RS384', 'RS512', 'PS256', 'ES256'] as const)(
    'signs as %s says, and not otherwise',
    async (algorithm) => {
      const { privateKey, publicKey } = algorithm === 'ES256' ? ec : rsa
      const token = await signJwt({ iss: 'a' }, { algorithm, privateKey })
      expect((await jwtVerify(token.reveal(), publicKey, { algorithms: [algorithm] })).payload).toEqual({ iss: 'a' })
      const other = algorithm === 'RS256' ? 'PS256' : 'RS256'
      await expect(jwtVerify(token.reveal(), publicKey, { algorithms: [other] })).rejects.toThrow()
    },
  )

  it('names the certificate of the key for who knows keys by that, and nothing where there is no name', async () => {
    const key = { algorithm: 'PS256', privateKey: rsa.privateKey } as const
    const [header] = partsOf(await signJwt({}, { ...key, certificateThumbprint: 'dGh1bWI' }))
    expect(decoded(header)).toBe('{"alg":"PS256","x5t#S256":"dGh1bWI","typ":"JWT"}')
    expect(decoded(partsOf(await signJwt({}, key))[0])).toBe('{"alg":"PS256","typ":"JWT"}')
  })

  it('takes no key of fewer than 2048 bits', async () => {
    const small = generateKeyPairSync('rsa', { modulusLength: 1024 })
    await expect(signJwt({}, { algorithm: 'RS512', privateKey: small.privateKey })).rejects.toThrow('2048 bits')
  })
})

describe('confirmationOf', () => {
  it.each([
    ['key', { jkt: 'x' }],
    ['certificate', { 'x5t#S256': 'x' }],
    [undefined, { kid: 'x' }],
    [undefined, null],
    [undefined, 'jkt'],
    [undefined, []],
    [undefined, undefined],
  ])('is a %s where the token says %j', (what, cnf) => {
    expect(confirmationOf(new Secret(jwt({ cnf })))).toBe(what)
  })

  it('is none of an opaque token', () => {
    expect(confirmationOf(new Secret('opaque'))).toBeUndefined()
  })
})

describe('claimsOf', () => {
  it('reads exp and iat without asking for the signature', () => {
    expect(claimsOf(new Secret(jwt({ exp: 1700000300.5, iat: 1700000000 })))).toEqual({
      exp: 1700000300.5,
      iat: 1700000000,
    })
  })

  it.each(['1700000300', null, true, [1], {}, 9e15, -9e15])('takes an exp of %j for none', (exp) => {
    expect(claimsOf(new Secret(jwt({ exp })))).toEqual({ exp: undefined, iat: undefined })
  })

  it.each(['', 'Zz9xxxxx_aa', 'a.b.c', 'a.b', 'a.b.c.d.e', `${'x'.repeat(9999)}.`, jwt([]), 'e30.bnVsbA.x'])(
    'says nothing of the opaque token %#',
    (token) => {
      expect(claimsOf(new Secret(token))).toBeUndefined()
    },
  )
})
