import { Secret } from '../../functions/kit/secret.ts'
import { secondsAfter } from '../../functions/kit/time.ts'
import { clientSecretParameters, privateKeyJwt } from '../../functions/oauth/client-auth.ts'
import { authorizationCodeGrant, clientCredentialsGrant, refreshTokenGrant } from '../../functions/oauth/grants.ts'
import { revokeToken } from '../../functions/oauth/revocation.ts'
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

describe('what an endpoint sends with every request', () => {
  const send = async (changes: object, parameters: Record<string, string> = { scope: 'a' }) => {
    const vendor = vendorAnswering(json({ access_token: 't1', expires_in: 60 }))
    const issued = await clientCredentialsGrant({ ...endpoint, ...changes }, parameters, contextFor(vendor, acme))
    const [request] = vendor.requests
    return { request, form: Object.fromEntries(new URLSearchParams(request?.body)), issued }
  }

  it('comes beside its parameters (RFC 8707 has `resource` so)', async () => {
    const { form } = await send({ parameters: { resource: 'https://api.acme.example' } })
    expect(form).toEqual({ grant_type: 'client_credentials', scope: 'a', resource: 'https://api.acme.example' })
  })

  it('goes in the place of one of them, and its scope is what the token is good for', async () => {
    const { form, issued } = await send({ parameters: { grant_type: 'account_credentials', scope: 'b' } })
    expect(form).toEqual({ grant_type: 'account_credentials', scope: 'b' })
    expect(issued.accessToken.scope).toBe('b')
  })

  it('never goes in the place of who we are', async () => {
    const clientAuth = clientSecretParameters({ client_id: 'c1', client_secret: new Secret('s') })
    const { form } = await send({ clientAuth, parameters: { client_id: 'x', client_secret: 'x' } })
    expect(form).toMatchObject({ client_id: 'c1', client_secret: 's' })
  })

  it('is never a password grant (RFC 9700 section 2.4)', async () => {
    const vendor = vendorAnswering()
    const wrong = { ...endpoint, parameters: { grant_type: 'password', username: 'ada', password: 'canary' } }
    const error = await failureOf(clientCredentialsGrant(wrong, {}, contextFor(vendor, acme)))
    expect(error).toMatchObject({ code: 'configuration', message: expect.stringContaining('RFC 9700') })
    expectNoTrace(error, 'canary')
    expect(vendor.requests).toHaveLength(0)
  })

  it('goes out as JSON where the vendor wants that', async () => {
    const clientAuth = clientSecretParameters({ client_id: 'c1', client_secret: new Secret('s"') })
    const { request } = await send({ clientAuth, send: 'json', parameters: { x: undefined } })
    expect(request?.headers.get('content-type')).toBe('application/json')
    expect(JSON.parse(request?.body ?? '')).toEqual({
      client_id: 'c1',
      client_secret: 's"',
      grant_type: 'client_credentials',
      scope: 'a',
    })
    expect(request?.url).toBe('https://acme.example/token')
  })
})

describe('an assertion that proves who we are', () => {
  /** It says no more than when it was made. */
  const clientAuth = async (now: Date) => privateKeyJwt('c1', new Secret(now.toISOString()))
  const refusal = (error: string, seconds: number) =>
    json({ error }, 401, { date: secondsAfter(NOW, seconds).toUTCString() })
  const sentBy = (requests: readonly { body: string }[]) =>
    requests.map(({ body }) => new URLSearchParams(body).get('client_assertion'))

  const refreshed = (...script: Step[]) => {
    const vendor = vendorAnswering(...script)
    const promise = refreshTokenGrant({ ...endpoint, clientAuth }, new Secret('r1'), contextFor(vendor, acme))
    return { promise, vendor, sent: () => sentBy(vendor.requests) }
  }

  it('is made for the request, beside any grant (RFC 7523 section 2.2)', async () => {
    const { promise, vendor } = refreshed(json({ access_token: 't1', expires_in: 60 }))
    await promise
    expect(Object.fromEntries(new URLSearchParams(vendor.requests[0]?.body))).toEqual({
      client_id: 'c1',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: NOW.toISOString(),
      grant_type: 'refresh_token',
      refresh_token: 'r1',
    })
  })

  it("is made once more as of the vendor's time, when it is refused and the clocks differ", async () => {
    const { promise, sent } = refreshed(refusal('invalid_client', 61), json({ access_token: 't1', expires_in: 60 }))
    expect((await promise).accessToken.issuedAt).toEqual(NOW)
    expect(sent()).toEqual([NOW.toISOString(), secondsAfter(NOW, 61).toISOString()])
  })

  it.each([
    ['the clocks agree to the minute', refusal('invalid_client', 60)],
    ['the grant is what is refused', refusal('invalid_grant', 600)],
    ['the demand is another', refusal('use_dpop_nonce', 600)],
  ])('is not made again when %s', async (_why, step) => {
    const { promise, sent } = refreshed(step)
    await failureOf(promise)
    expect(sent()).toHaveLength(1)
  })

  it('is not made a third time', async () => {
    const { promise, sent } = refreshed(refusal('invalid_client', 600), refusal('invalid_client', 1200))
    expect(await failureOf(promise)).toMatchObject({ code: 'credential_rejected' })
    expect(sent()).toHaveLength(2)
  })

  it('proves who revokes a token as well', async () => {
    const vendor = vendorAnswering(refusal('invalid_client', -600), json({}))
    await revokeToken({ ...endpoint, clientAuth }, new Secret('t1'), contextFor(vendor, acme))
    expect(sentBy(vendor.requests)).toEqual([NOW.toISOString(), secondsAfter(NOW, -600).toISOString()])
  })
})

describe('a client that acts for itself', () => {
  it.each([
    'interaction_required',
    'login_required',
    'consent_required',
    'account_selection_required',
    'insufficient_user_authentication',
  ])('has no consent to be renewed: %s is a matter of its configuration', async (error) => {
    expect(await failureOf(grant(json({ error }, 400)))).toMatchObject({ code: 'configuration' })
    const vendor = vendorAnswering(json({ error }, 400))
    const renewal = refreshTokenGrant(endpoint, new Secret('r1'), contextFor(vendor, acme))
    expect(await failureOf(renewal)).toMatchObject({ code: 'grant_rejected' })
  })
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
