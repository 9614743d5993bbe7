import { Secret } from '../../functions/kit/secret.ts'
import { secondsAfter } from '../../functions/kit/time.ts'
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
