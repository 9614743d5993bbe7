import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HEADERS } from '../../functions/lambda/callback-page.ts'
import { vendors } from '../../functions/vendors.ts'
import type { Settings } from '../../lib/settings.ts'
import { bundleFunction } from '../../lib/vendor-code.ts'
import { machineTemplate } from '../support/machine-stack.ts'

const template = machineTemplate({ hostedCallback: true })
const without = machineTemplate()

const resources = (type: string, of = template) => Object.entries(of.findResources(type))
const functionOf = (description: string) => {
  const found = resources('AWS::Lambda::Function').find(([, { Properties }]) => Properties.Description === description)
  if (!found) throw new Error(`no function that ${description}`)
  return { id: found[0], ...found[1].Properties }
}
const callback = functionOf('takes people back from vendors')
const exchange = functionOf('exchanges NetRex codes')

const apiOf = ([, { Properties }]: ReturnType<typeof resources>[number]) => Properties.RestApiId.Ref
const publicApi = resources('AWS::ApiGateway::RestApi').find(
  ([, { Properties }]) => Properties.Name === 'vendomat-callback',
)?.[0]

describe('without the hosted callback', () => {
  it('there is no trace of it in the template', () => {
    expect(JSON.stringify(without.toJSON())).not.toMatch(
      /callback|oauth|exchanges|VENDOMAT_EXCHANGE|"AuthorizationType":"NONE"/i,
    )
    expect(machineTemplate({ hostedCallback: false }).toJSON()).toEqual(without.toJSON())
  })
})

describe('the hosted callback', () => {
  it('adds to the machine and changes of it no more than one name in one environment', () => {
    const grown = template.toJSON().Resources
    const changed = Object.entries<object>(without.toJSON().Resources).filter(
      ([id, resource]) => JSON.stringify(resource) !== JSON.stringify(grown[id]),
    )
    const [[, netrex = {}] = []] = changed.filter(([, { Type }]: [string, { Type?: string }]) =>
      Type?.includes('Lambda'),
    )
    expect(Object.keys(Object(netrex).Properties.Environment.Variables)).not.toContain('VENDOMAT_CALLBACK_URL')
    // The key names each role that may use it.
    expect(changed.map(([, { Type }]: [string, { Type?: string }]) => Type).sort()).toEqual([
      'AWS::KMS::Key',
      'AWS::Lambda::Function',
    ])
    const { VENDOMAT_CALLBACK_URL } = functionOf('vends NetRex tokens').Environment.Variables
    expect(VENDOMAT_CALLBACK_URL['Fn::Join'][1]).toEqual([
      'https://',
      { Ref: publicApi },
      '.execute-api.',
      { Ref: 'AWS::Region' },
      '.',
      { Ref: 'AWS::URLSuffix' },
      '/v1',
    ])
    expect(functionOf('vends Accelo tokens').Environment.Variables).not.toHaveProperty('VENDOMAT_CALLBACK_URL')
  })

  it('has three open methods, in an API of their own; every other is signed', () => {
    const pathOf = (id: string | undefined): string => {
      const found = resources('AWS::ApiGateway::Resource').find(([name]) => name === id)?.[1].Properties
      return found ? `${pathOf(found.ParentId.Ref)}/${found.PathPart}` : ''
    }
    const methods = resources('AWS::ApiGateway::Method')
    const open = methods.filter(([, { Properties }]) => Properties.AuthorizationType !== 'AWS_IAM')
    expect(
      open
        .map(
          ([, { Properties }]) =>
            `${Properties.AuthorizationType} ${Properties.HttpMethod} ${pathOf(Properties.ResourceId.Ref)}`,
        )
        .sort(),
    ).toEqual(['NONE GET /oauth/done', 'NONE GET /oauth/{vendor}/begin', 'NONE GET /oauth/{vendor}/callback'])
    expect(open.map(apiOf)).toEqual([publicApi, publicApi, publicApi])
    expect(methods.filter((method) => apiOf(method) === publicApi)).toHaveLength(3)
    for (const [, { Properties }] of open) expect(JSON.stringify(Properties.Integration.Uri)).toContain(callback.id)
  })

  it('has a stage of its own, throttled, whose log holds no query', () => {
    const stage = resources('AWS::ApiGateway::Stage').find((one) => apiOf(one) === publicApi)?.[1]
    expect(stage?.Properties).toMatchObject({
      StageName: 'v1',
      MethodSettings: [
        expect.objectContaining({ DataTraceEnabled: false, ThrottlingRateLimit: 5, ThrottlingBurstLimit: 10 }),
      ],
    })
    const { Format } = stage?.Properties.AccessLogSetting ?? {}
    expect(JSON.parse(Format).path).toBe('$context.resourcePath')
    expect(Format).not.toMatch(/query|header|body|\$context\.path|Override/i)
    expect(resources('AWS::ApiGateway::Account')).toHaveLength(1)
    expect(stage?.DependsOn).toEqual(expect.arrayContaining([resources('AWS::ApiGateway::Account')[0]?.[0]]))
  })

  it('has the headers of the function in what the gateway answers itself, and no word of the request', () => {
    const answers = resources('AWS::ApiGateway::GatewayResponse').filter((one) => apiOf(one) === publicApi)
    expect(answers.map(([, { Properties }]) => Properties.ResponseType).sort()).toEqual(['DEFAULT_4XX', 'DEFAULT_5XX'])
    const { 'content-security-policy': _, ...headers } = HEADERS
    const quoted = Object.entries(headers).map(([name, value]) => [`gatewayresponse.header.${name}`, `'${value}'`])
    for (const [, { Properties }] of answers) {
      expect(Properties.ResponseParameters).toEqual(Object.fromEntries(quoted))
      expect(Properties.ResponseTemplates).toEqual({ 'application/json': '{"message":"there is nothing here"}' })
    }
  })

  it('is reached by https at the name that AWS gives it, and at no other', () => {
    for (const type of ['DomainName', 'BasePathMapping', 'DomainNameV2'])
      expect(resources(`AWS::ApiGateway::${type}`)).toEqual([])
    expect(resources('AWS::Lambda::Url')).toEqual([])
  })

  it('has two names in its environment, and few copies of it run at once', () => {
    expect(callback).toMatchObject({ Runtime: 'nodejs24.x', Timeout: 20, ReservedConcurrentExecutions: 2 })
    expect(Object.keys(callback.Environment.Variables).sort()).toEqual([
      'VENDOMAT_EXCHANGE_FUNCTIONS',
      'VENDOMAT_TABLE',
    ])
    expect(callback.Environment.Variables.VENDOMAT_EXCHANGE_FUNCTIONS).toEqual({
      'Fn::Join': ['', ['{"netrex":"', { Ref: exchange.id }, '"}']],
    })
  })
})

describe('a web ACL', () => {
  const acl = (name: string) => `arn:aws:wafv2:eu-west-1:111122223333:regional/webacl/${name}/a1b2c3d4`
  const [open, signed] = [acl('open'), acl('signed')]

  it('stands before the stage it was named for, and before no other', () => {
    const associated = (webAcl: NonNullable<Settings['webAcl']>) =>
      resources('AWS::WAFv2::WebACLAssociation', machineTemplate({ hostedCallback: true, webAcl })).map(
        ([, { Properties }]) => [Properties.ResourceArn['Fn::Join'][1].slice(-3), Properties.WebACLArn],
      )
    const stages = resources('AWS::ApiGateway::Stage')
    const [ofCallback, ofApi] = [true, false].map((isPublic) => {
      const [id, stage] = stages.find((one) => (apiOf(one) === publicApi) === isPublic) ?? []
      return [stage?.Properties.RestApiId, '/stages/', { Ref: id }]
    })
    expect(associated({ callback: open })).toEqual([[ofCallback, open]])
    expect(associated({ api: signed })).toEqual([[ofApi, signed]])
    expect(associated({ callback: open, api: signed })).toHaveLength(2)
    expect(resources('AWS::WAFv2::WebACLAssociation')).toEqual([])
  })
})

describe('the exchange', () => {
  it('is there for vendors that need consent, and for no other', () => {
    const exchanges = resources('AWS::Lambda::Function').filter(([, { Properties }]) =>
      /^exchanges /.test(Properties.Description),
    )
    expect(exchanges).toHaveLength(Object.values(vendors).filter(({ authorization }) => authorization).length)
  })

  it('has the names of the function of its vendor, but for the callback', () => {
    const vending = functionOf('vends NetRex tokens')
    const { VENDOMAT_CALLBACK_URL: _, ...names } = vending.Environment.Variables
    expect(exchange.Environment.Variables).toEqual(names)
    // It runs no task, and somebody waits for it.
    expect(exchange.Timeout).toBe(28)
  })
})

describe('the bundle', () => {
  let root: string
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'callback-'))
    for (const entry of ['callback/handler', 'netrex/exchange']) bundleFunction(entry, join(root, entry))
  }, 30_000)
  afterAll(() => rmSync(root, { recursive: true }))
  const file = (entry: string) => join(root, entry, 'index.cjs')

  it.each(['callback/handler', 'netrex/exchange'])('of %s is small and exports a handler', (entry) => {
    expect(statSync(file(entry)).size).toBeLessThan(500_000)
    const program = 'process.stdout.write(typeof require(process.argv[1]).handler)'
    const env = {
      AWS_REGION: 'eu-west-1',
      VENDOMAT_TABLE: 'tokens',
      VENDOMAT_ENVELOPE_KEY: 'key',
      VENDOMAT_EXCHANGE_FUNCTIONS: '{"netrex":"f"}',
      NODE_NO_WARNINGS: '1',
    }
    expect(execFileSync(process.execPath, ['-e', program, file(entry)], { env, encoding: 'utf8' })).toBe('function')
  })

  it('of the callback holds no code that reads tokens, secrets or keys, and no vendor', () => {
    const text = readFileSync(file('callback/handler'), 'utf8')
    expect(text).toContain('authorizationUrl')
    expect(text).not.toMatch(/secretsmanager|TrentService|refreshToken|leaseId|credentialVersion|netrex|GetItemCommand/)
  })
})
