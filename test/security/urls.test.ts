import { createHook } from 'node:async_hooks'
import { egress } from '../../functions/aws/egress.ts'
import { addressCheck } from '../../functions/kit/networks.ts'
import { vendors } from '../../functions/vendors.ts'
import { contextFor, failureOf } from '../support/fake-vendor.ts'
import { figure } from '../support/figure.ts'
import { tlsVendor } from '../support/tls-vendor.ts'
import { sampledVendors, samples } from '../support/vendor-samples.ts'

/** Every connection that this process begins, whoever begins it. */
let connects = 0
const hook = createHook({
  init: (_id, type) => {
    if (type === 'TCPCONNECTWRAP') connects += 1
  },
})
beforeAll(() => hook.enable())
afterAll(() => hook.disable())
beforeEach(() => {
  connects = 0
})

/** What a person, or an attacker, may write there. */
const URLS: readonly string[] = [
  // Another scheme.
  ...['http://{host}', 'ftp://{host}', 'file:///etc/passwd', 'data:text/plain,x', 'wss://{host}'],
  ...['gopher://{host}'],
  // No scheme.
  ...['{host}', '//{host}', '/oauth2/token', 'https:', 'https:{host}', 'https:/{host}', 'https:///{host}'],
  // User info.
  ...['https://user:pw@{host}', 'https://user@{host}', 'https://@{host}', 'https://{host}@evil.example'],
  // Another port.
  ...['https://{host}:22', 'https://{host}:8443', 'https://{host}:80', 'https://{host}:0'],
  ...['https://{host}:99999'],
  // An IPv4 address.
  ...['https://127.0.0.1', 'https://10.0.0.1', 'https://8.8.8.8', 'https://169.254.169.254/latest'],
  // An IPv4 address spelled otherwise.
  ...['https://2130706433', 'https://0x7f000001', 'https://0x7f.1', 'https://0177.0.0.1', 'https://127.1'],
  ...['https://0'],
  // An IPv6 address.
  ...['https://[::1]', 'https://[::]', 'https://[::ffff:127.0.0.1]', 'https://[fe80::1]'],
  ...['https://[fe80::1%25eth0]', 'https://[fd00:ec2::254]', 'https://[64:ff9b::7f00:1]'],
  ...['https://[2606:4700::1111]'],
  // This computer or its network.
  ...['https://localhost', 'https://localhost.', 'https://LOCALHOST', 'https://a.localhost'],
  ...['https://metadata', 'https://metadata.internal', 'https://metadata.google.internal'],
  ...['https://instance-data.ec2.internal'],
  // Another host that looks like it.
  ...['https://{host}.evil.example', 'https://evil{domain}', 'https://evil.example/{host}'],
  ...['https://evil.example#.{host}', 'https://evil.example?.{host}', 'https://evil.example\\.{host}'],
  ...['https://{host}\\@evil.example', 'https://xn--a.{host}', 'https://а.{host}', 'https://ａ.{host}'],
  ...['https://evil%2eexample.{host}'],
  // No name in the DNS.
  ...['https://{host}.', 'https://.{host}', 'https://a..{host}', 'https://a_b.{host}', 'https://-a.{host}'],
  ...['https://*.{host}', `https://${'a.'.repeat(150)}{host}`, `https://${'a'.repeat(64)}.{host}`],
  // More than a base.
  ...['https://{host}/..', 'https://{host}/a/../b', 'https://{host}/%2e%2e/x', 'https://{host}?a=b'],
  ...['https://{host}#a'],
  // A character that parsers drop.
  ...['https://a\t.{host}', 'https://a\n.{host}', 'https://{host}\r/x', 'https://{host}/a b'],
  ...['https://{host}\0'],
  // A length that nobody needs.
  ...[`https://{host}/${'a'.repeat(2048)}`],
]

/** Where a vendor's credentials hold a URL. */
const DOORS = [
  { vendor: vendors.accessia, sample: samples.accessia, member: 'authentication_url', host: 'auth.accessia.com' },
  { vendor: vendors.clearid, sample: samples.clearid, member: 'stsUrl', host: 'sts-demo.clearid.io' },
  {
    vendor: vendors.clearid,
    sample: samples.clearid,
    member: 'identityServiceUrl',
    host: 'identityservice-demo.clearid.io',
  },
  { vendor: vendors.iobeya, sample: samples.iobeya, member: 'api_url', host: 'acme.api.iobeya.com' },
] as const

const written = (text: string, host: string) =>
  text.replace('{host}', host).replace('{domain}', host.split('.').slice(-2).join('.'))

describe('a URL in the credentials', () => {
  let refused = 0
  afterAll(() =>
    figure(
      'url-form',
      `${refused} of ${URLS.length * DOORS.length} refused: ${URLS.length} URLs in ${DOORS.length} members`,
    ),
  )

  it.each(DOORS)('of $vendor.id is refused as $member before a look-up, whatever is wrong with it', async (door) => {
    const { vendor, sample, member, host } = door
    let lookups = 0
    const resolve = async () => {
      lookups += 1
      return [{ address: '127.0.0.1', family: 4 }]
    }
    const context = contextFor({ http: egress({ mayCall: addressCheck([]), resolve }) }, vendor)
    const taken: string[] = []
    for (const text of URLS) {
      const document = { ...sample.document, [member]: written(text, host) }
      const failure = await failureOf(vendor.issue(document, undefined, context)).catch(() => undefined)
      if (!isConfiguration(failure)) taken.push(text)
    }
    expect(taken).toEqual([])
    expect({ lookups, connects }).toEqual({ lookups: 0, connects: 0 })
    expect(URLS.length).toBeGreaterThanOrEqual(70)
    refused += URLS.length
  })
})

const ANSWERS: readonly (readonly [what: string, ...addresses: string[]])[] = [
  ['private', '10.1.2.3'],
  ['private', '172.16.0.1'],
  ['private', '192.168.1.1'],
  ['loopback', '127.0.0.1'],
  ['loopback', '127.8.8.8'],
  ['loopback', '::1'],
  ['unspecified', '0.0.0.0'],
  ['unspecified', '::'],
  ['link-local', '169.254.169.254'],
  ['link-local', '169.254.170.2'],
  ['link-local', 'fe80::1'],
  ['link-local', 'fe80::1%lo'],
  ['metadata', 'fd00:ec2::254'],
  ['a carrier’s own', '100.64.0.1'],
  ['unique local', 'fd12:3456:789a::1'],
  ['multicast', '224.0.0.1'],
  ['multicast', 'ff02::1'],
  ['reserved', '240.0.0.1'],
  ['broadcast', '255.255.255.255'],
  ['of a protocol', '192.0.0.8'],
  ['documentation', '192.0.2.1'],
  ['documentation', '203.0.113.1'],
  ['documentation', '2001:db8::1'],
  ['benchmarks', '198.18.0.1'],
  ['IPv4 in IPv6', '::ffff:127.0.0.1'],
  ['IPv4 in IPv6', '::ffff:8.8.8.8'],
  ['IPv4 in IPv6', '::127.0.0.1'],
  ['NAT64', '64:ff9b::7f00:1'],
  ['NAT64', '64:ff9b:1::a00:1'],
  ['6to4', '2002:7f00:1::1'],
  ['Teredo', '2001::1'],
  ['private after one on the internet', '8.8.8.8', '10.0.0.1'],
  ['loopback before one on the internet', '::1', '2606:4700:4700::1111'],
  ['no address'],
]

/** Of a static token nothing is asked but whether it lives. */
async function callOf({ vendor, document, held }: (typeof sampledVendors)[number], http: typeof fetch) {
  const context = contextFor({ http }, vendor)
  const { accessToken } = await vendor.issue(document, held, context)
  return vendor.liveness?.(document, accessToken, context)
}

describe('a host of the vendor’s own', () => {
  let refused = 0
  const all = ANSWERS.length * sampledVendors.length
  afterAll(() =>
    figure('checked-address', `${refused} of ${all} look-ups refused: ${ANSWERS.length} answers, 0 connects`),
  )

  it.each(sampledVendors)(
    'is not called for $name when it stands for an address that is none to call',
    async (sample) => {
      const called: string[] = []
      for (const [what, ...addresses] of ANSWERS) {
        let lookups = 0
        const resolve = async () => {
          lookups += 1
          return addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
        }
        const failure = await failureOf(callOf(sample, egress({ mayCall: addressCheck(['10.99.0.0/16']), resolve })))
        if (!isConfiguration(failure) || lookups !== 1) called.push(`${what}: ${addresses}`)
        // Whoever sees the message learns nothing of the network inside.
        for (const address of addresses) expect(String(failure)).not.toContain(address)
      }
      expect(called).toEqual([])
      expect(connects).toBe(0)
      refused += ANSWERS.length
    },
  )

  it('is looked up once for each connection, and the one that changes then is not called', async () => {
    const vendor = await tlsVendor((_request, response) => response.setHeader('connection', 'close').end('ok'))
    const answers = ['127.0.0.1', '169.254.169.254']
    let lookups = 0
    const http = egress({
      ...vendor.edge,
      ca: vendor.certificate.cert,
      // The vendor's server stands for one on the internet.
      mayCall: (address) => address === '127.0.0.1',
      resolve: async () => [{ address: answers[lookups++] ?? '', family: 4 }],
    })
    try {
      expect(await (await http(vendor.url())).text()).toBe('ok')
      expect({ lookups, connects }).toEqual({ lookups: 1, connects: 1 })
      expect(await failureOf(http(vendor.url()))).toMatchObject({ code: 'configuration' })
      expect({ lookups, connects, arrived: vendor.connections() }).toEqual({ lookups: 2, connects: 1, arrived: 1 })
    } finally {
      await vendor.close()
    }
  })
})

const isConfiguration = (failure: unknown): boolean =>
  failure instanceof Error && 'code' in failure && failure.code === 'configuration'
