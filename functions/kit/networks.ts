import { BlockList, isIPv4, isIPv6 } from 'node:net'

/** What an organisation uses inside: RFC 1918, RFC 6598 and RFC 4193. Only these can be opened by a setting. */
const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7']
/** The link-local services of AWS over IPv6, which give out a role's credentials (EC2 user guide, 2026-11). */
const AWS_LOCAL = 'fd00:ec2::/32'

/** IPv6 has one part in eight for the internet (RFC 4291 section 2.4); what is mapped, NAT64 or local lies outside. */
const UNICAST = ['0.0.0.0/0', '2000::/3']
/** IANA's special-purpose registries (RFC 6890), as far as nobody on the internet is meant. */
const SPECIAL = [
  ...PRIVATE,
  ...['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '192.0.0.0/24', '192.0.2.0/24', '198.51.100.0/24'],
  ...['203.0.113.0/24', '192.88.99.0/24', '198.18.0.0/15', '224.0.0.0/4', '240.0.0.0/4'],
  // Teredo, 6to4 and two for documentation (RFC 4380, 3056, 3849 and 9637); the first has other protocols' too.
  ...['2001::/23', '2002::/16', '2001:db8::/32', '3fff::/20'],
]

const isUnicast = inOneOf(UNICAST)
const isSpecial = inOneOf(SPECIAL)
const isPrivate = inOneOf(PRIVATE)
const isAwsLocal = inOneOf([AWS_LOCAL])

/** Whether an address may be called: one on the internet, or a private one in a network that was allowed. */
export function addressCheck(allowedNetworks: readonly string[]): (address: string) => boolean {
  const isAllowed = inOneOf(allowedNetworks)
  return (address) =>
    (isUnicast(address) && !isSpecial(address)) || (isPrivate(address) && !isAwsLocal(address) && isAllowed(address))
}

/** Whether it is the CIDR notation (RFC 4632 section 3.1) of a network that lies within a private one. */
export function isPrivateNetwork(text: string): boolean {
  const network = networkOf(text)
  return PRIVATE.some((range) => isWithin(network, range)) && !isWithin(network, AWS_LOCAL)
}

type Network = readonly [address: string, prefix: number, family: Family]
type Family = 'ipv4' | 'ipv6'

function networkOf(text: string): Network | undefined {
  const [address = '', prefix = '', ...more] = text.split('/')
  const family = familyOf(address)
  if (!family || more.length > 0 || !/^(0|[1-9]\d{0,2})$/.test(prefix)) return undefined
  return Number(prefix) <= (family === 'ipv4' ? 32 : 128) ? [address, Number(prefix), family] : undefined
}

function isWithin(network: Network | undefined, range: string): boolean {
  return network !== undefined && network[1] >= Number(range.split('/')[1]) && inOneOf([range])(network[0])
}

/** What is no network holds no address. */
function inOneOf(texts: readonly string[]): (address: string) => boolean {
  // One for each family: a list for both takes ::ffff:10.0.0.1 for 10.0.0.1.
  const lists = { ipv4: new BlockList(), ipv6: new BlockList() }
  for (const network of texts.map(networkOf)) if (network) lists[network[2]].addSubnet(...network)
  return (address) => {
    const family = familyOf(address)
    return family !== undefined && lists[family].check(address, family)
  }
}

/** An address with a zone (RFC 4007 section 11) is link-local, and no address here. */
function familyOf(address: string): Family | undefined {
  if (address.includes('%')) return undefined
  return isIPv4(address) ? 'ipv4' : isIPv6(address) ? 'ipv6' : undefined
}
