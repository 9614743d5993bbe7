import { Secret } from '../../functions/kit/secret.ts'
import { revokeToken } from '../../functions/oauth/revocation.ts'
import {
  contextFor,
  expectNoTrace,
  failureOf,
  html,
  json,
  type Step,
  text,
  vendorAnswering,
} from '../support/fake-vendor.ts'

const acme = { hosts: ['acme.example'], tokens: { storage: 'table', maxLifeSeconds: 3600 } } as const
const endpoint = { url: new URL('https://acme.example/revoke'), clientAuth: { authorization: 'Basic x' } }

async function revoke(step: Step, changes: object = {}) {
  const vendor = vendorAnswering(step)
  await revokeToken({ ...endpoint, ...changes }, new Secret('t&canary'), contextFor(vendor, acme))
  return vendor.requests[0]
}

it('posts the token as a form, with who it is from (RFC 7009 section 2.1)', async () => {
  const request = await revoke(text(''))
  expect(request).toMatchObject({ method: 'POST', url: 'https://acme.example/revoke', body: 'token=t%26canary' })
  expect(request?.headers.get('authorization')).toBe('Basic x')
})

it('sends the token in the query, under the name the vendor has for it, with the header still there', async () => {
  const request = await revoke(text(''), { send: 'query', parameter: 'access_token' })
  expect(request).toMatchObject({ url: 'https://acme.example/revoke?access_token=t%26canary', body: '' })
  expect(request?.headers.get('authorization')).toBe('Basic x')
})

it.each([text(''), text('{}'), html(200)])(
  'takes status 200 for an answer, whatever the body (RFC 7009 section 2.2)',
  async (answer) => {
    await expect(revoke(answer)).resolves.toBeDefined()
  },
)

it.each([
  [json({ error: 'unsupported_token_type' }, 400), 'configuration'],
  [json({ error: 'invalid_client' }, 401), 'credential_rejected'],
  [json({ error: 'canary' }), 'configuration'],
  [text('canary', 503, { 'retry-after': '7' }), 'vendor_throttled'],
])('reports a refusal, and nothing of what was sent: %#', async (answer, code) => {
  const error = await failureOf(revoke(answer, { send: 'query' }))
  expect(error).toMatchObject({ code })
  expectNoTrace(error, 'canary', 't%26')
})

it('is not confirmed where the vendor says more than a status, and does not say it', async () => {
  const error = await failureOf(revoke(json({ canary: 'canary' }), { confirms: () => false }))
  expect(error).toMatchObject({ code: 'vendor_malformed', message: expect.stringContaining('not confirmed') })
  expectNoTrace(error, 'canary')
})
