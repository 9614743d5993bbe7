import { Secret } from '../../functions/kit/secret.ts'
import { secondsAfter } from '../../functions/kit/time.ts'
import { clientSecretParameters } from '../../functions/oauth/client-auth.ts'
import { authorizationCodeGrant, clientCredentialsGrant, refreshTokenGrant } from '../../functions/oauth/grants.ts'
import { contextFor, expectNoTrace, failureOf, json, NOW, type Step, vendorAnswering } from '../support/fake-vendor.ts'

const acme = { hosts: ['acme.example'], tokens: { storage: 'table', maxLifeSeconds: 3600 } } as const
const endpoint = { url: new URL('https://acme.example/token'), clientAuth: { authorization: 'Basic x' } }

async function grant(step: Step, parameters: Record<string, string> = {}, now = () => NOW) {
  const vendor = vendorAnswering(step)
  const issued = await clientCredentialsGrant(endpoint, parameters, contextFor(vendor, acme, { now }))
  return { issued, body: vendor.requests[0]?.body, headers: vendor.requests[0]?.headers }
}

it('sends the grant type, its parameters, and who it is from', async () => {
  const { body, headers } = await grant(json({ access_token: 't1', expires_in: 60 }), { scope: 'a b&grant_type=x' })
  expect(body).toBe('grant_type=client_credentials&scope=a+b%26grant_type%3Dx')
  expect(headers?.get('authorization')).toBe('Basic x')
})

it('counts the life of the token from before the request', async () => {
  let calls = 0
  const now = () => secondsAfter(NOW, calls++ * 5)
  const { issued } = await grant(json({ access_token: 't1', expires_in: 60 }), {}, now)
  expect(issued.accessToken).toMatchObject({ issuedAt: NOW, expiresAt: secondsAfter(NOW, 60) })
})

it('takes the scope of the request unless the answer states another', async () => {
  const parameters = { scope: 'read write' }
  expect((await grant(json({ access_token: 't1', expires_in: 60 }), parameters)).issued.accessToken.scope).toBe(
    'read write',
  )
  const narrower = json({ access_token: 't1', expires_in: 60, scope: 'read' })
  expect((await grant(narrower, parameters)).issued.accessToken.scope).toBe('read')
  expect((await grant(json({ access_token: 't1', expires_in: 60 }))).issued.accessToken).not.toHaveProperty('scope')
})

describe('a refresh token', () => {
  const refresh = async (changes: object = {}) => {
    const vendor = vendorAnswering(json({ access_token: 't1', expires_in: 60 }))
    await refreshTokenGrant({ ...endpoint, ...changes }, new Secret('r+ 1'), contextFor(vendor, acme))
    return vendor.requests[0]
  }

  it('is sent with its grant type, and without a scope, which asks for the same', async () => {
    expect(await refresh()).toMatchObject({
      url: 'https://acme.example/token',
      body: 'grant_type=refresh_token&refresh_token=r%2B+1',
    })
  })

  it('is sent with id and secret among the parameters, where the vendor wants that', async () => {
    const clientAuth = clientSecretParameters({ client_id: 'c1', client_secret: new Secret('s%') })
    const request = await refresh({ clientAuth })
    expect(request?.body).toBe('client_id=c1&client_secret=s%25&grant_type=refresh_token&refresh_token=r%2B+1')
    expect(request?.headers.get('authorization')).toBeNull()
  })

  it('is sent in the query, where the vendor wants that, with no + for a space and no body', async () => {
    const clientAuth = clientSecretParameters({ client_id: 'c1', client_secret: new Secret('s%') })
    const request = await refresh({ clientAuth, send: 'query' })
    expect(request).toMatchObject({
      method: 'POST',
      url: 'https://acme.example/token?client_id=c1&client_secret=s%25&grant_type=refresh_token&refresh_token=r%2B%201',
      body: '',
    })
    expect(request?.headers.get('content-type')).toBeNull()
  })

  it('is sent to no host that is not allowed, in a query neither', async () => {
    const vendor = vendorAnswering()
    const elsewhere = { ...endpoint, url: new URL('https://evil.example/token'), send: 'query' } as const
    const error = await failureOf(refreshTokenGrant(elsewhere, new Secret('canary'), contextFor(vendor, acme)))
    expect(error).toMatchObject({ code: 'configuration' })
    expect(vendor.requests).toHaveLength(0)
    expectNoTrace(error, 'canary')
  })
})

describe('a code', () => {
  const exchange = async (changes: object = {}) => {
    const vendor = vendorAnswering(json({ access_token: 't1', expires_in: 60, refresh_token: 'r1' }))
    const grant = { code: new Secret('c&1'), redirectUri: 'http://127.0.0.1:1/callback', ...changes }
    const issued = await authorizationCodeGrant(endpoint, grant, contextFor(vendor, acme))
    return { issued, form: Object.fromEntries(new URLSearchParams(vendor.requests[0]?.body)) }
  }

  it('is sent with the address it came to', async () => {
    const { issued, form } = await exchange()
    expect(form).toEqual({ grant_type: 'authorization_code', code: 'c&1', redirect_uri: 'http://127.0.0.1:1/callback' })
    expect(issued.refreshToken?.reveal()).toBe('r1')
  })

  it('is sent with the verifier of its challenge, and under another name of the grant', async () => {
    const { form } = await exchange({ codeVerifier: new Secret('v1'), grantType: 'auth_code' })
    expect(form).toMatchObject({ grant_type: 'auth_code', code_verifier: 'v1' })
  })
})
