import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { jest } from '@jest/globals'
import { Secret } from '../../functions/kit/secret.ts'
import { secondsAfter } from '../../functions/kit/time.ts'
import type { Context } from '../../functions/kit/vendor.ts'
import { signAssertion } from '../../functions/oauth/assertion.ts'
import {
  clientSecretBasic,
  clientSecretBasicRaw,
  clientSecretParameters,
  privateKeyJwt,
} from '../../functions/oauth/client-auth.ts'
import { clientCredentialsGrant } from '../../functions/oauth/grants.ts'
import type { Algorithm, SigningKey } from '../../functions/oauth/jwt.ts'
import { metadataOf } from '../../functions/oauth/metadata.ts'
import { revokeToken } from '../../functions/oauth/revocation.ts'
import type { Endpoint } from '../../functions/oauth/token-endpoint.ts'
import { failureOf } from '../support/fake-vendor.ts'

// Client authentication and metadata against an authorization server that nobody here has written.

const ISSUER = 'https://idp.example'
const SECRET = new Secret('a secret: 100% & +more/of=it~')
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const otherRsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const otherEc = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const KEYS: Readonly<Record<Algorithm, { readonly privateKey: KeyObject; readonly publicKey: KeyObject }>> = {
  RS256: rsa,
  RS384: rsa,
  RS512: rsa,
  PS256: rsa,
  ES256: ec,
}
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'ES256'] as const

let server: Server
let loopback: string

const client = (client_id: string, more: object) => ({
  client_id,
  grant_types: ['client_credentials'],
  redirect_uris: [],
  response_types: [],
  ...more,
})

beforeAll(async () => {
  // What a real installation would have to set it says on the console, some of it as soon as it is loaded.
  for (const level of ['info', 'warn'] as const) jest.spyOn(console, level).mockImplementation(() => {})
  // Jest has globals of its own, and what Node clones is of none of its classes: the provider takes that for no plain object.
  jest.spyOn(globalThis, 'structuredClone').mockImplementation((value) => JSON.parse(JSON.stringify(value)))
  const { default: Provider } = await import('oidc-provider')
  const provider = new Provider(ISSUER, {
    clients: [
      client('basic:1', { client_secret: SECRET.reveal(), token_endpoint_auth_method: 'client_secret_basic' }),
      client('post', { client_secret: SECRET.reveal(), token_endpoint_auth_method: 'client_secret_post' }),
      ...ALGORITHMS.map((alg) =>
        client(alg, {
          token_endpoint_auth_method: 'private_key_jwt',
          token_endpoint_auth_signing_alg: alg,
          jwks: { keys: [{ ...KEYS[alg].publicKey.export({ format: 'jwk' }), kid: 'k1', alg, use: 'sig' }] },
        }),
      ),
    ],
    cookies: { keys: ['a key for tests'] },
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
    enabledJWA: { clientAuthSigningAlgValues: [...ALGORITHMS] },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      revocation: { enabled: true },
    },
    scopes: ['read'],
  })
  provider.proxy = true
  server = createServer(provider.callback())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('the server has no port')
  loopback = `http://127.0.0.1:${address.port}`
})

afterAll(() => {
  server.close()
  server.closeAllConnections()
  jest.restoreAllMocks()
})

/** Our own calls may go to public names over TLS only: the server is told that a proxy stands before it. */
const http: typeof fetch = (input, init) => {
  const url = new URL(input instanceof Request ? input.url : input)
  const forwarded = { 'x-forwarded-proto': url.protocol.slice(0, -1), 'x-forwarded-host': url.host }
  return fetch(`${loopback}${url.pathname}`, { ...init, headers: { ...Object(init?.headers), ...forwarded } })
}

const context = (now = () => new Date()): Context => ({
  http,
  now,
  signal: AbortSignal.timeout(5000),
  hosts: ['idp.example'],
  policy: { storage: 'table', maxLifeSeconds: 86_400 },
})

/** A token of the client, from the endpoint that the metadata name. */
async function token(clientAuth: Endpoint['clientAuth'], now?: () => Date) {
  const { tokenEndpoint: url } = await metadataOf(ISSUER, context())
  const endpoint = clientAuth ? { url, clientAuth } : { url }
  return clientCredentialsGrant(endpoint, { scope: 'read' }, context(now))
}

const keyOf = (algorithm: Algorithm): SigningKey => ({ algorithm, kid: 'k1', privateKey: KEYS[algorithm].privateKey })
const proofOf = (clientId: string, key: SigningKey) => async (now: Date) =>
  privateKeyJwt(clientId, await signAssertion({ issuer: clientId, audience: ISSUER }, key, now))

it('says where its endpoints are, and that it sends its issuer', async () => {
  expect(await metadataOf(ISSUER, context())).toEqual({
    issuer: ISSUER,
    tokenEndpoint: new URL('https://idp.example/token'),
    authorizationEndpoint: new URL('https://idp.example/auth'),
    revocationEndpoint: new URL('https://idp.example/token/revocation'),
    sendsIssuer: true,
  })
})

it('is no other issuer, not by a slash', async () => {
  expect(await failureOf(metadataOf(`${ISSUER}/`, context()))).toMatchObject({ code: 'configuration' })
})

it('knows a client by its form-encoded id and secret, and not by the raw ones', async () => {
  const pair = { client_id: 'basic:1', client_secret: SECRET }
  expect((await token(clientSecretBasic(pair))).accessToken.scope).toBe('read')
  expect(await failureOf(token(clientSecretBasicRaw(pair)))).toMatchObject({ code: expect.any(String) })
})

it('knows a client by its secret among the parameters, and not by another', async () => {
  expect((await token(clientSecretParameters({ client_id: 'post', client_secret: SECRET }))).accessToken.scope).toBe(
    'read',
  )
  const stranger = clientSecretParameters({ client_id: 'post', client_secret: new Secret('x') })
  expect(await failureOf(token(stranger))).toMatchObject({ code: 'credential_rejected' })
})

describe.each(ALGORITHMS)('a client with a key for %s', (algorithm) => {
  it('is known by an assertion', async () => {
    expect((await token(proofOf(algorithm, keyOf(algorithm)))).accessToken.scope).toBe('read')
  })

  it('is not known by an assertion of another key', async () => {
    const { privateKey } = algorithm === 'ES256' ? otherEc : otherRsa
    const stranger = proofOf(algorithm, { algorithm, kid: 'k1', privateKey })
    expect(await failureOf(token(stranger))).toMatchObject({ code: 'credential_rejected' })
  })
})

it.each([-600, 600])('knows a client whose clock is %i s off at the second attempt', async (seconds) => {
  const now = () => secondsAfter(new Date(), seconds)
  expect((await token(proofOf('ES256', keyOf('ES256')), now)).accessToken.scope).toBe('read')
})

it('takes no assertion a second time', async () => {
  const proof = await proofOf('ES256', keyOf('ES256'))(new Date())
  await token(proof)
  expect(await failureOf(token(proof))).toMatchObject({ code: 'credential_rejected' })
})

it('revokes for a client that proves itself by an assertion', async () => {
  const { revocationEndpoint: url } = await metadataOf(ISSUER, context())
  if (!url) throw new Error('there is no revocation endpoint')
  const clientAuth = proofOf('PS256', keyOf('PS256'))
  const { accessToken } = await token(clientAuth)
  await revokeToken({ url, clientAuth }, accessToken.value, context())
})
