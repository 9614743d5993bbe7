import { Buffer } from 'node:buffer'
import { generateKeyPairSync, verify } from 'node:crypto'
import { Secret } from '../../functions/kit/secret.ts'
import { claimsOf, signHs256, signRs512 } from '../../functions/oauth/jwt.ts'
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

describe('signRs512', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })

  it('names the key, and gives a signature that its public half verifies', async () => {
    const token = await signRs512({ iss: 'a:b', iat: 1700000000 }, { kid: 'k1', privateKey })
    const [header = '', claims = '', signature = ''] = token.reveal().split('.')
    expect(Buffer.from(header, 'base64url').toString()).toBe('{"alg":"RS512","kid":"k1","typ":"JWT"}')
    expect(Buffer.from(claims, 'base64url').toString()).toBe('{"iss":"a:b","iat":1700000000}')
    const signed = Buffer.from(`${header}.${claims}`)
    expect(verify('sha512', signed, publicKey, Buffer.from(signature, 'base64url'))).toBe(true)
    expect(`${token}`).not.toContain(signature)
  })

  it('takes no key of fewer than 2048 bits', async () => {
    const small = generateKeyPairSync('rsa', { modulusLength: 1024 })
    await expect(signRs512({}, { kid: 'k1', privateKey: small.privateKey })).rejects.toThrow('2048 bits')
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
