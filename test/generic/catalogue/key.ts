import { generateKeyPairSync } from 'node:crypto'

/** The key of every sample that signs something. */
const { privateKey, publicKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
})

export const PRIVATE_KEY = privateKey
export const PUBLIC_KEY = publicKey
