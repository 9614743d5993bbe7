import { App } from 'aws-cdk-lib'
import { Template } from 'aws-cdk-lib/assertions'
import { stackIdOf, VendingStack, type VendingStackProps } from '../../lib/vending-stack.ts'
import { synthesisOnly } from '../support/machine-stack.ts'

const everything: VendingStackProps = {
  alertEmail: 'platform@example.com',
  hostedCallback: true,
  chatTopic: true,
  callers: { '111122223333': ['accelo/hq'] },
  secretsKey: 'arn:aws:kms:eu-west-1:111122223333:key/0f7d3c6e-0000-4000-8000-000000000000',
}

/** The template of one deployment with everything, as bin/app.ts would have it. */
function deployed(settings: VendingStackProps) {
  const props = { ...everything, ...settings }
  const template = Template.fromStack(new VendingStack(new App(synthesisOnly), stackIdOf(props), props)).toJSON()
  return { Resources: template.Resources as Record<string, { Type: string; Properties?: object }> }
}

const KINDS = ['names', 'metrics', 'secrets', 'environment', 'events', 'texts'] as const
type Names = Record<(typeof KINDS)[number], Set<string>>

/** All that a template says of itself that others in its account could say too. A `Ref` is of its own stack alone. */
function namesIn({ Resources }: ReturnType<typeof deployed>): Names {
  const found: Names = {
    names: new Set(),
    metrics: new Set(),
    secrets: new Set(),
    environment: new Set(),
    events: new Set(),
    texts: new Set(),
  }
  for (const { Type, Properties = {} } of Object.values(Resources)) {
    for (const [property, value] of Object.entries(Properties)) {
      const name = plain(value)
      if (/Name$/.test(property) && !WITHIN.includes(`${Type} ${property}`) && name) found.names.add(`${Type} ${name}`)
    }
    walk(Properties, (part) => {
      if (typeof part === 'string') {
        if (/vendomat/i.test(part.replaceAll(COMMAND, ''))) found.texts.add(part)
        for (const [secret] of part.matchAll(/(?<=:secret:).*/g)) found.secrets.add(secret)
        return
      }
      if (isMetric(part)) found.metrics.add(JSON.stringify([part.Namespace, part.MetricName, part.Dimensions]))
      if ('Variables' in part)
        for (const [name, value] of Object.entries(Object(part.Variables)))
          if (plain(value) && name !== 'VENDOMAT_RUNBOOK') found.environment.add(`${name}=${plain(value)}`)
      // Beside the condition that a request names any.
      const { 'events:source': sources } = part
      if (Array.isArray(sources)) for (const source of sources) found.events.add(String(source))
      if ('DashboardBody' in part) for (const metric of drawn(part.DashboardBody)) found.metrics.add(metric)
    })
  }
  return found
}

/** A text, or one joined of texts and what all stacks of an account and region have in common. Not what only this one has. */
function plain(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  const { 'Fn::Join': [between = '', parts] = [], Ref: name } = Object(value) as {
    'Fn::Join'?: [string, unknown[]]
    Ref?: string
  }
  if (name?.startsWith('AWS::')) return name
  const texts = parts?.map(plain)
  return texts?.every((text) => text !== undefined) ? texts.join(between) : undefined
}

/** What people are to run, and the kinds of a problem, which are those of the API and not of a deployment. */
const COMMAND = /npx vendomat \w+|urn:vendomat:gateway:/g

/** Names within something that is the stack's own: an API, a role, a namespace. */
const WITHIN = ['AWS::ApiGateway::Stage StageName', 'AWS::IAM::Policy PolicyName', 'AWS::CloudWatch::Alarm MetricName']

interface MetricPart {
  readonly Namespace: string
  readonly MetricName: string
  readonly Dimensions: unknown
}

/** Without a `Ref` among its dimensions: one with is the metric of what the stack made. */
const isMetric = (part: object): part is MetricPart =>
  'Namespace' in part &&
  'MetricName' in part &&
  'Dimensions' in part &&
  !/"Ref"|"Fn::/.test(JSON.stringify(part.Dimensions))

/** The metrics of a dashboard: namespace, name and dimensions; what only a deployment knows is a mark between its texts. */
function drawn(body: unknown): string[] {
  const { 'Fn::Join': [, parts] = ['', [body]] } = Object(body) as { 'Fn::Join'?: [string, unknown[]] }
  const text = parts.map((part) => (typeof part === 'string' ? part : '<ref>')).join('')
  const widgets: { properties: { metrics?: unknown[][] } }[] = JSON.parse(text).widgets
  return widgets
    .flatMap(({ properties }) => properties.metrics ?? [])
    .map((metric) => JSON.stringify(metric.filter((part) => typeof part === 'string')))
    .filter((metric) => metric !== '[]' && !metric.includes('<ref>'))
}

function walk(part: unknown, visit: (part: string | Record<string, unknown>) => void): void {
  if (typeof part === 'string') visit(part)
  if (typeof part !== 'object' || part === null) return
  // A template is JSON: what is no list is an object.
  if (!Array.isArray(part)) visit(part as Record<string, unknown>)
  for (const inner of Object.values(part)) walk(inner, visit)
}

const inCommon = (one: Names, other: Names) =>
  Object.fromEntries(KINDS.map((kind) => [kind, [...one[kind]].filter((name) => other[kind].has(name))]))

const NOTHING = { names: [], metrics: [], secrets: [], environment: [], events: [], texts: [] }
/** What data keys are bound to, under a key of the stack's own. */
const BOUND = 'vendomat'

const alone = namesIn(deployed({}))
const dev = namesIn(deployed({ stage: 'dev' }))

describe('two stages in one account and region', () => {
  it('have no name, metric, secret, environment, event or text in common', () => {
    const test = namesIn(deployed({ stage: 'test' }))
    expect(inCommon(dev, test)).toEqual({ ...NOTHING, texts: [BOUND] })
  })

  it('have none in common with the deployment that has no stage', () => {
    expect(inCommon(dev, alone)).toEqual({ ...NOTHING, texts: [BOUND] })
  })

  it('are looked at whole: a stage has all of them in common with itself', () => {
    const again = inCommon(dev, namesIn(deployed({ stage: 'dev' })))
    for (const [kind, least] of [
      ['names', 36],
      ['metrics', 100],
      ['secrets', 5],
      ['environment', 4],
      ['events', 1],
      ['texts', 40],
    ] as const)
      expect([kind, (again[kind]?.length ?? 0) >= least]).toEqual([kind, true])
    expect(again.secrets).toContain('vendomat-dev/netrex/*')
    expect(again.environment).toEqual(expect.arrayContaining(['VENDOMAT_STAGE=dev', 'VENDOMAT_STACK=Vendomat-dev']))
    expect(again.names).toEqual(
      expect.arrayContaining([
        'AWS::ApiGateway::RestApi vendomat-dev',
        'AWS::ApiGateway::RestApi vendomat-dev-callback',
        'AWS::CloudWatch::Alarm Vendomat-dev-api-5xx',
        'AWS::CloudWatch::Dashboard Vendomat-dev-AWS::Region',
      ]),
    )
    expect(again.metrics).toContain('["Vendomat-dev","Renewals","service","vendomat-dev","vendor","accelo"]')
  })

  it('have none in common either when one is called like a vendor', () => {
    expect(inCommon(namesIn(deployed({ stage: 'accelo' })), alone)).toEqual({ ...NOTHING, texts: [BOUND] })
  })
})

describe('one stage in two regions', () => {
  const account = '111122223333'
  /** What an account has once, for all of its regions. Everything else is found by its region. */
  const WORLDWIDE = /^AWS::(CloudWatch::Dashboard|IAM::|S3::|Route53::|CloudFront::)/
  const worldwide = (region: string, stage = 'dev') =>
    [...namesIn(deployed({ stage, env: { account, region } })).names].filter((name) => WORLDWIDE.test(name))

  it('has no dashboard in common, nor any other name that an account has once', () => {
    const [ireland, frankfurt] = [worldwide('eu-west-1'), worldwide('eu-central-1')]
    expect(ireland.filter((name) => frankfurt.includes(name))).toEqual([])
    expect(ireland).toHaveLength(1)
  })

  it('has its secrets, keys, topics and functions in the region of the stack and in no other', () => {
    const secretsKey = `arn:aws:kms:eu-central-1:${account}:key/0f7d3c6e-0000-4000-8000-000000000000`
    const text = JSON.stringify(deployed({ stage: 'dev', env: { account, region: 'eu-central-1' }, secretsKey }))
    expect(text).toContain('secretsmanager.eu-central-1.amazonaws.com')
    expect(text).not.toContain('eu-west-1')
  })
})

describe('without a stage', () => {
  it('everything is called as it always was', () => {
    expect([...alone.names].filter((name) => /RestApi|Dashboard/.test(name)).sort()).toEqual([
      'AWS::ApiGateway::RestApi vendomat',
      'AWS::ApiGateway::RestApi vendomat-callback',
      'AWS::CloudWatch::Dashboard Vendomat-AWS::Region',
    ])
    expect([...alone.secrets].sort()[0]).toBe('vendomat/accelo/*')
    expect([...alone.events]).toEqual(['vendomat'])
    expect([...alone.environment].filter((value) => value.startsWith('VENDOMAT_STAGE'))).toEqual([])
  })
})
