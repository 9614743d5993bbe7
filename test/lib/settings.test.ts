import type { Vendor } from '../../functions/kit/vendor.ts'
import { vendors } from '../../functions/vendors.ts'
import { checkedSettings, type Settings } from '../../lib/settings.ts'

/** The faults that are found, one a line; what the compiler would refuse gets here from JavaScript. */
function faultsOf(settings: object): string[] {
  try {
    checkedSettings(settings as Settings)
    return []
  } catch (error) {
    return error instanceof Error ? error.message.split('\n').slice(1) : []
  }
}

const acme: Vendor = { ...vendors.accelo, id: 'acme', title: 'Acme', hosts: ['api.acme.example'] }
const ACL = 'arn:aws:wafv2:eu-west-1:111122223333:regional/webacl/edge/a1b2c3d4-5678-90ab-cdef-EXAMPLE11111'
const KEY = 'arn:aws:kms:eu-west-1:111122223333:key/0f7d3c6e-1111-4222-8333-444455556666'

describe('settings that fit', () => {
  it.each<[string, Settings]>([
    ['none', {}],
    ['a stage of one letter', { stage: 'a' }],
    ['a stage of 16 letters', { stage: 'a-very-long-name' }],
    ['a mail address with a tag', { alertEmail: 'platform+vendomat@mail.example.co.uk' }],
    [
      'a domain of one’s own',
      { allowedHosts: { iobeya: ['boards.example.com', 'example.co.uk', 'boards.corp.internal'] } },
    ],
    ['a name below a suffix that a company lets to anybody', { allowedHosts: { netrex: ['acme.github.io'] } }],
    [
      'networks of one’s own',
      { allowedNetworks: { iobeya: ['10.20.0.0/16', '192.168.1.7/32', 'fd12:3456:789a::/48'] } },
    ],
    [
      'accounts and roles',
      { callers: { '111122223333': ['accelo/*'], 'arn:aws:iam::111122223333:role/a/erp': ['iobeya/m-1'] } },
    ],
    [
      'the least of everything',
      { reservedConcurrency: { accelo: 1 }, memorySize: 128, throttle: { rate: 1, burst: 1 }, restAfterDays: 1 },
    ],
    ['the most memory', { memorySize: 10_240 }],
    ['retentions that CloudWatch has', { logRetentionDays: 1, accessLogRetentionDays: 3653 }],
    ['a key', { secretsKey: KEY }],
    [
      'a multi-region key of another partition',
      { secretsKey: KEY.replace('aws', 'aws-us-gov').replace('key/', 'key/mrk-') },
    ],
    ['a callback that reserves nothing', { hostedCallback: true, callbackConcurrency: 'unreserved' }],
    ['web ACLs', { hostedCallback: true, webAcl: { callback: ACL, api: ACL.replace('aws', 'aws-cn') } }],
    ['a web ACL for the API alone', { webAcl: { api: ACL } }],
    ['switches', { hostedCallback: false, chatTopic: true, apiGatewayLogRole: false }],
    ['zones', { timeZone: 'America/Argentina/Buenos_Aires' }],
    ['a page', { runbookUrl: 'https://git.example.com/platform/vendomat/lib/RUNBOOK.md' }],
    ['some of the vendors', { vendors: [vendors.accelo], allowedHosts: { accelo: ['example.com'] } }],
    ['a vendor of one’s own', { vendors: [vendors.accelo, acme], reservedConcurrency: { acme: 1 } }],
    ['a vendor of one’s own in the place of another', { vendors: [{ ...acme, id: 'accelo' }] }],
  ])('are taken: %s', (_, settings) => {
    expect(faultsOf(settings)).toEqual([])
    expect(checkedSettings(settings)).toBe(settings)
  })

  it('are those of every stack as well', () => {
    expect(faultsOf({ stackName: 'Tokens', env: { region: 'eu-west-1' }, tags: { team: 'a' } })).toEqual([])
  })
})

describe('a setting that does not fit is named, with its value and what to write', () => {
  const beforeHost = 'allowedHosts.iobeya[0]: '
  it.each<[object, string]>([
    [{ stage: 'Dev' }, "stage: 'Dev' is no stage: write a-z"],
    [{ stage: '' }, "stage: '' is no stage"],
    [{ stage: '1a' }, 'is no stage'],
    [{ stage: 'dev-' }, 'is no stage'],
    [{ stage: 'a-very-long-name1' }, 'is no stage'],
    [{ stage: 'callback' }, 'is no stage'],
    [{ stage: 'dev-callback' }, 'is no stage'],
    [{ alertEmail: 'platform' }, "alertEmail: 'platform' is no mail address like platform@example.com"],
    [{ alertEmail: 'a@b' }, 'is no mail address'],
    [{ alertEmail: ['a@b.ch'] }, "alertEmail: [ 'a@b.ch' ] is no mail address"],
    ...[
      ...['Acme', 'acme-two', 'acme.two', '1acme', '', 'a'.repeat(33)],
      ...['callback', 'connections', 'tokens', 'constructor'],
    ].map((id): [object, string] => [{ vendors: [{ ...acme, id }] }, `vendors[0].id: '${id}' is no id of a vendor`]),
    [{ vendors: [vendors.accelo, { ...acme, id: 'accelo' }] }, 'vendors: name each id once; to replace a vendor'],
    [{ allowedHosts: { iobeya: ['com'] } }, `${beforeHost}'com' is a public suffix`],
    [{ allowedHosts: { iobeya: ['co.uk'] } }, `${beforeHost}'co.uk' is a public suffix`],
    [{ allowedHosts: { iobeya: ['github.io'] } }, `${beforeHost}'github.io' is a public suffix`],
    [
      { allowedHosts: { iobeya: ['https://a.ch'] } },
      `${beforeHost}'https://a.ch' is no host that can be called: write its name`,
    ],
    [{ allowedHosts: { iobeya: ['a.ch/path'] } }, 'is no host that can be called'],
    [{ allowedHosts: { iobeya: ['a.ch:8443'] } }, 'is no host that can be called'],
    [{ allowedHosts: { iobeya: ['*.a.ch'] } }, 'is no host that can be called'],
    [{ allowedHosts: { iobeya: ['A.ch'] } }, 'is no host that can be called'],
    [{ allowedHosts: { iobeya: ['10.0.0.1'] } }, 'is no host that can be called'],
    [{ allowedHosts: { iobeya: ['localhost'] } }, 'is no host that can be called'],
    [{ allowedHosts: { iobeya: 'a.ch' } }, "allowedHosts.iobeya: 'a.ch' is no list like ['boards.example.com']"],
    [{ allowedHosts: { iobeya: [] } }, 'allowedHosts.iobeya: is empty'],
    [{ allowedHosts: { iobeia: ['a.ch'] } }, 'allowedHosts.iobeia: there is no such name; did you mean iobeya?'],
    [
      { allowedNetworks: { iobeya: ['10.20.0.0'] } },
      "allowedNetworks.iobeya[0]: '10.20.0.0' is no private network like 10.20.0.0/16 or fd12:3456:789a::/48; loopback",
    ],
    ...['127.0.0.0/8', '169.254.169.254/32', '224.0.0.0/4', '0.0.0.0/0', '10.0.0.0/7', '8.8.8.0/24', '::1/128']
      .concat('fe80::/10', 'ff00::/8', 'fd00:ec2::254/128', '::ffff:10.0.0.0/104', '64:ff9b::/96', 'boards.example.com')
      .map((network): [object, string] => [
        { allowedNetworks: { iobeya: [network] } },
        `'${network}' is no private network`,
      ]),
    [{ allowedNetworks: { iobeya: [10] } }, 'allowedNetworks.iobeya[0]: 10 is no private network'],
    [{ allowedNetworks: { iobeya: '10.20.0.0/16' } }, "'10.20.0.0/16' is no list like ['10.20.0.0/16']"],
    [{ allowedNetworks: { iobeya: [] } }, "allowedNetworks.iobeya: is empty: name one, like '10.20.0.0/16'"],
    [{ allowedNetworks: { iobeia: ['10.20.0.0/16'] } }, 'there is no such name; did you mean iobeya?'],
    [{ allowedNetwork: {} }, 'allowedNetwork: there is no such name; did you mean allowedNetworks?'],
    [{ callers: { '1111': ['accelo/hq'] } }, "callers.1111: '1111' is neither an account like 111122223333"],
    [{ callers: { 'arn:aws:iam::111122223333:root': ['accelo/hq'] } }, 'is neither an account'],
    [{ callers: { 'arn:aws:sts::111122223333:assumed-role/a/b': ['accelo/hq'] } }, 'is neither an account'],
    [{ callers: { '*': ['accelo/hq'] } }, 'is neither an account'],
    [
      { callers: { '111122223333': ['*'] } },
      "callers.111122223333[0]: '*' is no connection like accelo/hq or accelo/*",
    ],
    [{ callers: { '111122223333': ['acelo/hq'] } }, "'acelo/hq' is no connection"],
    [{ callers: { '111122223333': ['accelo/h*'] } }, "'accelo/h*' is no connection"],
    [{ callers: { '111122223333': ['accelo/hq/refresh'] } }, 'is no connection'],
    [{ callers: { '111122223333': [] } }, 'callers.111122223333: is empty'],
    [{ callers: ['111122223333'] }, "callers: [ '111122223333' ] is no object like { '111122223333': ['accelo/hq'] }"],
    [{ reservedConcurrency: { accelo: 0 } }, 'reservedConcurrency.accelo: 0 is no whole number from 1 on'],
    [{ reservedConcurrency: { acelo: 1 } }, 'reservedConcurrency.acelo: there is no such name; did you mean accelo?'],
    [{ memorySize: 127 }, 'memorySize: 127 is no whole number from 128 to 10240'],
    [{ memorySize: 10_241 }, 'memorySize: 10241 is no whole number'],
    [{ memorySize: 512.5 }, 'memorySize: 512.5 is no whole number'],
    [{ memorySize: Number.NaN }, 'memorySize: NaN is no whole number'],
    [{ memorySize: '512' }, "memorySize: '512' is no whole number"],
    [{ throttle: { rate: 0, burst: 100 } }, 'throttle.rate: 0 is no whole number from 1 on: set both, like { rate: 50'],
    [{ throttle: { rate: 0.5, burst: 100 } }, 'throttle.rate: 0.5 is no whole number'],
    [{ throttle: { rate: 50, burst: -1 } }, 'throttle.burst: -1 is no whole number'],
    [{ throttle: { rate: 50 } }, 'throttle.burst: undefined is no whole number from 1 on: set both'],
    [{ throttle: 50 }, 'throttle: 50 is no object with rate, burst'],
    [
      { logRetentionDays: 45 },
      'logRetentionDays: 45 is no number of days that CloudWatch keeps logs for; there are 1, 3, 5',
    ],
    [{ accessLogRetentionDays: 9999 }, 'accessLogRetentionDays: 9999 is no number of days'],
    [{ apiGatewayLogRole: 'no' }, "apiGatewayLogRole: 'no' is neither true nor false"],
    [{ secretsKey: 'alias/mine' }, "secretsKey: 'alias/mine' is no key like arn:aws:kms:"],
    [{ secretsKey: KEY.replace('key/', 'alias/') }, 'is no key like'],
    [{ hostedCallback: 1 }, 'hostedCallback: 1 is neither true nor false'],
    [
      { hostedCallback: true, callbackConcurrency: 0 },
      "callbackConcurrency: 0 is neither a whole number from 1 on nor 'unreserved'",
    ],
    [{ callbackConcurrency: 3 }, 'callbackConcurrency: there is no hosted callback; set hostedCallback: true'],
    [{ webAcl: ACL }, 'is no object with callback, api'],
    [{ webAcl: { api: 'edge' } }, "webAcl.api: 'edge' is no regional web ACL like arn:aws:wafv2:"],
    [{ webAcl: { api: ACL.replace('regional', 'global') } }, 'is no regional web ACL'],
    [{ webAcl: { api: ACL.replace('wafv2', 'waf-regional') } }, 'is no regional web ACL'],
    [{ webAcl: { api: ACL.replace('webacl', 'rulegroup') } }, 'is no regional web ACL'],
    [{ webAcl: { stage: ACL } }, 'webAcl.stage: there is no such name'],
    [{ webAcl: { callback: ACL } }, 'webAcl.callback: there is no hosted callback; set hostedCallback: true'],
    [{ timeZone: 'Europe/Zurch' }, "timeZone: 'Europe/Zurch' is no time zone that there is"],
    [{ restAfterDays: 0 }, 'restAfterDays: 0 is no whole number from 1 on: days'],
    [{ chatTopic: null }, 'chatTopic: null is neither true nor false'],
    [{ runbookUrl: 'https://a.ch/RUNBOOK.md#top' }, 'runbookUrl: must be the page alone'],
    [{ runbookUrl: 'lib/RUNBOOK.md' }, 'runbookUrl: must be the page alone'],
    [{ runbookUrl: 'javascript:alert(1)' }, 'runbookUrl: must be the page alone'],
    [{ runbookUrl: `https://a.ch/${'a'.repeat(500)}` }, 'runbookUrl: must be the page alone'],
    [{ alertMail: 'a@b.ch' }, 'alertMail: there is no such name; did you mean alertEmail?'],
    [{ stackname: 'a' }, 'stackname: there is no such name; did you mean stackName?'],
    [{ colour: 'red' }, 'colour: there is no such name'],
  ])('%j', (settings, fault) => {
    const [first = '', ...more] = faultsOf(settings)
    expect(first).toContain(fault)
    expect(more).toEqual([])
  })

  it.each(['Europe/Zurch', 'europe/zurich', 'Zurich', 'CET', '+01:00', 'GMT+1', '', ' Europe/Zurich'])(
    'the time zone "%s" too, with what one looks like',
    (timeZone) => {
      const fault = `timeZone: '${timeZone}' is no time zone that there is; it must be an IANA name like Europe/Zurich`
      expect(faultsOf({ timeZone })).toEqual([`  ${fault}`])
    },
  )

  it.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('and %d days', (restAfterDays) => {
    expect(faultsOf({ restAfterDays })).toEqual([
      `  restAfterDays: ${restAfterDays} is no whole number from 1 on: days`,
    ])
  })

  it('and a password in an address is not repeated', () => {
    expect(faultsOf({ runbookUrl: 'https://me:canary@a.ch/' }).join()).not.toContain('canary')
  })

  it('with all the others that do not, at once', () => {
    const faults = faultsOf({
      alertMail: 'a@b.ch',
      memorySize: 1,
      allowedHosts: { iobeya: ['com', 'a.ch', 'net'], acelo: [] },
      callbackConcurrency: 2,
    })
    expect(faults.map((line) => line.trim().split(': ')[0])).toEqual([
      'allowedHosts.iobeya[0]',
      'allowedHosts.iobeya[2]',
      'allowedHosts.acelo',
      'memorySize',
      'alertMail',
      'callbackConcurrency',
    ])
  })
})

it('a vendor of one’s own names hosts that nobody else can have', () => {
  const faults = (...hosts: string[]) => faultsOf({ vendors: [{ ...acme, hosts }] })
  expect(faults('api.acme.example')).toEqual([])
  expect(faults()).toEqual(["  vendors[0].hosts: is empty: name one, like 'api.example.com'"])
  expect(faults('api.acme.example', 'com')).toEqual([expect.stringContaining("hosts[1]: 'com' is a public suffix")])
  // Shopify answers for every name below it.
  expect(faults('myshopify.com')).toEqual([])
  expect(faults('github.io')).toEqual([expect.stringContaining('is a public suffix')])
  expect(faults('https://api.acme.example')).toEqual([expect.stringContaining('is no host that can be called')])
})
