import * as fc from 'fast-check'
import { addressCheck, isPrivateNetwork } from '../../functions/kit/networks.ts'

const PUBLIC = [
  '1.1.1.1',
  '8.8.8.8',
  '172.15.255.255',
  '172.32.0.0',
  '100.63.255.255',
  '100.128.0.0',
  '223.255.255.255',
]
const PUBLIC_6 = ['2001:200::1', '2606:4700:4700::1111', '2a00::1', '2003::', '3ffe::1', '2620:4f:8000::1']

/** What it is, and its first and last address. */
const REFUSED: readonly (readonly [what: string, ...addresses: string[]])[] = [
  ['no address at all', '', 'localhost', '1.2.3', '127.1', '0x7f.1', '2130706433', ':::', '1.2.3.4.5', '1.1.1.1/32'],
  ['this network', '0.0.0.0', '0.255.255.255', '::'],
  ['loopback', '127.0.0.1', '127.255.255.255', '::1'],
  ['link-local', '169.254.0.0', '169.254.255.255', 'fe80::', 'febf::1', 'fe80::1%eth0', 'fec0::1'],
  ['the metadata of a machine', '169.254.169.254', '169.254.170.2', 'fd00:ec2::254', 'fd00:ec2:ffff::1'],
  ['private', '10.0.0.0', '10.255.255.255', '172.16.0.0', '172.31.255.255', '192.168.0.0', '192.168.255.255'],
  ['unique local', 'fc00::', 'fdff:ffff::1'],
  ['of a carrier’s own', '100.64.0.0', '100.127.255.255'],
  ['of a protocol', '192.0.0.0', '192.0.0.255', '192.88.99.1', '100::1', '5f00::1', '2001:1::1', '2001:1ff::1'],
  ['for documentation', '192.0.2.1', '198.51.100.1', '203.0.113.255', '2001:db8::1', '3fff::1', '3fff:fff::1'],
  ['for benchmarks', '198.18.0.0', '198.19.255.255', '2001:2::1'],
  ['multicast', '224.0.0.1', '239.255.255.255', 'ff02::1', 'ff0e::1'],
  ['reserved or broadcast', '240.0.0.0', '255.255.255.254', '255.255.255.255', '4000::1', 'e000::1'],
  ['IPv4 in IPv6', '::ffff:8.8.8.8', '::ffff:127.0.0.1', '::ffff:7f00:1', '::8.8.8.8', '::127.0.0.1'],
  ['NAT64', '64:ff9b::8.8.8.8', '64:ff9b::7f00:1', '64:ff9b:1::1', '64:ff9b:1:ffff::a00:1'],
  ['6to4', '2002:7f00:1::1', '2002:808:808::1'],
  ['Teredo', '2001::1', '2001:0:7f00:1::1'],
]

describe('an address', () => {
  const isCalled = addressCheck([])

  it.each([...PUBLIC, ...PUBLIC_6])('on the internet is called: %s', (address) => {
    expect(isCalled(address)).toBe(true)
  })

  it.each(REFUSED)('is not called that is %s', (_what, ...addresses) => {
    expect(addresses.filter(isCalled)).toEqual([])
  })

  it('in a private network is called when that was allowed, and its neighbour is not', () => {
    const isCalled = addressCheck(['10.20.0.0/16', 'fd12:3456:789a::/48', '192.168.1.7/32'])
    for (const inside of ['10.20.0.0', '10.20.255.255', 'fd12:3456:789a::1', '192.168.1.7', '8.8.8.8'])
      expect([inside, isCalled(inside)]).toEqual([inside, true])
    for (const outside of ['10.19.255.255', '10.21.0.0', 'fd12:3456:789b::1', '192.168.1.8', '::ffff:10.20.0.1'])
      expect([outside, isCalled(outside)]).toEqual([outside, false])
  })

  it('is not called, whatever was allowed, where it is none that an organisation uses inside', () => {
    const all = ['0.0.0.0/0', '::/0', '127.0.0.0/8', '169.254.0.0/16', 'fe80::/10', 'fd00::/8', 'fd00:ec2::/32']
    const isCalled = addressCheck(all)
    const inside = ['private', 'unique local', 'of a carrier’s own']
    const others = REFUSED.filter(([what]) => !inside.includes(what)).flatMap(([, ...addresses]) => addresses)
    expect(others.filter(isCalled)).toEqual([])
    expect(isCalled('fd01::1')).toBe(true)
  })

  it('can be any text without harm', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.ipV4Extended(), fc.ipV6()), (text) => {
        expect(typeof isCalled(text)).toBe('boolean')
        expect(isPrivateNetwork(text)).toBe(false)
      }),
    )
  })
})

describe('a network', () => {
  it.each(['10.0.0.0/8', '10.20.0.0/16', '172.16.0.0/12', '192.168.1.7/32', '100.64.0.0/10', 'fc00::/7', 'fd12::/64'])(
    'is private: %s',
    (network) => {
      expect(isPrivateNetwork(network)).toBe(true)
    },
  )

  it.each([
    ...['', '10.0.0.0', '10.0.0.0/', '/8', '10.0.0.0/8/8', '10.0.0.0/08', '10.0.0.0/33', '10.0.0.0/-1', '10.0.0/8'],
    ...['10.0.0.0/7', '10.0.0.0/0', '0.0.0.0/0', '172.16.0.0/11', '192.168.0.0/15', '8.8.8.0/24', '127.0.0.0/8'],
    ...['169.254.169.254/32', '224.0.0.0/4', '192.0.2.0/24', '::/0', '::1/128', 'fc00::/6', 'fe80::/10', 'ff00::/8'],
    ...['fd00:ec2::/32', 'fd00:ec2::254/128', '::ffff:10.0.0.0/104', '64:ff9b::/96', 'fd12::/129', 'fe80::1%eth0/64'],
  ])('is none that can be opened: %s', (network) => {
    expect(isPrivateNetwork(network)).toBe(false)
  })
})
