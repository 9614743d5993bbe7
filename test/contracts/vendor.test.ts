import { VendingError } from '../../functions/kit/errors.ts'
import { Secret } from '../../functions/kit/secret.ts'
import type { Context } from '../../functions/kit/vendor.ts'
import { vendors } from '../../functions/vendors.ts'
import { simulatedVendors as laptop } from '../../lib/local/simulated-vendors.ts'
import { describedSamples } from '../support/described-samples.ts'
import {
  breaksOff,
  contextFor,
  deadline,
  expectNoTrace,
  failureOf,
  hangs,
  html,
  json,
  NOW,
  networkError,
  redirect,
  type Step,
  text,
  vendorAnswering,
} from '../support/fake-vendor.ts'
import { simulatedVendors } from '../support/simulated-vendors.ts'
import { sampledVendors as all, CANARY } from '../support/vendor-samples.ts'

/** Ours, and one of each kind that a description makes. */
const every = [...all, ...describedSamples]
const obtaining = every.filter(({ granted }) => granted !== undefined)

describe.each(every)('$name', ({ name, vendor, document, granted, held, rotated, beside }) => {
  const issue = (credentials: unknown, ...script: Step[]) => {
    const fake = vendorAnswering(...script)
    return { fake, promise: vendor.issue(credentials, held, contextFor(fake, vendor)) }
  }

  it('is called what it is filed under', () => {
    expect(vendor.id).toBe(name)
    expect(vendor.id).toMatch(/^[a-z0-9][a-z0-9-]{0,62}$/)
    expect(vendor.title).not.toBe('')
  })

  it('names domains of its own and a longest life', () => {
    expect(vendor.hosts.length).toBeGreaterThan(0)
    for (const host of vendor.hosts) expect(host).toMatch(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/)
    expect(vendor.tokens.maxLifeSeconds).toBeGreaterThan(0)
  })

  it('issues a token that begins now or before, ends later, and says where to use it', async () => {
    const { promise, fake } = issue(document, ...(granted ? [json(granted)] : []))
    const { accessToken } = await promise
    fake.done()
    expect(accessToken.value).toBeInstanceOf(Secret)
    expect(accessToken.issuedAt.getTime()).toBeLessThanOrEqual(NOW.getTime())
    expect(accessToken.expiresAt.getTime()).toBeGreaterThan(NOW.getTime())
    expect(accessToken.context.api_base_url).toMatch(/^https:\/\/.*[^/]$/)
    expect(Object.keys(accessToken.context).filter((member) => !/^[a-z][a-z_]*$/.test(member))).toEqual([])
  })

  it('issues nothing that prints a token or a credential', async () => {
    const issued = await issue(document, ...(granted ? [json(granted)] : [])).promise
    expectNoTrace(issued, CANARY, issued.accessToken.value.reveal())
  })

  it('takes a last day of its credentials along, which is not for the vendor', async () => {
    const { promise, fake } = issue({ ...document, expires_on: '2027-01-31' }, ...(granted ? [json(granted)] : []))
    await promise
    for (const { url, body } of fake.requests) expect(`${url} ${body}`).not.toContain('expires_on')
  })

  it('says in sentences how a person makes its credentials, and replaces them', () => {
    const { creation = [], rotation, consent, authorization } = vendor
    expect(consent !== undefined).toBe(authorization !== undefined)
    expect(rotation.credential).toMatch(/^[a-z ]+$/)
    expect(creation.length).toBeGreaterThan(0)
    for (const { before, after } of [...creation, rotation]) {
      expect(before.length).toBeGreaterThan(0)
      for (const step of [...before, ...after]) expect(step).toMatch(/^[A-Z].*\.$/)
    }
  })

  it('tells another secret from another member beside it', () => {
    const other = { ...document, scope: 'write', ...beside, expires_on: '2027-01-31' }
    expect(vendor.hasSameSecrets(document, other)).toBe(true)
    // A public client has no secret that could be another.
    if (rotated) expect(vendor.hasSameSecrets(document, rotated)).toBe(false)
    expect(vendor.hasSameSecrets(document, {})).toBeUndefined()
    expect(vendor.hasSameSecrets(undefined, document)).toBeUndefined()
  })

  it.each([undefined, null, 'text', 7, [], {}])('refuses credentials of %j without a call', async (credentials) => {
    const { promise, fake } = issue(credentials)
    expect(await failureOf(promise)).toMatchObject({ code: 'configuration' })
    expect(fake.requests).toHaveLength(0)
  })

  it.each(Object.keys(document))(
    'refuses credentials with a wrong %s without a call, and does not repeat them',
    async (member) => {
      for (const wrong of [undefined, null, '', ' ', 7, { canary: CANARY }, [CANARY]]) {
        const { promise, fake } = issue({ ...document, [member]: wrong })
        const error = await failureOf(promise)
        expect(error).toMatchObject({ code: 'configuration' })
        expect(fake.requests).toHaveLength(0)
        expectNoTrace(error, CANARY)
      }
    },
  )
})

describe.each(obtaining)(
  '$name, when it is to give a token,',
  ({ vendor, document, granted, held, inQuery, forbidden }) => {
    const fails: [string, Step][] = [
      ['credential_rejected', json({ error: 'invalid_client', error_description: CANARY })],
      ['vendor_malformed', html()],
      ['vendor_malformed', text('')],
      ['vendor_malformed', text('null')],
      ['vendor_malformed', text('[]')],
      ['vendor_malformed', text(JSON.stringify(CANARY))],
      ['vendor_malformed', text(`{"access_token":"${CANARY}`)],
      ['vendor_malformed', json({ canary: CANARY })],
      ['configuration', redirect(`https://evil.example/${CANARY}`)],
      ['vendor_malformed', text(CANARY.repeat(2 ** 16))],
      ['configuration', json({ ...granted, token_type: 'mac' })],
      ['vendor_malformed', json({ ...granted, expires_in: 0, expiresIn: 0 })],
      ['credential_rejected', json({ error: 'invalid_client', error_description: CANARY }, 401)],
      [forbidden ?? 'credential_rejected', html(403, CANARY)],
      ['configuration', html(404, CANARY)],
      ['vendor_unavailable', json({ canary: CANARY }, 408)],
      ['vendor_throttled', json({ canary: CANARY }, 429)],
      ['vendor_throttled', json({ canary: CANARY }, 503, { 'retry-after': '7' })],
      ['vendor_unavailable', json({ canary: CANARY }, 500)],
      ['vendor_unavailable', breaksOff(CANARY)],
      ['vendor_unavailable', networkError('ECONNRESET', CANARY)],
      ['vendor_unavailable', networkError('CERT_HAS_EXPIRED', CANARY)],
    ]

    it.each(fails)('fails with %s after one call, without a trace of secret or answer (%#)', async (code, step) => {
      // A body can be read once, and this table serves every vendor.
      const fake = vendorAnswering(step instanceof Response ? step.clone() : step)
      const error = await failureOf(vendor.issue(document, held, contextFor(fake, vendor)))
      expect(error).toBeInstanceOf(VendingError)
      expect(error).toMatchObject({ code })
      expect(fake.requests).toHaveLength(1)
      const sent = fake.requests.flatMap(({ url, body, headers }) => [
        new URL(url).search,
        body,
        headers.get('authorization') ?? '',
      ])
      expectNoTrace(error, CANARY, ...sent.filter(Boolean))
    })

    it('gives up when its time is up', async () => {
      const { signal, pass } = deadline(1)
      const fake = vendorAnswering(hangs)
      const promise = failureOf(vendor.issue(document, held, contextFor(fake, vendor, { signal })))
      pass()
      expect(await promise).toMatchObject({ code: 'vendor_unavailable' })
    })

    it('sends its secrets to its own hosts alone, and never after a redirect', async () => {
      const fake = vendorAnswering(json(granted))
      await vendor.issue(document, held, contextFor(fake, vendor))
      expect(fake.requests).toHaveLength(1)
      for (const { url, method, redirect } of fake.requests) {
        const { protocol, hostname } = new URL(url)
        expect({ protocol, method, redirect }).toEqual({ protocol: 'https:', method: 'POST', redirect: 'manual' })
        expect(vendor.hosts.some((host) => hostname === host || hostname.endsWith(`.${host}`))).toBe(true)
      }
    })

    it('has its secrets in a URL only if the vendor wants it so, and then nowhere else', async () => {
      const fake = vendorAnswering(json(granted))
      await vendor.issue(document, held, contextFor(fake, vendor))
      for (const { url, body, headers } of fake.requests) {
        const { search } = new URL(url)
        expect(search !== '').toBe(inQuery === true)
        expect(search).not.toContain('_bearer_token')
        if (inQuery) expect([body, headers.get('authorization')]).toEqual(['', null])
      }
    })

    it('calls no host that is not allowed', async () => {
      const fake = vendorAnswering()
      const error = await failureOf(vendor.issue(document, held, contextFor(fake, vendor, { hosts: ['acme.example'] })))
      expect(error).toMatchObject({ code: 'configuration' })
      expect(fake.requests).toHaveLength(0)
    })
  },
)

describe.each(all)('$name on the laptop', ({ name, vendor }) => {
  const documents = async () => Object.values((await laptop()).get(name)?.connections(NOW) ?? {})

  it('has credentials that fit, with each of which its simulator gives a token, where need be after a consent', async () => {
    const fake = simulatedVendors(() => NOW)
    const context = contextFor(fake, vendor)
    const given = await documents()
    for (const document of given) {
      vendor.validate(document)
      const url = await consentPage(document, context)
      const redirectUri = url?.searchParams.get('redirect_uri') ?? ''
      const issued = url
        ? await vendor.authorization?.exchange(document, { code: await codeFrom(url, fake.http), redirectUri }, context)
        : await vendor.issue(document, undefined, context)
      expect(issued?.accessToken.value).toBeInstanceOf(Secret)
    }
    expect(given.length).toBeGreaterThan(0)
  })

  /** Undefined where nobody has to consent. */
  async function consentPage(document: object, context: Context): Promise<URL | undefined> {
    if (vendor.isStatic?.(document)) return undefined
    return vendor.authorization?.url(document, { redirectUri: CALLBACK, state: 'state' }, context)
  }
})

const CALLBACK = 'http://127.0.0.1:8363/callback'

/** As a person who clicks on what the simulated page offers. */
async function codeFrom(page: URL, http: typeof fetch): Promise<Secret> {
  page.searchParams.set('decision', 'allow')
  const { headers } = await http(page)
  return new Secret(new URL(headers.get('location') ?? '').searchParams.get('code') ?? '')
}

it('has a sample for every vendor, and every vendor a name of its own', () => {
  expect(all.map(({ name }) => name)).toEqual(Object.keys(vendors))
  expect(new Set(all.map(({ vendor }) => vendor.id)).size).toBe(all.length)
})
