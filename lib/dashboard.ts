import { Duration, Stack } from 'aws-cdk-lib'
import type { RestApi } from 'aws-cdk-lib/aws-apigateway'
import {
  Dashboard as CloudWatchDashboard,
  Color,
  GraphWidget,
  type GraphWidgetProps,
  type IMetric,
  MathExpression,
  Stats,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch'
import { Construct } from 'constructs'
import type { Names } from '../functions/environment.ts'
import type { Vendor } from '../functions/kit/vendor.ts'
import type { TokenTable } from './token-table.ts'
import {
  FAILURE_METRICS,
  type VendorMetric,
  type VendorMetricName,
  vendMetric,
  vendorMetricOf,
} from './vendor-metrics.ts'

export interface DashboardProps {
  readonly vendors: readonly Vendor[]
  readonly api: RestApi
  readonly tokens: TokenTable
  readonly names: Names
}

/** One page, most urgent first: what a person must renew, are tokens fresh, then each vendor, then the machine. */
export class Dashboard extends Construct {
  readonly url: string

  constructor(scope: Construct, id: string, { vendors, api, tokens, names }: DashboardProps) {
    super(scope, id)
    const vendorMetric = vendorMetricOf(names)
    const ofEach = linesOf(vendors, vendorMetric)
    const { stackName, region } = Stack.of(this)
    // An account has one list of dashboards for all regions.
    const dashboardName = `${stackName}-${region}`
    const dashboard = new CloudWatchDashboard(this, 'Dashboard', {
      dashboardName,
      defaultInterval: Duration.hours(12),
    })
    dashboard.addWidgets(daysLeft(ofEach))
    dashboard.addWidgets(
      ...freshness(
        vendors.map((vendor) => freshShare(vendor, api, vendorMetric)),
        ofEach,
      ),
    )
    for (const vendor of vendors) {
      dashboard.addWidgets(heading(vendor.title))
      dashboard.addWidgets(...vendorRow(vendor, vendorMetric))
    }
    dashboard.addWidgets(heading('Sweeps and checks'))
    dashboard.addWidgets(...taskRow(ofEach))
    dashboard.addWidgets(heading('API and table'))
    dashboard.addWidgets(...machineRow(api, tokens))
    dashboard.addWidgets(heading('Notices'))
    dashboard.addWidgets(...noticeRow(ofEach))
    this.url = `https://${region}.console.aws.amazon.com/cloudwatch/home?region=${region}#dashboards/dashboard/${dashboardName}`
  }
}

const PERCENT = { min: 0, max: 100, label: '%', showUnits: false }
const COUNT = { min: 0, label: 'count', showUnits: false }
const MS = { min: 0, label: 'ms', showUnits: false }
/** Below zero after the end. */
const DAYS = { label: 'days', showUnits: false }

/** Reported once a day, so it has a time range of its own: in the page's 12 hours there may be no report at all. */
const daysLeft = (ofEach: OfEach) =>
  graph('Days until credentials end that a person has to renew (the first of each vendor)', 24, DAYS, {
    left: ofEach('DaysToExpiry', { statistic: Stats.MINIMUM, period: Duration.days(1) }),
    leftAnnotations: [
      { value: 14, label: 'make a new one', color: Color.ORANGE },
      { value: 0, label: 'over', color: Color.RED },
    ],
    start: '-P30D',
  })

const freshness = (shares: IMetric[], ofEach: OfEach) => [
  graph(
    'Fresh at once: % of GET /tokens calls answered without waiting for a renewal (errors count as waiting)',
    12,
    PERCENT,
    { left: shares },
  ),
  graph('Ageing tokens served, because renewing failed or is going on', 6, COUNT, {
    left: ofEach('ServedStale'),
  }),
  graph('Due connections that a sweep could not renew', 6, COUNT, {
    left: ofEach('SweepFailed'),
  }),
]

/**
 * The functions do not count hits, so the number of calls is the gateway's. The true share is this or more: a caller
 * who waited and then got an error is subtracted twice, and a renewal after the report of a refused token is no GET.
 */
const freshShare = (
  { id, title: label }: Pick<Vendor, 'id' | 'title'>,
  api: RestApi,
  vendorMetric: VendorMetric,
): IMetric => {
  const waited = ['renewals', 'waits', '4xx', '5xx'].map((what) => `FILL(${id}_${what}, 0)`)
  return new MathExpression({
    expression: `100 * (${id}_all - ${waited.join(' - ')}) / ${id}_all`,
    usingMetrics: {
      [`${id}_all`]: vendMetric(api, id, 'Count'),
      [`${id}_renewals`]: vendorMetric(id, 'Renewals'),
      [`${id}_waits`]: vendorMetric(id, 'LeaseWaits'),
      [`${id}_4xx`]: vendMetric(api, id, '4XXError'),
      [`${id}_5xx`]: vendMetric(api, id, '5XXError'),
    },
    label,
    period: Duration.minutes(5),
  })
}

const vendorRow = ({ id }: Vendor, vendorMetric: VendorMetric) => [
  graph("Time of a call at the vendor's token endpoint", 6, MS, {
    left: [
      vendorMetric(id, 'VendorTime', { statistic: Stats.p(50), label: 'p50' }),
      vendorMetric(id, 'VendorTime', { statistic: Stats.p(99), label: 'p99' }),
    ],
  }),
  graph('Calls of the vendor that failed, by class, and what callers heard (right)', 6, COUNT, {
    left: FAILURE_METRICS.map((name) => vendorMetric(id, name)),
    right: [
      vendorMetric(id, 'Failures', { label: 'answers without a token' }),
      vendorMetric(id, 'Refusals', { label: 'calls that were refused' }),
    ],
    rightYAxis: COUNT,
  }),
  graph('Tokens obtained while a caller waited and ahead of need, and all calls of the vendor', 6, COUNT, {
    left: [
      vendorMetric(id, 'Renewals', { label: 'caller waited' }),
      vendorMetric(id, 'SweepRenewed', { label: 'ahead of need' }),
      vendorMetric(id, 'VendorCalls', { label: 'vendor calls' }),
      vendorMetric(id, 'VendorFailures', { label: 'of these failed' }),
    ],
  }),
  graph("Callers that waited for another's renewal, and how long callers waited (right)", 6, COUNT, {
    left: [vendorMetric(id, 'LeaseWaits', { label: 'waited for another' })],
    right: [
      vendorMetric(id, 'LeaseWaitTime', { statistic: Stats.p(99), label: 'for another, p99' }),
      vendorMetric(id, 'RenewalTime', { statistic: Stats.p(99), label: 'for the vendor, p99' }),
    ],
    rightYAxis: MS,
  }),
]

const taskRow = (ofEach: OfEach) => [
  graph('Sweeps (5 in 5 minutes; fewer: the schedule or the function is ill)', 8, COUNT, {
    left: ofEach('SweepDue', { statistic: Stats.SAMPLE_COUNT }),
  }),
  graph('Connections that sweeps found due', 8, COUNT, { left: ofEach('SweepDue') }),
  graph('Daily checks: connections looked at, and those that failed or were left over (right)', 8, COUNT, {
    left: ofEach('ChecksDone', { period: Duration.days(1) }),
    right: [
      ...ofEach('ChecksFailed', { period: Duration.days(1) }, 'failed'),
      ...ofEach('ChecksLeft', { period: Duration.days(1) }, 'left over'),
    ],
    rightYAxis: COUNT,
    start: '-P30D',
  }),
]

const machineRow = ({ deploymentStage: stage }: RestApi, tokens: TokenTable) => [
  graph('API latency', 8, MS, {
    left: [
      stage.metricLatency({ statistic: Stats.p(50), label: 'p50' }),
      stage.metricLatency({ statistic: Stats.p(99), label: 'p99' }),
    ],
  }),
  graph("API answers: 4XX (the caller's, or a person must act) and 5XX (a vendor's or ours)", 8, COUNT, {
    left: [
      stage.metricCount({ statistic: Stats.SUM, label: 'all' }),
      stage.metricClientError({ statistic: Stats.SUM, label: '4XX' }),
      stage.metricServerError({ statistic: Stats.SUM, label: '5XX' }),
    ],
  }),
  graph('Table latency', 8, MS, {
    left: [...tokens.metricLatencies(Stats.AVERAGE), ...tokens.metricLatencies(Stats.p(99))],
  }),
]

const noticeRow = (ofEach: OfEach) => [
  graph('Notices sent', 12, COUNT, { left: ofEach('NoticesSent') }),
  graph('Notices that could not be sent', 12, COUNT, { left: ofEach('NoticesLost') }),
]

interface View {
  readonly statistic?: string
  readonly period?: Duration
}

/** One line for each vendor, called after it and what the line is. */
type OfEach = (name: VendorMetricName, view?: View, what?: string) => IMetric[]

const linesOf =
  (vendors: readonly Vendor[], vendorMetric: VendorMetric): OfEach =>
  (name, view = {}, what = '') =>
    vendors.map(({ id, title }) => vendorMetric(id, name, { ...view, label: what ? `${title} ${what}` : title }))

const heading = (title: string) => new TextWidget({ markdown: `## ${title}`, width: 24, height: 1 })

const graph = (title: string, width: number, leftYAxis: GraphWidgetProps['leftYAxis'], what: GraphWidgetProps) =>
  new GraphWidget({ title, width, height: 6, ...(leftYAxis && { leftYAxis }), ...what })
