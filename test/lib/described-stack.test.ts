import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { App } from 'aws-cdk-lib'
import { Template } from 'aws-cdk-lib/assertions'
import { catalogue } from '../../functions/generic/catalogue/index.ts'
import { vendors } from '../../functions/vendors.ts'
import { resourcesIn } from '../../lib/stack-room.ts'
import { VendingStack, type VendingStackProps } from '../../lib/vending-stack.ts'
import { machineStack, machineTemplate, synthesisOnly } from '../support/machine-stack.ts'
import { BOX, PAYPAL, ZOOM } from '../support/wrong-descriptions.ts'

const FIVE = Object.values(vendors)
/** Two with a client of their own, and one where a person says yes. */
const THREE = ['zoom', 'paypal', 'box']
const WITH = { vendors: [...FIVE, 'zoom'], oauthVendors: { paypal: PAYPAL, box: BOX } } satisfies VendingStackProps

const five = machineTemplate()
const eight = machineTemplate(WITH)
const properties = (template: Template, type: string) =>
  Object.values(template.findResources(type)).map(({ Properties }) => Properties)
const functionsIn = (template: Template) => properties(template, 'AWS::Lambda::Function')

/** How many more resources of each type. */
function growth(from: Template, to: Template): Record<string, number> {
  const count = (template: Template, type: string) => Object.keys(template.findResources(type)).length
  const types = new Set(Object.values<{ Type: string }>(to.toJSON().Resources).map(({ Type }) => Type))
  const more = [...types].map((type) => [type, count(to, type) - count(from, type)] as const)
  return Object.fromEntries(more.filter(([, difference]) => difference !== 0))
}

describe('three vendors without code', () => {
  it('add to the template what any three add, and nothing else', () => {
    expect(growth(five, eight)).toEqual({
      'AWS::ApiGateway::Method': 3 * 13 + 1,
      'AWS::ApiGateway::Resource': 3 * 12 + 1,
      'AWS::CloudWatch::Alarm': 15,
      'AWS::IAM::Policy': 6,
      'AWS::IAM::Role': 6,
      'AWS::Lambda::EventInvokeConfig': 3,
      'AWS::Lambda::Function': 3,
      'AWS::Lambda::Permission': 12,
      'AWS::Logs::LogGroup': 3,
      'AWS::Scheduler::Schedule': 6,
    })
  })

  it('have the policies that a vendor with code has, for their own names', () => {
    const policiesOf = (template: Template, id: string) =>
      Object.entries(template.findResources('AWS::IAM::Policy'))
        .filter(([name]) => name.startsWith(`${id}Role`) || name.startsWith(`Schedules${id}Role`))
        .map(([, { Properties }]) =>
          JSON.stringify(Properties.PolicyDocument)
            .replaceAll(id, 'acme')
            // Of a function or a log its logical id ends with a hash.
            .replaceAll(/(acme\w*?)[0-9A-F]{8}/g, '$1'),
        )
    expect(policiesOf(eight, 'zoom')).toHaveLength(2)
    expect(policiesOf(eight, 'zoom')).toEqual(policiesOf(eight, 'accelo'))
  })

  it('have a row of the dashboard and a path of the API each, and are among the ids that the stack prints', () => {
    const [dashboard] = properties(eight, 'AWS::CloudWatch::Dashboard')
    for (const title of ['Zoom', 'PayPal', 'Box']) expect(JSON.stringify(dashboard)).toContain(`## ${title}`)
    const paths = properties(eight, 'AWS::ApiGateway::Resource').map(({ PathPart }) => PathPart)
    for (const id of THREE) expect(paths.filter((part) => part === id)).toHaveLength(3)
    expect(eight.toJSON().Outputs.Vendors.Value).toBe([...FIVE.map(({ id }) => id), ...THREE].join())
  })

  it('have a consent each where a person says yes', () => {
    const hosted = { ...WITH, hostedCallback: true }
    const said = functionsIn(machineTemplate(hosted)).map(({ Description }) => Description)
    expect(said.filter((text) => text.startsWith('exchanges')).sort()).toEqual([
      'exchanges Box codes',
      'exchanges NetRex codes',
    ])
    const paths = properties(eight, 'AWS::ApiGateway::Resource').filter(({ PathPart }) => PathPart === 'authorization')
    expect(paths).toHaveLength(2)
  })

  const describedIn = (template: Template) =>
    functionsIn(template).flatMap(({ Description, Environment }) => {
      const text: unknown = Environment?.Variables.VENDOMAT_DESCRIPTION
      return typeof text === 'string' ? [[Description, JSON.parse(text)] as const] : []
    })

  it('are described in the environment of their functions, whole and to nobody else', () => {
    expect(describedIn(five)).toEqual([])
    const described = Object.fromEntries(describedIn(machineTemplate({ ...WITH, hostedCallback: true })))
    expect(Object.keys(described).sort()).toEqual([
      'exchanges Box codes',
      'vends Box tokens',
      'vends PayPal tokens',
      'vends Zoom tokens',
    ])
    expect(described['vends Box tokens']).toEqual({ id: 'box', ...BOX })
    expect(described['exchanges Box codes']).toEqual({ id: 'box', ...BOX })
    expect(described['vends Zoom tokens']).toMatchObject({ id: 'zoom', tokenEndpoint: ZOOM.tokenEndpoint })
  })

  it('have settings by their ids', () => {
    const set = machineTemplate({
      ...WITH,
      allowedHosts: { box: ['box.example.com'] },
      allowedNetworks: { zoom: ['10.20.0.0/16'] },
      reservedConcurrency: { paypal: 7 },
      callers: { '111122223333': ['zoom/hq'] },
    })
    const by = Object.fromEntries(functionsIn(set).map((fn) => [fn.Description, fn]))
    expect(by['vends Box tokens']?.Environment.Variables.VENDOMAT_ALLOWED_HOSTS).toBe('box.example.com')
    expect(by['vends Zoom tokens']?.Environment.Variables.VENDOMAT_ALLOWED_NETWORKS).toBe('10.20.0.0/16')
    expect(by['vends PayPal tokens']?.ReservedConcurrentExecutions).toBe(7)
    expect(JSON.stringify(properties(set, 'AWS::ApiGateway::RestApi'))).toContain('/v1/GET/tokens/zoom/hq')
  })

  it('leave nothing else in the template: with other words of theirs it differs in their environment alone', () => {
    const changed = machineTemplate({
      ...WITH,
      oauthVendors: { paypal: PAYPAL, box: { ...BOX, scope: 'root_readwrite' } },
    })
    const without = (template: Template) =>
      JSON.stringify(template.toJSON()).replaceAll(/"VENDOMAT_DESCRIPTION":"(\\.|[^"\\])*",?/g, '')
    expect(JSON.stringify(changed.toJSON())).not.toBe(JSON.stringify(eight.toJSON()))
    expect(without(changed)).toBe(without(eight))
  })
})

describe('the code of vendors without code', () => {
  let outdir: string
  beforeAll(() => {
    outdir = mkdtempSync(join(tmpdir(), 'described-'))
  })
  afterAll(() => rmSync(outdir, { recursive: true }))

  it('is one asset for all of their functions, and one for all that exchange codes', () => {
    const { 'aws:cdk:bundling-stacks': _, ...context } = synthesisOnly.context
    const stack = new VendingStack(new App({ ...synthesisOnly, context, outdir }), 'Vendomat', {
      vendors: ['zoom'],
      oauthVendors: { paypal: PAYPAL, box: BOX, other: { ...BOX, title: 'Other' } },
      hostedCallback: true,
    })
    const codes = functionsIn(Template.fromStack(stack)).map(({ Description, Code }) => [Description, Code.S3Key])
    const keys = (what: string) => codes.flatMap(([said, key]) => (String(said).startsWith(what) ? [key] : []))
    expect([keys('vends').length, new Set(keys('vends')).size]).toEqual([4, 1])
    expect([keys('exchanges').length, new Set(keys('exchanges')).size]).toEqual([2, 1])
    expect(keys('vends')[0]).toMatch(/^[0-9a-f]{64}\.zip$/)
  }, 60_000)
})

describe('the room of a stack', () => {
  const zooms = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [`zoom${at}`, { ...ZOOM, title: `Zoom ${at}` }]))
  const settings = (count: number, more: VendingStackProps = {}): VendingStackProps => ({
    vendors: [],
    oauthVendors: zooms(count),
    ...more,
  })
  const resources = (count: number, more?: VendingStackProps) => {
    const stack = machineStack(settings(count, more))
    const inTemplate = Object.keys(Template.fromStack(stack).toJSON().Resources).length
    expect(resourcesIn(stack)).toBe(inTemplate)
    return inTemplate
  }

  it('is for ten vendors, of 43 resources each', () => {
    expect(resources(2) - resources(1)).toBe(43)
    expect(resources(10)).toBe(468)
  })

  it('is not for more, and it says how many fit and what to do with the rest', () => {
    expect(() => machineStack(settings(12))).toThrow(
      '12 vendors take 555 resources, and a stack of CloudFormation takes 500: the first 10 fit. ' +
        'Deploy the rest, zoom10, zoom11, as a second stack with a stage of its own (lib/README.md, "Stages")',
    )
    expect(() => machineStack(settings(11))).toThrow('the first 10 fit. Deploy the rest, zoom10, as a second stack')
  })

  it('is for fewer where people say yes in a browser elsewhere', () => {
    const boxes = (count: number) => Object.keys(zooms(count)).map((id) => [id, { ...BOX, title: id }])
    const hosted = (count: number) =>
      machineStack({ vendors: [], oauthVendors: Object.fromEntries(boxes(count)), hostedCallback: true })
    expect(() => hosted(8)).not.toThrow()
    expect(() => hosted(9)).toThrow('the first 8 fit')
  })

  it('is for the whole catalogue in stacks of ten', () => {
    for (let first = 0; first < catalogue.length; first += 10) {
      const some = catalogue.slice(first, first + 10).map(({ id }) => id)
      expect(() => machineStack({ vendors: some, stage: `part-${first}` })).not.toThrow()
    }
  })
})
