import type { VendorDescription } from '../../functions/generic/description.ts'
import { filledIn, filledInUrl, placeholdersOf } from '../../functions/generic/placeholders.ts'
import { describedVendor } from '../../functions/generic/vendor.ts'
import { zenith } from '../support/described-samples.ts'
import { contextFor, failureOf, json, vendorAnswering } from '../support/fake-vendor.ts'
import { figure } from '../support/figure.ts'

const HOSTS = ['zenith.example', 'zenith-eu.example']

describe('a placeholder in a URL', () => {
  const at = (value: string, url = 'https://{tenant}.zenith.example/{tenant}/token') =>
    filledInUrl(url, { tenant: value }, HOSTS)

  it.each([
    ['hq', 'https://hq.zenith.example/hq/token'],
    ['Hq', 'https://hq.zenith.example/Hq/token'],
    ['a', 'https://a.zenith.example/a/token'],
    ['7', 'https://7.zenith.example/7/token'],
    ['a-b', 'https://a-b.zenith.example/a-b/token'],
    ['11111111-2222-4333-8444-555555555555', /^https:\/\/11111111-2222-4333-8444-555555555555\.zenith/],
    ['a'.repeat(63), /^https:\/\/a{63}\.zenith/],
  ])('takes %j for one label', (value, url) => {
    expect(at(value)).toMatch(url)
  })

  it('may have an underscore in a path, as no host may', () => {
    expect(at('a_b', 'https://api.zenith.example/{tenant}/token')).toBe('https://api.zenith.example/a_b/token')
    expect(() => at('a_b')).toThrow()
  })

  it('is none of the domains as a whole, allowed or not', () => {
    for (const domain of ['zenith-eu.example', 'evil.example', 'x.zenith.example', 'zenith-eu.example.', 'example'])
      expect(() => filledInUrl('https://hq.{domain}/token', { domain }, HOSTS)).toThrow()
  })
})

/** What a person, or an attacker, may write there. Each is refused, before any call. */
const ATTACKS: readonly unknown[] = [
  // Another host.
  ...['evil.example', 'evil.example/', 'evil.example#', 'evil.example?', 'evil.example\\', 'x@evil.example'],
  ...['@evil.example', 'user:pw@evil', 'https://evil.example', '//evil.example', 'evil.example:443', 'hq:8443'],
  // Another path.
  ...['..', '.', '../x', '..%2fx', 'hq/..', 'hq/x', '/', '/x', '\\', 'hq\\x', 'hq;x', 'hq?x=y', 'hq#x', 'hq&x=y'],
  // Decoded by some.
  ...['%2e', '%2e%2e', 'hq%2eevil', '%2f', 'hq%00', '%', '&#46;', '\\u002e', 'hq+x'],
  // More than one label.
  ...['hq.x', 'hq.', '.hq', 'hq..x', 'zenith.example.evil'],
  // No label.
  ...['', ' ', '-hq', '_hq', 'h q', 'h\nq', 'h\tq', 'hq\r\nhost: x', 'h\u0000q', '{tenant}', '$x', 'hq!', '*'],
  // Not ASCII, also where it looks so or becomes it.
  ...['häuser', 'а', 'ａ', 'hq。evil', '．', '‥', '℀', 'hq\u200b', 'ﬀ', '😀'],
  // Very long.
  ...['a'.repeat(64), 'a'.repeat(100_000)],
  // Names of JavaScript.
  ...['__proto__', '__defineGetter__'],
  // No text.
  ...[undefined, null, 7, true, [], ['hq'], {}, { toString: 'hq' }],
]

describe('credentials with an attack in a placeholder', () => {
  const way = (tokenEndpoint: string, apiBaseUrl: string): VendorDescription => ({
    ...zenith,
    tokenEndpoint,
    apiBaseUrl,
  })
  const vendors = {
    'a host': way('https://{tenant}.zenith.example/token', 'https://api.zenith.example'),
    'a path': way('https://api.zenith.example/{tenant}/token', 'https://api.zenith.example'),
    'a base URL': way('https://api.zenith.example/token', 'https://{tenant}.zenith.example'),
    'a liveness check': {
      ...way('https://api.zenith.example/token', 'https://api.zenith.example'),
      liveness: 'https://api.zenith.example/{tenant}',
    },
  }

  it.each(Object.entries(vendors))('cause no call where it is a part of %s', async (place, description) => {
    const vendor = describedVendor('zenith', description)
    let refused = 0
    for (const tenant of ATTACKS) {
      const fake = vendorAnswering(json({ access_token: 't', expires_in: 3600 }))
      const document = { client_id: 'c1', client_secret: 's1', tenant }
      const error = await failureOf(vendor.issue(document, undefined, contextFor(fake, vendor)))
      expect(error).toMatchObject({ code: 'configuration', message: expect.stringMatching(/: tenant must be /) })
      expect(fake.requests).toHaveLength(0)
      refused += 1
    }
    figure('described-placeholders', `${refused} of ${ATTACKS.length} values refused as a part of ${place}`)
  })

  it('cause no call when a label is good and its place is not', async () => {
    const elsewhere = describedVendor('zenith', way('https://{tenant}/token', 'https://api.zenith.example'))
    for (const tenant of ['localhost', 'metadata', 'xn--a', 'hq']) {
      const fake = vendorAnswering()
      const document = { client_id: 'c1', client_secret: 's1', tenant }
      const error = await failureOf(elsewhere.issue(document, undefined, contextFor(fake, elsewhere)))
      expect(error).toMatchObject({ code: 'configuration' })
      expect(fake.requests).toHaveLength(0)
    }
  })
})

describe('a placeholder in a parameter', () => {
  const vendor = describedVendor('zenith', {
    ...zenith,
    tokenEndpoint: 'https://api.zenith.example/token',
    apiBaseUrl: 'https://api.zenith.example',
    parameters: { account: 'of {who}' },
  })
  const issue = (who: unknown) => {
    const fake = vendorAnswering(json({ access_token: 't', expires_in: 3600 }))
    const document = { client_id: 'c1', client_secret: 's1', who }
    return { fake, promise: vendor.issue(document, undefined, contextFor(fake, vendor)) }
  }

  it.each(['ada@zenith.example', 'a b', 'a&b=c', '../x', '%2e', '{who}', 'a'.repeat(2048)])(
    'takes one line of visible ASCII: %j',
    async (who) => {
      const { fake, promise } = issue(who)
      await promise
      expect(new URLSearchParams(fake.requests[0]?.body).get('account')).toBe(`of ${who}`)
    },
  )

  it.each(['', ' ', 'a\nb', 'a\r\nb', 'a\tb', 'ä', 'a\u0000', 'a'.repeat(2049), undefined, null, 7, ['a'], {}])(
    'takes nothing else: %j',
    async (who) => {
      const { fake, promise } = issue(who)
      expect(await failureOf(promise)).toMatchObject({ code: 'configuration' })
      expect(fake.requests).toHaveLength(0)
    },
  )

  it('is not looked up where objects have names of their own', () => {
    expect(filledIn('{toString} {__proto__}', {})).toBe('{toString} {__proto__}')
    expect(() => filledIn('{constructor}', {})).toThrow('the credentials lack constructor')
  })
})

describe('the placeholders of a description', () => {
  it('are labels where any URL has them, and lines elsewhere', () => {
    const found = placeholdersOf({
      ...zenith,
      parameters: { account_id: '{account}', tenant: '{tenant}' },
      authorizationParameters: { hint: '{hint}' },
      resource: 'https://{resource}',
      scope: '{org}/.default',
      assertion: { audience: '{audience}', subject: '{subject}', claims: { claim: '{claim}' } },
      issuer: 'https://{issuer}.zenith.example',
    })
    expect(Object.fromEntries(found)).toEqual({
      ...{ tenant: 'label', issuer: 'label' },
      ...{
        account: 'line',
        hint: 'line',
        resource: 'line',
        org: 'line',
        audience: 'line',
        subject: 'line',
        claim: 'line',
      },
    })
  })

  it.each(['client_secret', 'private_key'])('are never %s, wherever it is wanted', (name) => {
    const secret = `{${name}}`
    for (const description of [
      { ...zenith, tokenEndpoint: `https://zenith.example/${secret}` },
      { ...zenith, parameters: { secret } },
      { ...zenith, assertion: { claims: { secret } } },
      { ...zenith, liveness: `https://zenith.example/${secret}` },
    ]) {
      expect(() => describedVendor('zenith', description)).toThrow(`Zenith: {${name}} is a secret, and no placeholder`)
    }
  })
})
