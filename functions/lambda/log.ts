import { LogFormatter, Logger, LogItem } from '@aws-lambda-powertools/logger'
import type { LogAttributes, UnformattedAttributes } from '@aws-lambda-powertools/logger/types'
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics'
import { shorten, type VendingEvent } from '../api/audit.ts'
import type { Observation } from '../core/observation.ts'
import { ENV, namesOf } from '../environment.ts'
import type { Checks } from '../keeper/check.ts'
import type { Sweep } from '../keeper/sweep.ts'
import { FAILURES, type FailureCode, VendingError } from '../kit/errors.ts'

/** The audit line is at most this long, all told; logs are most of what a vend costs beyond the gateway. */
const LINE_BYTES = 400
/** `{"level":"ERROR","time":"2026-11-21T00:00:00.000Z",` and the newline. */
const FRAME_BYTES = 52

/** Level, time and what was asked to be logged: Powertools' own Lambda context would take half of the line. */
class ShortLines extends LogFormatter {
  override formatAttributes({ logLevel, timestamp }: UnformattedAttributes, more: LogAttributes): LogItem {
    return new LogItem({ attributes: { level: logLevel, time: timestamp.toISOString(), ...more } })
  }
}

const { service: serviceName, namespace } = namesOf(process.env[ENV.stage])
export const logger = new Logger({ serviceName, logFormatter: new ShortLines() })
/** A mere hit has nothing to count, which Powertools would lament on a line of its own. */
const silent = { trace() {}, debug() {}, info() {}, warn() {}, error() {} }
export const metrics = new Metrics({ namespace, serviceName, logger: silent })

/**
 * Writes the audit line, synchronously to standard output, and throws when it cannot; counts what is not a mere hit. What
 * failed on our side or the vendor's adds a line with the reason; what the caller got wrong does not.
 */
export function recordEvent(vendorId: string, event: VendingEvent, error?: unknown): void {
  logger.info('', { ...shorten(event, LINE_BYTES - FRAME_BYTES) })
  // The console is silent about a line that could not be written; the stream knows by then.
  if (process.stdout.errored) throw process.stdout.errored
  if (error === undefined && !(event.outcome in METRICS)) return
  const metric = METRICS[event.outcome] ?? (isCallers(error) ? 'Refusals' : 'Failures')
  count(vendorId, metric)
  if (metric === 'Renewals') time(vendorId, 'RenewalTime', event.ms ?? 0)
  if (metric === 'Failures') logger.error('', { request_id: event.request_id, ...describe(error) })
}

/** A sweep that finds nothing is counted too: that it ran is what its alarm watches. */
export function recordSweep(vendorId: string, { due, renewed, failed, left }: Sweep): void {
  count(vendorId, 'SweepDue', due)
  count(vendorId, 'SweepRenewed', renewed)
  count(vendorId, 'SweepFailed', failed)
  if (due > 0) logger.info('', { op: 'sweep', due, renewed, failed, left })
}

/**
 * The same of a run of the daily check: silence means that none ran. What is left of a round in its day is nobody's trouble,
 * as the next minutes go on with it; what its day was not long enough for is.
 */
export function recordChecks(vendorId: string, checks: Checks | undefined): void {
  if (!checks) return
  const { checked, failed, left, missed = 0, fault } = checks
  count(vendorId, 'ChecksDone', checked)
  count(vendorId, 'ChecksFailed', failed)
  count(vendorId, 'ChecksLeft', missed)
  logger.info('', { op: 'check', checked, failed, left, ...(missed > 0 && { missed }), ...(fault && { fault }) })
}

/** Counts what the machine reports of itself. */
export function recordObservation(vendorId: string, observation: Observation): void {
  switch (observation.kind) {
    case 'vendor_called':
      count(vendorId, 'VendorCalls')
      time(vendorId, 'VendorTime', observation.seconds * 1000)
      if (observation.failure === undefined) break
      count(vendorId, 'VendorFailures')
      count(vendorId, metricOf(observation.failure))
      break
    case 'waited':
      count(vendorId, 'LeaseWaits')
      time(vendorId, 'LeaseWaitTime', observation.seconds * 1000)
      break
    case 'credentials_end':
    case 'grant_ends':
      count(vendorId, 'DaysToExpiry', observation.daysLeft)
  }
}

export const countNotice = (vendorId: string, sent: boolean): void =>
  count(vendorId, sent ? 'NoticesSent' : 'NoticesLost')

/** A failure's name as a metric: 'vendor_unavailable' is counted as VendorUnavailable. */
const metricOf = (code: FailureCode): string =>
  code.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase())

const count = (vendorId: string, name: string, value = 1): void => add(vendorId, name, ['Count', value])

const time = (vendorId: string, name: string, ms: number): void => add(vendorId, name, ['Milliseconds', Math.round(ms)])

/** Names the vendor each time: at a metric's 100th value Powertools writes out what it has, and forgets the dimensions. */
function add(vendorId: string, name: string, [unit, value]: readonly ['Count' | 'Milliseconds', number]): void {
  metrics.addDimension('vendor', vendorId)
  metrics.addMetric(name, MetricUnit[unit], value)
}

const METRICS: Readonly<Record<string, string>> = { vendor: 'Renewals', stale: 'ServedStale' }

const isCallers = (error: unknown): boolean =>
  error instanceof VendingError && (FAILURES[error.code].status < 424 || FAILURES[error.code].status === 429)

/** What may be said of an error: our own words, and of others the name and where it happened; never their text. */
function describe(error: unknown): Record<string, string> {
  if (!(error instanceof VendingError)) return { error: nameOf(error), at: placeOf(error) }
  const { cause } = error
  // The SDK's words on our own services: which permission is missing, which table is not there.
  const because = error.code === 'store_unavailable' && cause instanceof Error ? `: ${cause.message}` : ''
  return { error: error.message, ...(cause !== undefined && { cause: `${nameOf(cause)}${because}` }) }
}

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : typeof error)

const placeOf = (error: unknown): string =>
  error instanceof Error
    ? (error.stack ?? '')
        .split('\n')
        .filter((line) => /^\s+at /.test(line))
        .slice(0, 8)
        .join(' ')
        .replaceAll('    ', '')
    : ''
