import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import type { VendorDescription } from '../../functions/generic/description.ts'
import { describedVendor } from '../../functions/generic/vendor.ts'
import { Secret } from '../../functions/kit/secret.ts'
import { CANARY } from './vendor-samples.ts'

const pem = () =>
  generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()

/** The keys of every sample that signs. */
export const KEY = pem()
export const OTHER_KEY = pem()
export const publicKey = createPublicKey(KEY)

/** The least that a description has to say, for a vendor that nobody knows. */
export const zenith = {
  title: 'Zenith',
  hosts: ['zenith.example'],
  grant: 'client_credentials',
  clientAuthentication: 'client_secret_basic',
  tokenEndpoint: 'https://{tenant}.zenith.example/oauth2/token',
  apiBaseUrl: 'https://{tenant}.zenith.example/api/',
} as const satisfies VendorDescription

type Grant = VendorDescription['grant']
type Way = VendorDescription['clientAuthentication']

const PAIRS: readonly (readonly [Grant, Way])[] = [
  ['client_credentials', 'client_secret_basic'],
  ['client_credentials', 'client_secret_post'],
  ['client_credentials', 'private_key_jwt'],
  ['authorization_code', 'client_secret_basic'],
  ['authorization_code', 'client_secret_post'],
  ['authorization_code', 'private_key_jwt'],
  ['authorization_code', 'none'],
  ['jwt_bearer', 'client_secret_basic'],
  ['jwt_bearer', 'client_secret_post'],
  ['jwt_bearer', 'private_key_jwt'],
  ['jwt_bearer', 'none'],
]

/** Made of a description, one of each grant with each way to authenticate the client that goes with it. */
export const describedSamples = PAIRS.map(([grant, clientAuthentication]) => {
  const name = `zenith-${grant}-${clientAuthentication}`.replaceAll('_', '-')
  const description: VendorDescription = {
    ...zenith,
    grant,
    clientAuthentication,
    revocationEndpoint: 'https://{tenant}.zenith.example/oauth2/revoke',
    ...(grant === 'authorization_code' && {
      authorizationEndpoint: 'https://{tenant}.zenith.example/oauth2/authorize',
    }),
  }
  const signs = grant === 'jwt_bearer' || clientAuthentication === 'private_key_jwt'
  const proves = clientAuthentication.startsWith('client_secret')
  const withSecrets = (secret: string, key: string) => ({
    ...{ tenant: 'hq', client_id: 'c1' },
    ...(proves && { client_secret: secret }),
    ...(signs && { private_key: key }),
  })
  return {
    name,
    grant,
    clientAuthentication,
    description,
    vendor: describedVendor(name, description),
    document: withSecrets(CANARY, KEY) as Readonly<Record<string, unknown>>,
    /** Undefined for a client without a secret. */
    rotated: proves || signs ? withSecrets(`${CANARY}other`, OTHER_KEY) : undefined,
    granted: { access_token: 'token-canary', token_type: 'Bearer', expires_in: 3600 },
    held: grant === 'authorization_code' ? new Secret(`refresh-${CANARY}`) : undefined,
    beside: undefined,
    inQuery: undefined,
    forbidden: undefined,
  }
})
