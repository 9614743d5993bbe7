import { Secret } from '../../functions/kit/secret.ts'
import { secondsAfter } from '../../functions/kit/time.ts'
import { clientSecretParameters, privateKeyJwt } from '../../functions/oauth/client-auth.ts'
import { jwtBearerGrant } from '../../functions/oauth/jwt-bearer.ts'
import { contextFor, failureOf, json, NOW, type Step, vendorAnswering } from '../support/fake-vendor.ts'

const acme = { hosts: ['acme.example'], tokens: { storage: 'table', maxLifeSeconds: 3600 } } as const
const granted = json({ access_token: 't1', expires_in: 60 })

/** An assertion that says no more than when it was made. */
const assertion = async (now: Date) => new Secret(now.toISOString())

function grant(...script: Step[]) {
  const vendor = vendorAnswering(...script)
  const endpoint = { url: new URL('https://acme.example/token') }
  const promise = jwtBearerGrant(endpoint, { clientId: 'a:b', assertion }, contextFor(vendor, acme))
  const sent = () => vendor.requests.map(({ body }) => new URLSearchParams(body).get('assertion'))
  return { promise, vendor, sent }
}

const refusal = (error: string, seconds: number, status = 400) =>
  json({ error }, status, { date: secondsAfter(NOW, seconds).toUTCString() })
const at = (seconds: number) => secondsAfter(NOW, seconds).toISOString()

it('sends the assertion as the grant, beside the client id', async () => {
  const { promise, vendor } = grant(granted.clone())
  const { accessToken } = await promise
  expect(accessToken).toMatchObject({ issuedAt: NOW, expiresAt: secondsAfter(NOW, 60) })
  expect(Object.fromEntries(new URLSearchParams(vendor.requests[0]?.body))).toEqual({
    client_id: 'a:b',
    grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    assertion: at(0),
  })
})

it.each([61, -61])("is tried once more at the vendor's time, %i s from ours", async (seconds) => {
  const { promise, sent } = grant(refusal('invalid_grant', seconds), granted.clone())
  expect((await promise).accessToken.issuedAt).toEqual(NOW)
  expect(sent()).toEqual([at(0), at(seconds)])
})

it.each<[string, Step]>([
  ['the clocks agree to the minute', refusal('invalid_grant', 60)],
  ['the refusal is of the client', refusal('invalid_client', 600)],
  ['the server breaks down', refusal('server_error', 600, 500)],
  ['no time is given', json({ error: 'invalid_grant' }, 400)],
])('is not tried again when %s', async (_why, answer) => {
  const { promise, sent } = grant(answer)
  await failureOf(promise)
  expect(sent()).toEqual([at(0)])
})

it('is a grant that was rejected, until a vendor says that this means its credentials', async () => {
  const { promise, sent } = grant(refusal('invalid_grant', 600), refusal('invalid_grant', 600))
  expect(await failureOf(promise)).toMatchObject({ code: 'grant_rejected' })
  expect(sent()).toEqual([at(0), at(600)])
})

it('may come without an id, with a proof of the client, and with more parameters', async () => {
  const vendor = vendorAnswering(granted.clone())
  const endpoint = {
    url: new URL('https://acme.example/token'),
    clientAuth: clientSecretParameters({ client_id: 'c1', client_secret: new Secret('s') }),
    parameters: { resource: 'https://api.acme.example' },
  }
  const request = { assertion, parameters: { scope: 'read', requested_token_use: 'on_behalf_of' } }
  const { accessToken } = await jwtBearerGrant(endpoint, request, contextFor(vendor, acme))
  expect(accessToken.scope).toBe('read')
  expect(Object.fromEntries(new URLSearchParams(vendor.requests[0]?.body))).toEqual({
    client_id: 'c1',
    client_secret: 's',
    grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    scope: 'read',
    requested_token_use: 'on_behalf_of',
    resource: 'https://api.acme.example',
    assertion: at(0),
  })
})

it('says no client id where none is given', async () => {
  const vendor = vendorAnswering(granted.clone())
  await jwtBearerGrant({ url: new URL('https://acme.example/token') }, { assertion }, contextFor(vendor, acme))
  expect(new URLSearchParams(vendor.requests[0]?.body).has('client_id')).toBe(false)
})

it('has both assertions made anew when either is refused, for a client that proves itself by one', async () => {
  for (const error of ['invalid_grant', 'invalid_client']) {
    const vendor = vendorAnswering(refusal(error, 600), granted.clone())
    const clientAuth = async (now: Date) => privateKeyJwt('c1', await assertion(now))
    await jwtBearerGrant(
      { url: new URL('https://acme.example/token'), clientAuth },
      { assertion },
      contextFor(vendor, acme),
    )
    const sent = vendor.requests.map(({ body }) => new URLSearchParams(body))
    expect(sent.map((form) => [form.get('assertion'), form.get('client_assertion')])).toEqual([
      [at(0), at(0)],
      [at(600), at(600)],
    ])
  }
})
