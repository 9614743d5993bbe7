import { VendingError } from '../../functions/kit/errors.ts'
import { baseOf, joinPath, vendorUrl } from '../../functions/oauth/vendor-url.ts'

const HOSTS = ['clearid.io', 'api.accelo.com']

describe('vendorUrl', () => {
  it.each([
    ['https://clearid.io', 'https://clearid.io/'],
    ['https://sts.eu.clearid.io', 'https://sts.eu.clearid.io/'],
    ['https://sts.eu.clearid.io/', 'https://sts.eu.clearid.io/'],
    ['https://acme.api.accelo.com/api/v0', 'https://acme.api.accelo.com/api/v0'],
    ['https://STS.ClearID.io/Path', 'https://sts.clearid.io/Path'],
    ['HTTPS://sts.clearid.io', 'https://sts.clearid.io/'],
    ['https://sts.clearid.io:443/x', 'https://sts.clearid.io/x'],
    ['https://1.clearid.io', 'https://1.clearid.io/'],
    ['https://10.0.0.1.clearid.io', 'https://10.0.0.1.clearid.io/'],
  ])('takes %s', (text, href) => {
    expect(vendorUrl(text, HOSTS).href).toBe(href)
  })

  it.each([
    ...['', ' ', 'clearid.io', '//clearid.io', 'sts.clearid.io/connect', '/connect', 'https', 'https:', 'https://'],
    ...['http://sts.clearid.io', 'ftp://sts.clearid.io', 'file:///etc/passwd', 'data:text/plain,x', 'javascript:x'],
    ...['https:clearid.io', 'https:/clearid.io', 'https:///clearid.io', 'https:\\\\clearid.io', 'wss://clearid.io'],
    ...['https://user:pw@clearid.io', 'https://user@clearid.io', 'https://@clearid.io', 'https://clearid.io@evil.com'],
    ...['https://clearid.io:22', 'https://clearid.io:8443/', 'https://clearid.io:80', 'https://clearid.io:99999'],
    ...['https://127.0.0.1', 'https://10.0.0.1', 'https://169.254.169.254/latest', 'https://2130706433'],
    ...['https://0x7f000001', 'https://0x7f.1', 'https://0177.0.0.1', 'https://127.1', 'https://0', 'https://1.1'],
    ...['https://[::1]', 'https://[::ffff:127.0.0.1]', 'https://[fe80::1%25eth0]', 'https://[fd00:ec2::254]'],
    ...['https://localhost', 'https://localhost.', 'https://LOCALHOST', 'https://a.localhost', 'https://broadcasthost'],
    ...['https://clearid.io.', 'https://sts.clearid.io.', 'https://.clearid.io', 'https://a..clearid.io'],
    ...[
      'https://clearid.io.evil.example',
      'https://evilclearid.io',
      'https://accelo.com',
      'https://evil.com/clearid.io',
    ],
    ...['https://metadata.internal', 'https://metadata.google.internal', 'https://evil.com', 'https://io'],
    ...['https://clearid.io?', 'https://clearid.io#', 'https://clearid.io/?a=b', 'https://clearid.io/#a'],
    ...['https://evil.com/#.clearid.io', 'https://evil.com?.clearid.io', 'https://evil.com\\.clearid.io'],
    ...['https://clearid.io\\@evil.com', 'https://clear\tid.io', 'https://clearid.io\n', '\nhttps://clearid.io'],
    ...[
      'https://clearid.io /x',
      ' https://clearid.io',
      'https://clearid.io/a b',
      'https://clearid.io\0',
      'https://clearid.io\r/',
    ],
    ...['https://clearid.io/..', 'https://clearid.io/../x', 'https://clearid.io/a/./b', 'https://clearid.io/%2e%2e/x'],
    ...['https://evil%2ecom.clearid.io', 'https://clearid%2Eio', 'https://clеarid.io', 'https://clearid。io'],
    ...['https://ｃlearid.io', 'https://a_b.clearid.io', 'https://-a.clearid.io', 'https://a-.clearid.io'],
    ...[
      'https://xn--a.clearid.io',
      'https://xn--bcher-kva.clearid.io',
      'https://evil.com:443',
      'https://*.clearid.io',
      'https://clearid.io;x',
      'https://sts.clearid.io\u200b',
    ],
    `https://${'a'.repeat(64)}.clearid.io`,
    `https://${'a.'.repeat(150)}clearid.io`,
    `https://clearid.io/${'a'.repeat(2048)}`,
  ])('refuses %j', (text) => {
    expect(() => vendorUrl(text, HOSTS)).toThrow(expect.objectContaining({ code: 'configuration' }))
  })

  it('takes 2048 characters and not one more', () => {
    const longest = `https://clearid.io/${'a'.repeat(2048 - 'https://clearid.io/'.length)}`
    expect(vendorUrl(longest, HOSTS).href).toBe(longest)
    expect(() => vendorUrl(`${longest}a`, HOSTS)).toThrow(VendingError)
  })

  it('refuses an address and localhost even where an operator has allowed them', () => {
    for (const host of ['10.0.0.1', 'localhost', 'a.localhost', '[::1]', 'localhost.'])
      expect(() => vendorUrl(`https://${host}`, [host])).toThrow(VendingError)
  })

  it('names the host it refuses and nothing else of the URL', () => {
    expect(() => vendorUrl('https://evil.example/canary-path', HOSTS)).toThrow(
      "evil.example is not a host this vendor's secrets may be sent to",
    )
    expect(() => vendorUrl('https://canary:canary@clearid.io/canary', HOSTS)).toThrow(/^((?!canary).)*$/)
  })

  it('allows no host at all when none is listed', () => {
    expect(() => vendorUrl('https://clearid.io', [])).toThrow(VendingError)
  })
})

describe('joinPath', () => {
  it.each([
    ['https://a.clearid.io', 'https://a.clearid.io/connect/token'],
    ['https://a.clearid.io/', 'https://a.clearid.io/connect/token'],
    ['https://a.clearid.io/auth', 'https://a.clearid.io/auth/connect/token'],
    ['https://a.clearid.io/auth///', 'https://a.clearid.io/auth/connect/token'],
  ])('keeps the path of %s and makes one slash', (base, href) => {
    expect(joinPath(vendorUrl(base, HOSTS), '/connect/token').href).toBe(href)
  })
})

it('gives a base without a trailing slash, for a path to follow', () => {
  expect(baseOf(vendorUrl('https://a.clearid.io/', HOSTS))).toBe('https://a.clearid.io')
  expect(baseOf(vendorUrl('https://a.clearid.io/apis/', HOSTS))).toBe('https://a.clearid.io/apis')
})
