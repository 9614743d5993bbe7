import { generateKeyPairSync, type KeyObject, type KeyPairKeyObjectResult } from 'node:crypto'
import { keyFault, keyIdIn, signingKey } from '../../functions/oauth/signing-key.ts'
import { newRsaKey } from '../../functions/simulation/rs512.ts'

const rsa = newRsaKey(2048)
const small = newRsaKey(1024)
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' })
const ed = generateKeyPairSync('ed25519')

const pem = (key: KeyObject, type: 'pkcs8' | 'pkcs1' | 'sec1' = 'pkcs8') =>
  key.export({ format: 'pem', type }).toString()
const jwk = (key: KeyObject, more: object = {}) => JSON.stringify({ ...key.export({ format: 'jwk' }), ...more })
const der = (key: KeyObject) => key.export({ format: 'der', type: 'pkcs8' })
const publicPem = ({ publicKey }: KeyPairKeyObjectResult) =>
  publicKey.export({ format: 'pem', type: 'spki' }).toString()

describe('a key that can be used', () => {
  it.each([
    ['a PEM of PKCS#8', pem(rsa)],
    ['a PEM of PKCS#1', pem(rsa, 'pkcs1')],
    ['a JWK', jwk(rsa)],
    ['a JWK that says what it is for', jwk(rsa, { use: 'sig', alg: 'RS256', kid: 'k' })],
    ['a PEM in one line', pem(rsa).replaceAll('\n', ' ')],
    ['a PEM whose lines lost their ends', pem(rsa).replaceAll('\n', '')],
    ['a PEM with \\n for its ends of lines', pem(rsa).replaceAll('\n', '\\n')],
    ['a PEM with \\r\\n', pem(rsa).replaceAll('\n', '\r\n')],
    ['a PEM with something around it', `subject=acme\n${pem(rsa)}\n-----BEGIN CERTIFICATE-----\nx\n`],
  ])('is %s', (_what, text) => {
    const key = signingKey(text)
    expect(key && der(key).equals(der(rsa))).toBe(true)
    expect(keyFault(text)).toBeUndefined()
  })

  it.each([
    ['PKCS#8', pem(ec.privateKey)],
    ['SEC 1', pem(ec.privateKey, 'sec1')],
    [
      'SEC 1 behind its parameters',
      `-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n${pem(ec.privateKey, 'sec1')}`,
    ],
    ['JWK', jwk(ec.privateKey)],
  ])('is one on P-256 as %s, for ES256', (_what, text) => {
    const key = signingKey(text, 'ES256')
    expect(key && der(key).equals(der(ec.privateKey))).toBe(true)
  })

  it.each(['RS256', 'RS384', 'RS512', 'PS256'] as const)('is one of RSA for %s', (algorithm) => {
    expect(keyFault(pem(rsa), algorithm)).toBeUndefined()
  })
})

describe('a key that cannot be used', () => {
  const encrypted = rsa.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-128-cbc', passphrase: 'x' }).toString()
  const old = rsa.export({ format: 'pem', type: 'pkcs1', cipher: 'aes-128-cbc', passphrase: 'x' }).toString()
  const { d, p, q, dp, dq, qi, ...open } = rsa.export({ format: 'jwk' })

  it.each([
    ['no key', 'canary', 'RS256', 'must be a private key: a PEM'],
    ['an empty text', '', 'RS256', 'must be a private key: a PEM'],
    ['a public key', publicPem(ec), 'ES256', 'this is the public half'],
    ['a certificate', '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----', 'RS256', 'this is the public half'],
    ['a public JWK', JSON.stringify(open), 'RS256', 'has no private part'],
    ['JSON that is no key', '{"canary":1}', 'RS256', 'has no private part'],
    ['a list', '[1]', 'RS256', 'has no private part'],
    ['a JWK for encryption', jwk(rsa, { use: 'enc' }), 'RS256', 'must be a JWK for signatures'],
    ['a JWK for another algorithm', jwk(rsa, { alg: 'canary' }), 'RS256', 'must be a JWK for RS256'],
    ['a JWK that is none', '{"kty":"RSA","d":"canary"}', 'RS256', 'must be one whole private key'],
    ['a key with a passphrase', encrypted, 'RS256', 'without a passphrase'],
    ['a key with a passphrase of the old kind', old, 'RS256', 'without a passphrase'],
    ['a key that was cut off', pem(rsa).slice(0, 800), 'RS256', 'must be one whole private key'],
    [
      'a key with its middle gone',
      pem(rsa).slice(0, 300) + pem(rsa).slice(700),
      'RS256',
      'must be one whole private key',
    ],
    ['a key of 1024 bits', pem(small), 'RS256', 'must be an RSA key of 2048 bits or more'],
    ['a JWK of 1024 bits', jwk(small), 'PS256', 'must be an RSA key of 2048 bits or more'],
    ['a key on a curve, for RSA', pem(ec.privateKey), 'RS256', 'must be an RSA key, for RS256'],
    ['a key of Ed25519', pem(ed.privateKey), 'RS512', 'must be an RSA key, for RS512'],
    ['a key of RSA, for a curve', pem(rsa), 'ES256', 'must be an EC key on the curve P-256, for ES256'],
    ['a key on another curve', pem(p384.privateKey), 'ES256', 'must be an EC key on the curve P-256, for ES256'],
  ] as const)('is %s: it is refused in words that hold none of it', (_what, text, algorithm, words) => {
    expect(signingKey(text, algorithm)).toBeUndefined()
    const fault = keyFault(text, algorithm)
    expect(fault).toContain(words)
    expect(fault).not.toContain('canary')
  })
})

describe('the name of a key', () => {
  it.each([
    [jwk(rsa, { kid: 'k1' }), 'k1'],
    [jwk(rsa), undefined],
    [jwk(rsa, { kid: 7 }), undefined],
    [pem(rsa), undefined],
  ])('stands in a JWK that has one (%#)', (text, kid) => {
    expect(keyIdIn(text)).toBe(kid)
  })
})
