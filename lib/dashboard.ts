import { Duration, Stack } from 'aws-cdk-lib'
import type { RestApi } from 'aws-cdk-lib/aws-apigateway'
import {
  Dashboard as CloudWatchDashboard,
  GraphWidget,
  type IMetric,
  MathExpression,
  Stats,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch'
import { Construct } from 'constructs'
import type { Vendor } from '../functions/core/vendor.ts'
import type { TokenTable } from './token-table.ts'
import { vendMetric, vendorMetric } from './vendor-metrics.ts'

export interface DashboardProps {
  readonly vendors: readonly Vendor[]
  readonly api: RestApi
  readonly tokens: TokenTable
}

/** One page, most urgent first: are tokens fresh, then each vendor, then the gateway and the table. */
export class Dashboard extends Construct {
  readonly url: string

  constructor(scope: Construct, id: string, { vendors, api, tokens }: DashboardProps) {
    super(scope, id)
    const { stackName, region } = Stack.of(this)
    const dashboard = new CloudWatchDashboard(this, 'Dashboard', {
      dashboardName: stackName,
      defaultInterval: Duration.hours(12),
    })
    dashboard.addWidgets(...freshness(vendors, api))
    for (const vendor of vendors) {
      dashboard.addWidgets(new TextWidget({ markdown: `## ${vendor.title}`, width: 24, height: 1 }))
      dashboard.addWidgets(...vendorRow(vendor))
    }
    dashboard.addWidgets(new TextWidget({ markdown: '## API and table', width: 24, height: 1 }))
    dashboard.addWidgets(...machineRow(api, tokens))
    this.url = `https://${region}.console.aws.amazon.com/cloudwatch/home?region=${region}#dashboards/dashboard/${stackName}`
  }
}

const PERCENT = { min: 0, max: 100, label: '%', showUnits: false }
const COUNT = { min: 0, label: 'count', showUnits: false }
const MS = { min: 0, label: 'ms', showUnits: false }

/**
 * A hit is not counted by the functions, so all calls are those the gateway counted; whatever ended in an error counts as
 * not fresh, the caller's own mistakes too.
 */
const freshness = (vendors: readonly Vendor[], api: RestApi) => [
  graph('Fresh: % of GET /tokens calls answered with a token not ageing (any error counts as not fresh)', 12, PERCENT, [
    ...vendors.map(({ id, title }) => freshShare(id, title, api)),
  ]),
  graph('Ageing tokens served, because renewing failed or is going on', 6, COUNT, [
    ...vendors.map(({ id, title }) => vendorMetric(id, 'ServedStale', { label: title })),
  ]),
  graph('Due connections that a sweep could not renew', 6, COUNT, [
    ...vendors.filter(isSwept).map(({ id, title }) => vendorMetric(id, 'SweepFailed', { label: title })),
  ]),
]

const freshShare = (id: string, label: string, api: RestApi): IMetric =>
  new MathExpression({
    expression: `100 * (${id}_all - FILL(${id}_stale, 0) - FILL(${id}_4xx, 0) - FILL(${id}_5xx, 0)) / ${id}_all`,
    usingMetrics: {
      [`${id}_all`]: vendMetric(api, id, 'Count'),
      [`${id}_stale`]: vendorMetric(id, 'ServedStale'),
      [`${id}_4xx`]: vendMetric(api, id, '4XXError'),
      [`${id}_5xx`]: vendMetric(api, id, '5XXError'),
    },
    label,
    period: Duration.minutes(5),
  })

function vendorRow(vendor: Vendor) {
  const { id } = vendor
  const counts = graph('Tokens obtained from the vendor', 6, COUNT, [vendorMetric(id, 'Renewals')])
  const times = graph('Time of obtaining one', 6, MS, [
    vendorMetric(id, 'RenewalTime', { statistic: Stats.p(50), label: 'p50' }),
    vendorMetric(id, 'RenewalTime', { statistic: Stats.p(99), label: 'p99' }),
  ])
  const failures = graph("Failures (ours or the vendor's) and refusals (the caller's)", 6, COUNT, [
    vendorMetric(id, 'Failures'),
    vendorMetric(id, 'Refusals'),
  ])
  if (!isSwept(vendor)) {
    const markdown = 'No sweeps: these tokens live in the memory of the process that obtained them, and nowhere else.'
    return [counts, times, failures, new TextWidget({ markdown, width: 6, height: 6 })]
  }
  const sweeps = graph('Sweeps (5 in 5 minutes), and what they found and renewed', 6, COUNT, [
    vendorMetric(id, 'SweepDue', { statistic: Stats.SAMPLE_COUNT, label: 'sweeps' }),
    vendorMetric(id, 'SweepDue', { label: 'due' }),
    vendorMetric(id, 'SweepRenewed', { label: 'renewed' }),
  ])
  return [counts, times, failures, sweeps]
}

function machineRow({ deploymentStage: stage }: RestApi, tokens: TokenTable) {
  return [
    graph('API latency', 8, MS, [
      stage.metricLatency({ statistic: Stats.p(50), label: 'p50' }),
      stage.metricLatency({ statistic: Stats.p(99), label: 'p99' }),
    ]),
    graph("API answers: 4XX (the caller's, or a person must act) and 5XX (a vendor's or ours)", 8, COUNT, [
      stage.metricCount({ statistic: Stats.SUM, label: 'all' }),
      stage.metricClientError({ statistic: Stats.SUM, label: '4XX' }),
      stage.metricServerError({ statistic: Stats.SUM, label: '5XX' }),
    ]),
    graph('Table latency', 8, MS, [...tokens.metricLatencies(Stats.AVERAGE), ...tokens.metricLatencies(Stats.p(99))]),
  ]
}

const graph = (title: string, width: number, leftYAxis: typeof COUNT, left: IMetric[]) =>
  new GraphWidget({ title, width, height: 6, left, leftYAxis })

const isSwept = ({ tokens }: Vendor): boolean => tokens.keep === 'table'
