import { generateKeyPairSync } from 'node:crypto'
import { type KeyPair, lazyKeyPair } from '../../../../functions/simulation/rs512.ts'
import type { Algorithm } from './description.ts'

/** A key pair in PEM. */
export interface Pem {
  readonly publicKey: string
  readonly privateKey: string
}

/** Keys for clients: one RSA key for all, since it takes a tenth of a second, and only where one is needed. */
export function keysForClients(): (algorithm: Algorithm) => Pem {
  const rsa = lazyKeyPair()
  return (algorithm) => (algorithm === 'ES256' ? newEcKey() : inPem(rsa()))
}

export const newEcKey = (): Pem =>
  generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })

const inPem = ({ publicKey, privateKey }: KeyPair): Pem => ({
  publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
})
