import { jest } from '@jest/globals'
import type { Observation } from '../../functions/core/observation.ts'
import { newState } from '../../functions/core/store.ts'
import { FAILURES, type FailureCode, VendingError } from '../../functions/kit/errors.ts'
import {
  countNotice,
  metrics,
  recordChecks,
  recordEvent,
  recordObservation,
  recordSweep,
} from '../../functions/lambda/log.ts'
import { vendors } from '../../functions/vendors.ts'
import { FAILURE_METRICS } from '../../lib/vendor-metrics.ts'
import { machineTemplate } from '../support/machine-stack.ts'
import { fakeVendor, The } from '../support/world.ts'

interface Line {
  readonly namespace?: string
  readonly name?: string
  readonly vendor?: string
  readonly expression?: string
  readonly stat?: string
  readonly period?: number
  readonly visible?: boolean
}

interface Widget {
  readonly type: 'metric' | 'text'
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  readonly properties: {
    readonly title?: string
    readonly markdown?: string
    readonly start?: string
    readonly metrics?: readonly (readonly (string | { readonly [option: string]: string & number & boolean })[])[]
    readonly annotations?: { readonly horizontal?: readonly { readonly value: number }[] }
  }
}

function bodyOf(): { readonly start?: string; readonly widgets: readonly Widget[] } {
  const [dashboard] = Object.values(machineTemplate().findResources('AWS::CloudWatch::Dashboard'))
  const { DashboardBody: body } = dashboard?.Properties ?? {}
  // What only a deployment knows, such as the table's name, stands between the parts of the text.
  const parts: unknown[] = typeof body === 'string' ? [body] : body['Fn::Join'][1]
  return JSON.parse(parts.map((part) => (typeof part === 'string' ? part : 'deployed')).join(''))
}

/** A line of a graph: namespace, name, pairs of dimension and value, and options; or an expression's options alone. */
function lineOf(metric: NonNullable<Widget['properties']['metrics']>[number]): Line {
  const options = metric.find((part) => typeof part === 'object') ?? {}
  const [namespace, name, ...dimensions] = metric.filter((part): part is string => typeof part === 'string')
  const vendor = dimensions[dimensions.indexOf('vendor') + 1]
  return {
    ...(namespace !== undefined && name !== undefined && { namespace, name }),
    ...(dimensions.includes('vendor') && vendor !== undefined && { vendor }),
    ...options,
  }
}

const body = bodyOf()
const { widgets } = body
const linesOf = ({ properties }: Widget): Line[] => (properties.metrics ?? []).map(lineOf)
const titled = (words: string): Widget => {
  const found = widgets.find(({ properties }) => properties.title?.includes(words))
  if (!found) throw new Error(`no widget is titled "${words}"`)
  return found
}
const all = Object.values(vendors)
const ids = Object.keys(vendors)

describe('the dashboard', () => {
  it('has another name in each region, since an account has one list of dashboards for all of them', () => {
    const inRegion = { 'Fn::Join': ['', ['Vendomat-', { Ref: 'AWS::Region' }]] }
    const [dashboard] = Object.values(machineTemplate().findResources('AWS::CloudWatch::Dashboard'))
    expect(dashboard?.Properties.DashboardName).toEqual(inRegion)
    const [, parts] = machineTemplate().toJSON().Outputs.DashboardUrl.Value['Fn::Join']
    expect(parts.slice(-2)).toEqual(['#dashboards/dashboard/Vendomat-', { Ref: 'AWS::Region' }])
    const named = (region: string) =>
      Object.values(
        machineTemplate({ env: { account: '123456789012', region } }).findResources('AWS::CloudWatch::Dashboard'),
      ).map(({ Properties }) => Properties.DashboardName)
    expect([named('eu-west-1'), named('us-east-1')]).toEqual([['Vendomat-eu-west-1'], ['Vendomat-us-east-1']])
  })

  it('is all that the stack names itself of what an account has once for all regions', () => {
    const named = Object.values<{ Type: string; Properties: object }>(
      machineTemplate({ hostedCallback: true }).toJSON().Resources,
    ).filter(({ Properties }) =>
      Object.keys(Properties ?? {}).some((name) => /^(Role|Policy|User|Bucket|Dashboard)Name$/.test(name)),
    )
    const types = new Set(named.map(({ Type }) => Type))
    // An inline policy lies in its role, and CloudFormation names the roles.
    expect([...types].sort()).toEqual(['AWS::CloudWatch::Dashboard', 'AWS::IAM::Policy'])
  })

  it('has no more widgets, and in a widget no more lines, than CloudWatch takes', () => {
    expect(widgets.length).toBeLessThanOrEqual(500)
    for (const widget of widgets) expect(linesOf(widget).length).toBeLessThanOrEqual(500)
    expect(widgets.reduce((sum, widget) => sum + linesOf(widget).length, 0)).toBeLessThanOrEqual(2500)
  })

  it('lays its widgets beside and below each other, none over another', () => {
    const taken = new Set<string>()
    for (const { x, y, width, height } of widgets) {
      expect(x + width).toBeLessThanOrEqual(24)
      for (let column = x; column < x + width; column += 1) {
        for (let row = y; row < y + height; row += 1) {
          expect(taken).not.toContain(`${column} ${row}`)
          taken.add(`${column} ${row}`)
        }
      }
    }
  })

  it('is the same each time', () => {
    expect(bodyOf()).toEqual(body)
  })

  it('begins with what is most urgent, and then has a part for each vendor', () => {
    const parts = widgets.map(({ properties }) => properties.markdown ?? properties.title?.split(':')[0])
    expect(parts.slice(0, 4)).toEqual([
      'Days until credentials end that a person has to renew (the first of each vendor)',
      'Fresh at once',
      'Ageing tokens served, because renewing failed or is going on',
      'Due connections that a sweep could not renew',
    ])
    expect(parts.filter((part) => part?.startsWith('## '))).toEqual([
      ...all.map(({ title }) => `## ${title}`),
      ...['## Sweeps and checks', '## API and table', '## Notices'],
    ])
  })

  it('shows days left by vendor, over a month, against two weeks and nothing', () => {
    const widget = titled('Days until credentials end')
    expect(widget).toMatchObject({ x: 0, y: 0, properties: { start: '-P30D' } })
    expect(widget.properties.annotations?.horizontal?.map(({ value }) => value)).toEqual([14, 0])
    expect(linesOf(widget)).toEqual(
      ids.map((vendor) => expect.objectContaining({ name: 'DaysToExpiry', vendor, stat: 'Minimum', period: 86400 })),
    )
  })

  it('counts as fresh who waited for nobody: not those that renewed, waited for another, or got an error', () => {
    const lines = linesOf(titled('Fresh at once'))
    const shares = lines.filter(({ expression }) => expression !== undefined)
    expect(shares).toHaveLength(ids.length)
    expect(shares[0]?.expression).toBe(
      '100 * (accelo_all - FILL(accelo_renewals, 0) - FILL(accelo_waits, 0) - FILL(accelo_4xx, 0) - FILL(accelo_5xx, 0)) / accelo_all',
    )
    const named = lines.filter(({ vendor }) => vendor === 'accelo').map(({ name }) => name)
    expect(named.sort()).toEqual(['LeaseWaits', 'Renewals'])
  })

  it('has one line for each class of failure of a vendor', () => {
    const names = linesOf(titled('that failed, by class')).map(({ name }) => name)
    expect(names).toEqual([...FAILURE_METRICS, 'Failures', 'Refusals'])
  })

  it('shows the heartbeat of every vendor', () => {
    expect(linesOf(titled('Sweeps (5 in 5 minutes'))).toEqual(
      ids.map((vendor) => expect.objectContaining({ name: 'SweepDue', vendor, stat: 'SampleCount' })),
    )
  })

  it('shows of every vendor each metric that its function counts, by the name it counts it by', () => {
    const shown = (vendor: string) =>
      widgets.flatMap(linesOf).flatMap((line) => (line.vendor === vendor && line.name ? [line.name] : []))
    const names = counted()
    for (const vendor of ids) expect([...new Set(shown(vendor))].sort()).toEqual(names)
  })
})

describe('the classes of failures', () => {
  it('are those that are remembered of a vendor, and those a call can end in that are not', () => {
    const codes = Object.entries(FAILURES).flatMap(([code, { remember }]) => (remember === 'nothing' ? [] : [code]))
    const classes = [...codes.filter((code) => code !== 'vendor_paused'), 'not_connected', 'internal']
    expect(FAILURE_METRICS.toSorted()).toEqual(classes.map(pascalCase).sort())
  })
})

const pascalCase = (code: string) =>
  code
    .split('_')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')

/** The names of all metrics of functions/lambda/log.ts. */
function counted(): string[] {
  const quiet = [process.stdout, process.stderr].map((stream) => jest.spyOn(stream, 'write').mockReturnValue(true))
  try {
    const { connection } = fakeVendor()
    const observe = (observation: Observation) => recordObservation('acme', observation)
    const event = { op: 'vend', request_id: 'r', caller: 'arn', connection: 'hq', ms: 1 } as const
    for (const outcome of ['vendor', 'stale']) recordEvent('acme', { ...event, outcome })
    for (const code of ['bad_request', 'vendor_unavailable'] as const)
      recordEvent('acme', { ...event, outcome: code }, new VendingError(code, 'so it is'))
    recordSweep('acme', { due: 0, renewed: 0, failed: 0, left: 0 })
    recordChecks('acme', { checked: 0, failed: 0, left: 0 })
    for (const name of FAILURE_METRICS)
      observe({ kind: 'vendor_called', connection, seconds: 1, failure: codeOf(name) })
    observe({ kind: 'waited', connection, seconds: 1 })
    observe({
      kind: 'credentials_end',
      connection,
      state: newState,
      ends: { since: The.now, until: The.now },
      daysLeft: 0,
    })
    for (const sent of [true, false]) countNotice('acme', sent)
    const { _aws } = metrics.serializeMetrics()
    return _aws.CloudWatchMetrics.flatMap(({ Metrics }) => Metrics.map(({ Name }) => Name)).sort()
  } finally {
    metrics.clearMetrics()
    for (const stream of quiet) stream.mockRestore()
  }
}

const codeOf = (name: string): FailureCode => {
  const code = Object.keys(FAILURES).find((one) => pascalCase(one) === name)
  // A key of FAILURES is a failure code.
  return code as FailureCode
}
