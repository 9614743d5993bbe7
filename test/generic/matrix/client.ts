import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { type Combination, hasKey, hasSecret, nameOf } from './combination.ts'

/** A client as a server registers it, and the credentials that a connection of ours would hold. */
export interface Client {
  readonly combination: Combination
  readonly id: string
  readonly secret?: string
  readonly publicKey?: KeyObject
  readonly keyId: string
  readonly document: object
}

export const REDIRECT_URI = 'https://vend.example/callback'

const pairs = {
  rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ec: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
}
const strangers = {
  rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ec: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
}

const clientWith = (combination: Combination, id: string, secret: string, keys = pairs): Client => {
  const { publicKey, privateKey } = keys[combination.algorithm === 'ES256' ? 'ec' : 'rsa']
  return {
    combination,
    id,
    keyId: 'k1',
    ...(hasSecret(combination) && { secret }),
    ...(hasKey(combination) && { publicKey }),
    document: {
      client_id: id,
      ...(hasSecret(combination) && { client_secret: secret }),
      ...(hasKey(combination) && {
        private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
        key_id: 'k1',
      }),
    },
  }
}

const PLAIN = 'plain-secret'
const idOf = (combination: Combination): string => nameOf(combination).replaceAll(' ', '.')

export const clientOf = (combination: Combination): Client => clientWith(combination, idOf(combination), PLAIN)

/** One whose secret says something else where it is not form-encoded (RFC 6749 section 2.3.1), and whose id has a colon. */
export const oddClientOf = (combination: Combination): Client =>
  clientWith(combination, `odd:${idOf(combination)}`, 'a :+%&= /%41~?#')

/** One that is known as well. */
export const otherClientOf = (combination: Combination): Client =>
  clientWith(combination, `other.${idOf(combination)}`, PLAIN)

/** One that says it is that client and is not. */
export const strangerOf = (combination: Combination): Client =>
  clientWith(combination, idOf(combination), 'another-secret', strangers)

/** One that proves who it is, and has signed the grant with a key that is not its own. */
export const forgerOf = (combination: Combination): Client =>
  clientWith(combination, idOf(combination), PLAIN, strangers)
