import { inspect } from 'node:util'
import { App } from 'aws-cdk-lib'
import { Template } from 'aws-cdk-lib/assertions'
import { catalogue } from '../../functions/generic/catalogue/index.ts'
import type { VendorDescription } from '../../functions/generic/description.ts'
import { vendors } from '../../functions/vendors.ts'
import { descriptionSchema } from '../../lib/description-schema.ts'
import { bytesLeft, catalogueEntry, describedVendors } from '../../lib/descriptions.ts'
import { checkedSettings, type Settings } from '../../lib/settings.ts'
import { stackIdOf, VendingStack, type VendingStackProps } from '../../lib/vending-stack.ts'
import { synthesisOnly } from '../support/machine-stack.ts'
import { BOX, SIGNED, WRONG, ZOOM } from '../support/wrong-descriptions.ts'

/** What synth says, one fault a line. */
function faultsOf(settings: object): string[] {
  try {
    checkedSettings(settings as Settings)
    return []
  } catch (error) {
    return error instanceof Error ? error.message.split('\n').slice(1) : []
  }
}
const wrong = (description: unknown) => faultsOf({ oauthVendors: { zoom: description } })
const inZoom = (fault: string) => `  oauthVendors.zoom.${fault}`

describe('a description that fits', () => {
  it.each<[string, VendorDescription]>([
    ['with what has to be there', ZOOM],
    ['by its issuer alone', { ...BOX, issuer: 'https://account.box.com', title: 'Box' }],
    ['with hosts of its tenants', { ...ZOOM, tokenEndpoint: 'https://{tenant}.zoom.us/{account_id}/token' }],
    ['with a label that is fixed in part', { ...ZOOM, tokenEndpoint: 'https://login-{region}.zoom.us/token' }],
    ['of a public client with PKCE', { ...BOX, clientAuthentication: 'none', pkce: 'S256' }],
    ['that signs', { ...SIGNED, assertion: { algorithm: 'ES256', claims: { scope: '{scope}' }, lifeSeconds: 60 } }],
    [
      'whose key is known by its certificate',
      { ...SIGNED, credentials: { labels: { certificate_thumbprint: 'SHA-256 of the certificate' } } },
    ],
    [
      'that signs for somebody',
      { ...ZOOM, grant: 'jwt_bearer', clientAuthentication: 'none', assertion: { subject: '{subject}' } },
    ],
    ['whose tokens are not written down', { ...ZOOM, keep: 'memory', maxLifeSeconds: 60, defaultLifeSeconds: 60 }],
    ['for a resource', { ...ZOOM, resource: 'https://api.zoom.us/' }],
    ['for a resource of the connection', { ...ZOOM, resource: '{resource}' }],
    [
      'with a grant that ends',
      {
        ...BOX,
        refreshTokens: 'keep',
        grantDays: { idle: 60, most: 365 },
        authorizationParameters: { prompt: 'login' },
      },
    ],
    [
      'with odd answers',
      {
        ...ZOOM,
        answer: {
          tokenTypes: ['bot'],
          members: { access_token: 'token', expires_in: 'expires' },
          grantExpiresIn: 'refresh_token_expires_in',
          context: { account: 'account_id' },
          errors: { invalid_client_secret: 'credential_rejected' },
        },
      },
    ],
    [
      'with words for people',
      {
        ...ZOOM,
        parameters: { grant_type: 'account_credentials', account_id: '{account_id}' },
        credentials: {
          labels: { account_id: 'account id', client_secret: 'app secret' },
          defaults: { account_id: '' },
          file: { label: 'key file', members: { client_id: 'client_email', private_key: 'private_key' } },
          steps: ['Under Basic Information copy the client secret and the token.'],
        },
        documents: 'https://developers.zoom.us/docs/internal-apps/s2s-oauth/#use',
      },
    ],
  ])('is taken: %s', (_, description) => {
    expect(wrong(description)).toEqual([])
  })

  it('is taken for each vendor of the catalogue, and again with what one changes of it', () => {
    for (const entry of catalogue) {
      expect([entry.id, descriptionSchema.safeParse(entry).error?.issues]).toEqual([entry.id, undefined])
      expect(faultsOf({ vendors: [entry.id] })).toEqual([])
      expect(faultsOf({ vendors: [], oauthVendors: { [entry.id]: { ...entry, title: 'Ours' } } })).toEqual([])
    }
  })
})

it('shows no character of a wrong value that turns words round', () => {
  const [said] = wrong({ ...ZOOM, title: 'Zoom \u202emoc.elpmaxe' })
  expect(said).toContain("title: 'Zoom \\u{202e}moc.elpmaxe' is no title")
})

describe('one of the catalogue', () => {
  it('is described anew with what one changes of it', () => {
    const zoom = { ...catalogueEntry('zoom'), scope: 'user:read' }
    expect(faultsOf({ vendors: [], oauthVendors: { zoom } })).toEqual([])
    const [vendor] = describedVendors({ vendors: [], oauthVendors: { zoom } })
    expect(vendor).toMatchObject({ id: 'zoom', description: { scope: 'user:read', hosts: ['zoom.us'] } })
  })

  it('that is not there is named with the one that was meant', () => {
    expect(() => catalogueEntry('zom')).toThrow('the catalogue has no zom; did you mean zoom?')
  })
})

describe('a description that does not fit is named, with its member and what to write', () => {
  it.each(WRONG)('%s', (_, description, fault) => {
    const [first = '', ...more] = wrong(description)
    expect(first).toContain(inZoom(fault))
    expect(more).toEqual([])
  })

  const at = (tokenEndpoint: unknown, fault: string): [object, string] => [
    { ...ZOOM, tokenEndpoint },
    `tokenEndpoint: ${inspect(tokenEndpoint)} ${fault}`,
  ]
  it.each<[object, string]>([
    at('HTTP://zoom.us/token', 'is http'),
    at('ftp://zoom.us/token', 'is no address like'),
    at('zoom.us/token', 'has no scheme: write https:// before it'),
    at('https://zoom.us/oauth token', 'has a space'),
    at('https://zoom.us/token\n', 'has a space'),
    at(7, 'is no address like'),
    at('', 'is no address like'),
    at('{scheme}://zoom.us/token', 'has a placeholder for its scheme'),
    [{ ...ZOOM, tokenEndpoint: 'https://me@zoom.us/token' }, 'tokenEndpoint: looks like a secret'],
    at('https://zoom.us/token#top', 'has a fragment'),
    at('https://[2001:db8::1]/token', 'is at an IP address'),
    at('https://192.0.2.7:443/token', 'is at an IP address'),
    at('https://localhost/token', 'is no address like'),
    at('https://zoom.us/a/../token', 'is no address like'),
    at('https://evilzoom.us/token', 'is at none of hosts'),
    at('https://zoom.us.example/token', 'is at none of hosts'),
    at('https://zoom.us.{tenant}/token', 'has a placeholder that may lead to any host'),
    at('https://{a}.{b}/token', 'has a placeholder that may lead to any host'),
    at('https://zoom.us/{Tenant}/token', 'has a brace that is no placeholder'),
    at('https://zoom.us/{{tenant}}/token', 'has a brace that is no placeholder'),
    // biome-ignore lint/suspicious/noTemplateCurlyInString: what people write who know shells
    at('https://zoom.us/${tenant}/token', 'has a $ before a brace: write a placeholder as {tenant}'),
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the same
    at('https://${tenant}.zoom.us/token', 'has a $ before a brace'),
    at('https://<tenant>.zoom.us/token', 'has what may be a placeholder of another kind: write {tenant}'),
    at('https://zoom.us/:tenant/token', 'has what may be a placeholder of another kind'),
    at('https://zoom.us/[tenant]/token', 'has what may be a placeholder of another kind'),
    at('https://zoom.us/{tenant/token', 'has a brace that is no placeholder'),
    at('https://zoom.us/{api_key}/token', 'has the placeholder {api_key}'),
    [{ ...ZOOM, title: '## Zoom' }, "title: '## Zoom' is no title like Zoom"],
    [{ ...ZOOM, title: 'Z'.repeat(41) }, `title: '${'Z'.repeat(41)}' is no title like Zoom`],
    [{ ...ZOOM, hosts: [] }, 'hosts: is empty'],
    [{ ...ZOOM, hosts: ['https://zoom.us'] }, "hosts[0]: 'https://zoom.us' is no host that can be called"],
    [{ ...ZOOM, parameters: { code: 'x' } }, 'parameters.code: is sent by the grant itself'],
    [{ ...BOX, authorizationParameters: { state: 'x' } }, 'authorizationParameters.state: is sent by the grant itself'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the same
    [{ ...ZOOM, parameters: { account: '${account}' } }, "parameters.account: '${account}' has a $ before a brace"],
    [
      { ...ZOOM, issuer: 'https://zoom.us/.well-known/openid-configuration' },
      "issuer: 'https://zoom.us/.well-known/openid-configuration' is where metadata are: write the issuer that they name",
    ],
    [{ ...ZOOM, resource: 'api' }, "resource: 'api' is no absolute URI"],
    [{ ...ZOOM, scopeSeparator: ';' }, "scopeSeparator: ';' is neither ' ' nor ','"],
    [{ ...ZOOM, send: 'query' }, "send: 'query' is none of form, json"],
    [{ ...BOX, pkce: 'plain' }, "pkce: 'plain' is none of S256, none"],
    [
      { ...BOX, pkce: 'none', clientAuthentication: 'none' },
      "pkce: 'none' does not go with clientAuthentication 'none'",
    ],
    [{ ...ZOOM, refreshTokens: 'keep' }, 'refreshTokens: is for authorization_code alone'],
    [{ ...ZOOM, grantDays: { idle: 1 } }, 'grantDays: is for authorization_code alone'],
    [{ ...ZOOM, authorizationParameters: {} }, 'authorizationParameters: is for authorization_code alone'],
    [{ ...BOX, grantDays: { idle: 0 } }, 'grantDays.idle: 0 is no whole number from 1 to'],
    [{ ...BOX, grantDays: { idle: 61, most: 60 } }, 'grantDays.idle: is more than most'],
    [{ ...SIGNED, assertion: { subject: 'x' } }, 'assertion.subject: is for jwt_bearer alone'],
    [{ ...SIGNED, assertion: { algorithm: 'HS256' } }, "assertion.algorithm: 'HS256' is none of RS256"],
    [{ ...SIGNED, assertion: { lifeSeconds: 3601 } }, 'assertion.lifeSeconds: 3601 is no whole number from 10 to 3600'],
    [
      { ...ZOOM, grant: 'jwt_bearer', assertion: { claims: { iss: 'x' } } },
      'assertion.claims.iss: is sent by the grant',
    ],
    [{ ...ZOOM, maxLifeSeconds: 59 }, 'maxLifeSeconds: 59 is no whole number from 60 to 31622400'],
    [{ ...ZOOM, defaultLifeSeconds: 86_401 }, 'defaultLifeSeconds: is more than maxLifeSeconds'],
    [{ ...ZOOM, refreshAfter: 0.95 }, 'refreshAfter: 0.95 is no part of a life from 0.1 to 0.9'],
    [
      { ...ZOOM, answer: { context: { refresh: 'refresh_token' } } },
      "answer.context.refresh: 'refresh_token' is no member",
    ],
    [
      { ...ZOOM, answer: { context: { Account: 'a' } } },
      "answer.context.Account: 'Account' is no name like account_id",
    ],
    [{ ...ZOOM, credentials: { labels: { tenat: 'x' } } }, 'credentials.labels.tenat: there is no placeholder {tenat}'],
    [
      { ...ZOOM, tokenEndpoint: 'https://zoom.us/{tenant}', credentials: { defaults: { tenat: 'x' } } },
      'credentials.defaults.tenat: there is no placeholder {tenat} in this description; did you mean tenant?',
    ],
    [{ ...ZOOM, credentials: { steps: [''] } }, "credentials.steps[0]: '' is no sentence"],
    [{ ...ZOOM, documents: 'docs' }, "documents: 'docs' is no page like"],
    // What terminals obey or turn around.
    [{ ...ZOOM, documents: 'https://zoom.us/\u001b[2J' }, 'documents: '],
    [
      { ...ZOOM, parameters: { account: '{account}' }, credentials: { labels: { account: 'account \u001b[2J' } } },
      'credentials.labels.account: ',
    ],
    [{ ...ZOOM, credentials: { steps: ['Open \u202emoc.elpmaxe'] } }, 'credentials.steps[0]: '],
  ])('%j', (description, fault) => {
    const [first = '', ...more] = wrong(description)
    expect(first).toContain(inZoom(fault))
    expect(more).toEqual([])
  })

  it('with all the others that do not, at once', () => {
    const { title, ...untitled } = {
      ...ZOOM,
      tokenEndpoint: 'http://zoom.us',
      keep: 'disk',
      assertion: {},
      color: 'red',
    }
    expect(wrong(untitled).map((line) => line.trim().split(': ')[0]?.split('.').at(-1))).toEqual(
      expect.arrayContaining(['title', 'tokenEndpoint', 'keep', 'assertion', 'color']),
    )
    expect(wrong(untitled)).toHaveLength(5)
    expect(title).toBe('Zoom')
  })

  it.each([undefined, null, 'zoom', 7, []])('%j is none', (description) => {
    expect(wrong(description)).toEqual([expect.stringContaining('oauthVendors.zoom: ')])
  })
})

describe('a secret in a description', () => {
  const [canary, jwt] = ['aB3dE5fG7hI9kL1mN3pQ5rS7-canary', 'eyJhbGciOiJub25lIn0.canary.canary']
  it.each<[string, object]>([
    ['a member that there is not', { client_secret: canary }],
    ['a member by another name', { clientSecret: 'canary' }],
    ['a password', { parameters: { password: 'canary' } }],
    ['an API key', { parameters: { apiKey: 'canary' } }],
    ['a header', { parameters: { authorization: 'Bearer canary-0123456789' } }],
    ['a key', { assertion: { claims: { k: '-----BEGIN PRIVATE KEY-----\ncanary' } } }],
    ['a JWT', { scope: jwt }],
    ['an address with a user', { issuer: 'https://me:canary@zoom.us' }],
    ['a page with a user', { documents: 'https://me:canary@zoom.us' }],
    ['a value by its letters', { parameters: { account_id: canary } }],
    ['a value of hex', { parameters: { account_id: `canary ${'0123456789abcdef'.repeat(2)}` } }],
    ['a usual value', { credentials: { defaults: { client_secret: 'canary' } } }],
    ['a word in a sentence', { credentials: { steps: ['Paste client_secret=canary-1 into the form.'] } }],
    ['in the place of a list', { hosts: canary }],
    ['in the place of an object', { answer: [canary] }],
    ['the name of a member', { parameters: { [canary]: 'x' } }],
    ['a vendor’s own form', { title: 'ghp_canary0123' }],
  ])('is refused and not repeated: %s', (_, more) => {
    const faults = wrong({ ...ZOOM, ...more })
    expect(faults.join('\n')).toMatch(/looks like a secret, which settings may not hold/)
    expect(faults.join('\n')).not.toContain('canary')
  })

  it('is not repeated where the whole is none', () => {
    for (const description of [canary, [canary], { ...ZOOM, parameters: [canary] }])
      expect(wrong(description).join()).not.toContain('canary')
    expect(wrong(canary)).toHaveLength(1)
  })
})

describe('the vendors of a deployment', () => {
  const idsOf = (settings: Settings) => describedVendors(settings).map(({ id }) => id)
  const five = Object.keys(vendors)

  it('are those with code, those that are called by their id, and those that are described', () => {
    expect(idsOf({})).toEqual(five)
    expect(idsOf({ oauthVendors: { box: BOX } })).toEqual([...five, 'box'])
    expect(idsOf({ vendors: [vendors.netrex, 'accelo', 'zoom'], oauthVendors: { box: BOX } })).toEqual([
      'netrex',
      'accelo',
      'zoom',
      'box',
    ])
    expect(describedVendors({ vendors: ['accelo'] })).toEqual([vendors.accelo])
  })

  it('have of the catalogue what a function needs, and no notes for people who choose one', () => {
    const [zoom] = describedVendors({ vendors: ['zoom'] })
    expect(zoom?.description).toMatchObject({ id: 'zoom', title: 'Zoom', hosts: ['zoom.us'] })
    expect(Object.keys(zoom?.description ?? {})).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/readOn|quirk|notCovered|tried|alsoRead/)]),
    )
  })

  it('have one id each', () => {
    const own = { zoom: { ...ZOOM, title: 'Ours' } }
    expect(faultsOf({ vendors: ['accelo'], oauthVendors: own })).toEqual([])
    expect(faultsOf({ vendors: ['zoom'], oauthVendors: own })).toEqual([
      '  oauthVendors.zoom: vendors has it as well; to describe it yourself, leave it out there',
    ])
    expect(faultsOf({ oauthVendors: { accelo: ZOOM } })).toEqual([
      expect.stringContaining('oauthVendors.accelo: vendors has'),
    ])
    expect(faultsOf({ vendors: ['zoom', 'zoom'] })).toEqual([expect.stringContaining('vendors: name each id once')])
    expect(faultsOf({ vendors: ['accelo', vendors.accelo] })).toEqual([expect.stringContaining('name each id once')])
  })

  it('are known by their ids, and a misspelt one is named with the right one', () => {
    expect(faultsOf({ vendors: ['zom'] })).toEqual([
      "  vendors[0]: 'zom' is no vendor of ours, which npx vendomat vendors lists; did you mean zoom?",
    ])
    expect(faultsOf({ vendors: 'zoom' })).toEqual(["  vendors: 'zoom' is no list like ['accelo', 'zoom']"])
    expect(faultsOf({ oauthVendors: { Zoom: ZOOM } })).toEqual([expect.stringContaining("'Zoom' is no id of a vendor")])
    expect(faultsOf({ oauthVendors: { tokens: ZOOM } })).toEqual([expect.stringContaining('is no id of a vendor')])
    expect(faultsOf({ oauthVendors: [ZOOM] })).toEqual([expect.stringContaining('oauthVendors')])
  })

  it('have all settings by vendor', () => {
    const of = (id: string): Settings => ({
      allowedHosts: { [id]: ['zoom.example.com'] },
      allowedNetworks: { [id]: ['10.20.0.0/16'] },
      reservedConcurrency: { [id]: 3 },
      callers: { '111122223333': [`${id}/*`] },
    })
    expect(faultsOf({ ...of('zoom'), vendors: ['zoom'] })).toEqual([])
    expect(faultsOf({ ...of('box'), oauthVendors: { box: BOX } })).toEqual([])
    expect(faultsOf({ ...of('box'), vendors: ['zoom'] })).toHaveLength(4)
  })
})

describe('the environment of a function', () => {
  const long = (letters: number) => ({ ...ZOOM, credentials: { steps: Array(letters / 250).fill('x'.repeat(250)) } })

  it('has room for each vendor of the catalogue', () => {
    const left = describedVendors({ vendors: catalogue.map(({ id }) => id) }).map((one) => bytesLeft(one, {}))
    expect(Math.min(...left)).toBeGreaterThan(500)
  })

  it('holds less than a thousand bytes of what only a deployment knows', () => {
    const settings: VendingStackProps = {
      ...{ stage: 'a-very-long-name', chatTopic: true, hostedCallback: true, restAfterDays: 9999 },
      ...{ vendors: [], oauthVendors: { box: BOX } },
    }
    const id = stackIdOf(settings)
    const template = Template.fromStack(new VendingStack(new App(synthesisOnly), id, settings))
    const arn = (service: string, name: string) => `arn:aws-us-gov:${service}:us-gov-west-1:111122223333:${name}`
    /** As long as CloudFormation makes it. */
    const filled = (value: unknown): string => {
      if (typeof value === 'string') return value
      const { Ref = '', 'Fn::GetAtt': [name] = [''] } = Object(value)
      if (name) return arn('kms', 'key/0f7d3c6e-0000-4000-8000-000000000000')
      if (!Ref) return 'https://a1b2c3d4e5.execute-api.us-gov-west-1.amazonaws.com/v1'
      return `${Ref.includes('Topic') ? arn('sns', '') : ''}${id}-${Ref}-1A2B3C4D5E6F7`
    }
    for (const { Properties } of Object.values(template.findResources('AWS::Lambda::Function'))) {
      const { VENDOMAT_DESCRIPTION: _, ...others } = Properties.Environment.Variables
      const text = JSON.stringify(Object.fromEntries(Object.entries(others).map(([name, one]) => [name, filled(one)])))
      expect(text.length).toBeLessThan(1000)
    }
  })

  it('has no room for a description as long as a book, and it says by how much', () => {
    expect(wrong(long(2500))).toEqual([])
    expect(wrong(long(5000))).toEqual([
      expect.stringMatching(
        /^ {2}oauthVendors\.zoom: the description of zoom is \d{4} bytes too long for the environment/,
      ),
    ])
  })

  it('is shared with what else is set for the vendor', () => {
    const hosts = Array.from({ length: 50 }, (_, at) => `boards-${at}.customers.example.com`)
    expect(faultsOf({ oauthVendors: { zoom: long(2000) }, allowedHosts: { zoom: hosts } })).toHaveLength(1)
    expect(faultsOf({ oauthVendors: { zoom: long(2000) }, allowedHosts: { accelo: hosts } })).toEqual([])
  })
})
