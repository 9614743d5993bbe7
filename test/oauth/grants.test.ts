import { secondsAfter } from '../../functions/core/token.ts'
import { clientCredentialsGrant } from '../../functions/oauth/grants.ts'
import { contextFor, json, NOW, type Step, vendorAnswering } from '../fake-vendor.ts'

const acme = { hosts: ['acme.example'], tokens: { keep: 'table', maxLifeSeconds: 3600 } } as const
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

it('takes the scope that was asked for unless the answer states another', async () => {
  const asked = { scope: 'read write' }
  expect((await grant(json({ access_token: 't1', expires_in: 60 }), asked)).issued.accessToken.scope).toBe('read write')
  const narrower = json({ access_token: 't1', expires_in: 60, scope: 'read' })
  expect((await grant(narrower, asked)).issued.accessToken.scope).toBe('read')
  expect((await grant(json({ access_token: 't1', expires_in: 60 }))).issued.accessToken).not.toHaveProperty('scope')
})
