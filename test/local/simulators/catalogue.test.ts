import { createHash } from 'node:crypto'
import { viaSimulator } from '../../../functions/aws/via-simulator.ts'
import { catalogue } from '../../../functions/generic/catalogue/index.ts'
import { describedVendor } from '../../../functions/generic/vendor.ts'
import { Secret } from '../../../functions/kit/secret.ts'
import type { Authorization, Context, Issued, Vendor } from '../../../functions/kit/vendor.ts'
import { describedVendors } from '../../../lib/local/described-vendors.ts'
import type { Loopback } from '../../../lib/local/loopback.ts'
import { startSimulators } from '../../../lib/local/simulators.ts'

/** Each entry of the catalogue as somebody tries it who has just put it into the settings. */
const redirectUri = 'http://127.0.0.1:8363/callback'
const now = new Date('2026-11-22T12:00:00Z')
const codeVerifier = new Secret('a-verifier-that-is-long-enough-for-the-rfc-0001')
const codeChallenge = createHash('sha256').update(codeVerifier.reveal()).digest('base64url')
const simulated = describedVendors(
  catalogue.map((entry) => ({ environment: { VENDOMAT_DESCRIPTION: JSON.stringify(entry) } })),
)

let simulators: Loopback
beforeAll(async () => {
  simulators = await startSimulators({ port: 0, now: () => now, vendors: simulated })
})
afterAll(() => simulators.close())

const contextOf = ({ hosts, tokens: policy }: Vendor): Context => ({
  http: viaSimulator(fetch, simulators.url),
  now: () => now,
  signal: AbortSignal.timeout(10_000),
  hosts,
  policy,
})

/** What a person and the machine do between them. */
async function consented(authorization: Authorization<object>, credentials: object, context: Context): Promise<Issued> {
  const bound = authorization.pkce === 'S256'
  const request = { state: 'st1', redirectUri, ...(bound && { codeChallenge }) }
  const { host, pathname, search } = await authorization.url(credentials, request, context)
  const page = await fetch(`${simulators.url}/${host}${pathname}${search}&decision=allow`, { redirect: 'manual' })
  const code = new URL(page.headers.get('location') ?? '').searchParams.get('code') ?? ''
  const grant = { code: new Secret(code), redirectUri, ...(bound && { codeVerifier }) }
  return authorization.exchange(credentials, grant, context)
}

it.each(catalogue.map((entry) => [entry.id, entry] as const))('%s gets a token of its simulator', async (id, entry) => {
  const vendor = describedVendor(id, entry)
  const { demo = {} } = simulated.get(id)?.connections(now) ?? {}
  const context = contextOf(vendor)
  const first = vendor.authorization && (await consented(vendor.authorization, demo, context))
  const issued = first && !first.refreshToken ? first : await vendor.issue(demo, first?.refreshToken, context)
  const bearer = { authorization: `Bearer ${issued.accessToken.value.reveal()}` }
  const address = `${simulators.url}/${entry.hosts[0]}/some/address`
  expect((await fetch(address, { headers: bearer })).status).toBe(200)
  expect((await fetch(address, { headers: { authorization: 'Bearer another' } })).status).toBe(401)
  if (vendor.liveness) expect(await vendor.liveness(demo, issued.accessToken, context)).toBe('alive')
})
