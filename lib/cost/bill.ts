import { type Calls, COUNTED } from './counted.ts'
import { PRICES } from './prices.ts'

/** What a machine is used for. */
export interface Usage {
  readonly connections: number
  /** All callers together, a month. */
  readonly vends: number
  /** Of each connection, a day. */
  readonly renewals: number
}

export interface Item {
  readonly name: string
  /** How much of it a month, and what it is counted in. */
  readonly quantity: number
  readonly unit: string
  readonly dollars: number
  /** What the gateway bills and logs whatever is behind it. */
  readonly door?: true
}

const DAYS = 365 / 12
const MONTH_SECONDS = DAYS * 24 * 3600
const KILOBYTE = 1024
const GIGABYTE = 1024 ** 3

/**
 * What is assumed and not counted. Durations are estimates: nothing was measured in an AWS account yet. `npm run cost` says
 * so, and what else it leaves out: taxes, free tiers, data transfer, failures, cold starts.
 */
export const ASSUMED = {
  /** Of a vend from the process's own copy, from the table, and from the table with a key to open. */
  vendSeconds: { copy: 0.002, table: 0.008, quiet: 0.02 },
  /** Of a sweep that finds nothing, of a renewal, most of it the vendor's, and of a check. */
  sweepSeconds: 0.03,
  renewalSeconds: 0.4,
  checkSeconds: 0.1,
  /** Renewals and checks that a function does side by side. */
  atOnce: { renewals: 64, checks: 16 },
  /** What Lambda itself writes of each call, and the gateway; and what a renewal adds to the line of its sweep. */
  logBytes: { lambda: 400, gateway: 350, renewal: 600 },
  /** What is left of stored logs, which CloudWatch compresses: the share that its price list reckons with. */
  storedShare: 0.15,
  /** DynamoDB asks for the table's key so often for each role that is at work: developer guide, "Encryption at rest". */
  tableKeySeconds: 300,
  /** Of each connection a month: of the ladder, of troubles and that they are over. Each asks twice for the topic's key. */
  notices: 1,
  noticeKeyCalls: 2,
  /** That a process keeps open at most (functions/aws/jwe-envelope.ts). */
  openKeys: 1000,
  /** Of what is stored of a connection. */
  rowKilobytes: 4,
  /** Of a method that is called: Count, 4XXError, 5XXError, Latency, IntegrationLatency. Of each vendor `GET /tokens` is. */
  methodMetrics: 5,
} as const

/** The share of vends that read the table, and of those that open a key besides: callers come at random times. */
export function sharesOf({ connections, vends }: Pick<Usage, 'connections' | 'vends'>) {
  const { stack, seconds } = COUNTED
  const perSecond = vends / MONTH_SECONDS
  // A vendor's function runs in as many processes as are busy at once, and each keeps copies of its own.
  const processes = Math.max(1, (perSecond / stack.vendors) * ASSUMED.vendSeconds.table)
  const each = perSecond / connections / processes
  const table = 1 / (1 + seconds.copy * each)
  const kept = Math.min(1, ASSUMED.openKeys / (connections / stack.vendors))
  const opened = 1 - kept + kept / (1 + seconds.openKey * each)
  return { table, quiet: Math.min(table, opened) }
}

/** What the machine costs in a month, by item. */
export function billOf({ connections, vends, renewals }: Usage): readonly Item[] {
  const { stack } = COUNTED
  const shares = sharesOf({ connections, vends })
  const quiet = vends * shares.quiet
  const table = vends * shares.table - quiet
  const copies = vends - table - quiet
  const renewed = connections * renewals * DAYS
  const sweeps = stack.vendors * DAYS * 24 * 60
  const checks = connections * DAYS
  const tasks = sweeps + stack.vendors * DAYS

  const total = (of: keyof Calls): number =>
    table * COUNTED.tableVend[of] +
    quiet * COUNTED.quietVend[of] +
    sweeps * COUNTED.emptySweep[of] +
    renewed * COUNTED.renewal[of] +
    checks * COUNTED.check[of]
  const { vendSeconds, atOnce, logBytes } = ASSUMED
  const noticed = connections * ASSUMED.notices
  const seconds =
    copies * vendSeconds.copy +
    table * vendSeconds.table +
    quiet * vendSeconds.quiet +
    sweeps * ASSUMED.sweepSeconds +
    sweepSeconds(renewed / sweeps) * sweeps +
    (checks * ASSUMED.checkSeconds) / atOnce.checks
  const logs =
    vends * (COUNTED.logBytes.hit + logBytes.lambda) +
    tasks * (COUNTED.logBytes.sweep + logBytes.lambda) +
    renewed * logBytes.renewal
  const accessLog = vends * logBytes.gateway
  const stored = (bytes: number, days: number) => ((bytes * days) / DAYS / GIGABYTE) * ASSUMED.storedShare

  const item = (name: string, quantity: number, unit: string, each: number): Item => ({
    ...{ name, quantity, unit },
    dollars: quantity * each,
  })
  return [
    { ...item('REST API', vends, 'requests', 0), dollars: inSteps(vends), door: true },
    { ...item('access log', accessLog / GIGABYTE, 'GB', PRICES.logGigabyte), door: true },
    {
      ...item('stored access log', stored(accessLog, COUNTED.logDays.gateway), 'GB', PRICES.storedLogGigabyte),
      door: true,
    },
    item('Lambda requests', vends + tasks, 'requests', PRICES.lambdaRequest),
    item('Lambda compute', (seconds * stack.memoryMegabytes) / 1024, 'GB-s', PRICES.lambdaGigabyteSecond),
    item('table reads', total('readUnits'), 'units', PRICES.readUnit),
    item('table writes', total('writeUnits'), 'units', PRICES.writeUnit),
    item('table storage', (connections * ASSUMED.rowKilobytes * KILOBYTE) / GIGABYTE, 'GB', PRICES.tableGigabyte),
    item('key calls for tokens', total('keyCalls'), 'calls', PRICES.keyCall),
    item('key calls of the table', (stack.vendors * MONTH_SECONDS) / ASSUMED.tableKeySeconds, 'calls', PRICES.keyCall),
    item('keys', stack.keys, 'keys', PRICES.key),
    item('secrets', connections, 'secrets', PRICES.secret),
    item('secret reads', total('secretCalls'), 'calls', PRICES.secretCall),
    item('schedules', tasks, 'calls', PRICES.scheduledCall),
    item('dead letters', 0, 'requests', PRICES.queueRequest),
    item('notices', noticed, 'notices', noticePrice),
    item('function logs', logs / GIGABYTE, 'GB', PRICES.logGigabyte),
    item('stored logs', stored(logs, COUNTED.logDays.functions), 'GB', PRICES.storedLogGigabyte),
    item('function metrics', stack.vendors * COUNTED.metrics, 'metrics', PRICES.metric),
    item('gateway metrics', stack.vendors * ASSUMED.methodMetrics, 'metrics', PRICES.metric),
    item('alarms', stack.alarmMetrics, 'metrics', PRICES.alarmMetric),
    item('dashboard', stack.dashboards, 'dashboards', PRICES.dashboard),
  ]
}

/** A notice is published, mailed to one address, and put on the bus. */
const noticePrice = PRICES.publish + PRICES.mail + PRICES.event + ASSUMED.noticeKeyCalls * PRICES.keyCall

export const sum = (items: readonly Item[]): number => items.reduce((total, { dollars }) => total + dollars, 0)

/** How long a sweep takes beyond looking, which finds so many due on average: renewals come at random times too. */
const sweepSeconds = (due: number): number =>
  ASSUMED.renewalSeconds * (1 - Math.exp(-due) + due / ASSUMED.atOnce.renewals)

function inSteps(requests: number): number {
  let below = 0
  let dollars = 0
  for (const { upTo, each } of PRICES.restRequests) {
    dollars += Math.max(0, Math.min(requests, upTo) - below) * each
    below = upTo
  }
  return dollars
}

/** So often a connection is vended that is busy: with that most vends come from a process's own copy. */
const BUSY_SECONDS = 1

/** What a million more costs, beyond the front door, where the machine is as busy as this. */
export function perMillion() {
  const beyondDoor = (usage: Usage) => sum(billOf(usage).filter(({ door }) => !door))
  const connections = 100
  const idle = beyondDoor({ connections, vends: 0, renewals: 0 })
  const vends = (connections * MONTH_SECONDS) / BUSY_SECONDS
  const quietVends = connections * DAYS
  // An hourly token each; at least a renewal in each sweep, so that sweeps are shared.
  const many = { connections: 10_000, vends: 0 }
  const renewed = many.connections * 24 * DAYS
  return {
    busyVends: ((beyondDoor({ connections, vends, renewals: 0 }) - idle) / vends) * 1e6,
    quietVends: ((beyondDoor({ connections, vends: quietVends, renewals: 0 }) - idle) / quietVends) * 1e6,
    renewals: ((beyondDoor({ ...many, renewals: 24 }) - beyondDoor({ ...many, renewals: 0 })) / renewed) * 1e6,
  }
}
