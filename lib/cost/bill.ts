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
 * so, and what else it leaves out: taxes, free tiers, data transfer, stored logs, failures, cold starts.
 */
export const ASSUMED = {
  memoryGigabytes: 0.5,
  /** Of a vend from the process's own copy, from the table, and from the table with a key to open. */
  vendSeconds: { copy: 0.002, table: 0.008, quiet: 0.02 },
  /** Of a sweep that finds nothing, of a renewal, most of it the vendor's, and of a check. */
  sweepSeconds: 0.03,
  renewalSeconds: 0.4,
  checkSeconds: 0.1,
  /** Renewals and checks that a function does side by side. */
  atOnce: { renewals: 64, checks: 16 },
  /** What Lambda itself writes of each call, and the gateway; and a sweep or check of itself. */
  logBytes: { lambda: 400, gateway: 350, task: 600 },
  /** That a process keeps open at most (functions/aws/jwe-envelope.ts). */
  openKeys: 1000,
  /** Of what is stored of a connection. */
  rowKilobytes: 4,
  /** Metrics with data in a usual month, of each vendor: what its function counts, and the gateway of GET /tokens. */
  metrics: { counted: 12, gateway: 5 },
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
  const seconds =
    copies * vendSeconds.copy +
    table * vendSeconds.table +
    quiet * vendSeconds.quiet +
    sweeps * ASSUMED.sweepSeconds +
    sweepSeconds(renewed / sweeps) * sweeps +
    (checks * ASSUMED.checkSeconds) / atOnce.checks
  const logs =
    vends * (COUNTED.logBytes + logBytes.lambda) + tasks * (logBytes.lambda + logBytes.task) + renewed * logBytes.task

  const item = (name: string, quantity: number, unit: string, each: number): Item => ({
    ...{ name, quantity, unit },
    dollars: quantity * each,
  })
  return [
    { ...item('REST API', vends, 'requests', 0), dollars: inSteps(vends), door: true },
    { ...item('access log', (vends * logBytes.gateway) / GIGABYTE, 'GB', PRICES.logGigabyte), door: true },
    item('Lambda requests', vends + tasks, 'requests', PRICES.lambdaRequest),
    item('Lambda compute', seconds * ASSUMED.memoryGigabytes, 'GB-s', PRICES.lambdaGigabyteSecond),
    item('table reads', total('readUnits'), 'units', PRICES.readUnit),
    item('table writes', total('writeUnits'), 'units', PRICES.writeUnit),
    item('table storage', (connections * ASSUMED.rowKilobytes * KILOBYTE) / GIGABYTE, 'GB', PRICES.tableGigabyte),
    item('key service calls', total('keyCalls'), 'calls', PRICES.keyCall),
    item('keys', stack.keys, 'keys', PRICES.key),
    item('secrets', connections, 'secrets', PRICES.secret),
    item('secret reads', total('secretCalls'), 'calls', PRICES.secretCall),
    item('schedules', tasks, 'calls', PRICES.scheduledCall),
    item('function logs', logs / GIGABYTE, 'GB', PRICES.logGigabyte),
    item('metrics', stack.vendors * (ASSUMED.metrics.counted + ASSUMED.metrics.gateway), 'metrics', PRICES.metric),
    item('alarms', stack.alarmMetrics, 'metrics', PRICES.alarmMetric),
    item('dashboard', stack.dashboards, 'dashboards', PRICES.dashboard),
  ]
}

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
