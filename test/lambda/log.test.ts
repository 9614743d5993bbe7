import { jest } from '@jest/globals'
import type { VendingEvent } from '../../functions/api/audit.ts'
import { storeUnavailable } from '../../functions/aws/unavailable.ts'
import type { Observation } from '../../functions/core/observation.ts'
import { newState } from '../../functions/core/store.ts'
import { daysLeft } from '../../functions/keeper/ladder.ts'
import { FAILURES, type FailureCode, VendingError } from '../../functions/kit/errors.ts'
import { DAY_SECONDS, secondsAfter } from '../../functions/kit/time.ts'
import {
  countNotice,
  metrics,
  recordChecks,
  recordEvent,
  recordObservation,
  recordSweep,
} from '../../functions/lambda/log.ts'
import { FAILURE_METRICS } from '../../lib/vendor-metrics.ts'
import { fakeVendor, The } from '../support/world.ts'

const event: VendingEvent = {
  op: 'vend',
  request_id: '0b8f1f6e-5f0c-4e8e-9a52-1f6f0b8f5f0c',
  caller: 'arn:aws:sts::111122223333:assumed-role/billing/session',
  connection: 'accelo#hq',
  outcome: 'cache',
  fingerprint: '628022c8eb78a9f1',
  expires_in: 86_399,
  ms: 12,
}

/** The lines written, without their line ends. */
function linesOf(write: () => void): string[] {
  const written: string[] = []
  const take = (text: string | Uint8Array) => {
    written.push(String(text))
    return true
  }
  const spies = [
    jest.spyOn(process.stdout, 'write').mockImplementation(take),
    jest.spyOn(process.stderr, 'write').mockImplementation(take),
  ]
  try {
    write()
  } finally {
    for (const spy of spies) spy.mockRestore()
  }
  return written.join('').split('\n').filter(Boolean)
}

describe('the audit line', () => {
  it('is one line of JSON with who, what and how it ended', () => {
    const lines = linesOf(() => recordEvent('accelo', event))
    expect(lines).toHaveLength(1)
    expect(JSON.parse(lines[0] ?? '')).toEqual({ level: 'INFO', time: expect.any(String), ...event })
  })

  it('takes at most 400 bytes, its line end included, however long the names are', () => {
    const longest = {
      ...event,
      caller: `arn:aws:iam::111122223333:user${'/very-long-path'.repeat(34)}/somebody`,
      connection: `clearid#${'c'.repeat(63)}`,
      outcome: 'connection_disabled',
      expires_in: 31_536_000,
      ms: 29_000,
    }
    const [line = ''] = linesOf(() => recordEvent('clearid', longest))
    expect(Buffer.byteLength(line) + 1).toBeLessThanOrEqual(400)
    expect(JSON.parse(line).caller).toMatch(/^arn:aws:iam::.*….*somebody$/)
    expect(JSON.parse(line).connection).toBe(longest.connection)
  })

  it('names the reason when a service of ours fails, and for an error nobody foresaw only its name and place', () => {
    const ours = linesOf(() =>
      recordEvent(
        'accelo',
        { ...event, outcome: 'store_unavailable' },
        storeUnavailable('the table', new Error('no permission for dynamodb:Query')),
      ),
    )
    expect(ours.join()).toContain('no permission for dynamodb:Query')
    const bug = linesOf(() =>
      recordEvent('accelo', { ...event, outcome: 'internal' }, new TypeError('canary in a message')),
    )
    expect(bug.join()).toContain('TypeError')
    expect(bug.join()).toContain('log.test.ts')
    expect(bug.join()).not.toContain('canary')
  })

  it('never shows the text of what a vendor failure was caused by', () => {
    const failure = new VendingError('vendor_unavailable', 'Accelo does not answer', {
      cause: new Error('canary in a URL'),
    })
    expect(linesOf(() => recordEvent('accelo', { ...event, outcome: failure.code }, failure)).join()).not.toContain(
      'canary',
    )
  })
})

/** The lines of metrics that an invocation writes, without what every one of them has. */
function metricsOf(record: () => void): Record<string, unknown>[] {
  const lines = linesOf(() => {
    record()
    metrics.publishStoredMetrics()
  })
  return lines
    .map((line) => JSON.parse(line))
    .filter((line) => '_aws' in line)
    .map(({ _aws, service, ...values }) => {
      expect(_aws.CloudWatchMetrics[0]).toMatchObject({ Namespace: 'Vendomat', Dimensions: [['service', 'vendor']] })
      expect(service).toBe('vendomat')
      return values
    })
}

const unitsOf = (record: () => void) => {
  const [line = '{}'] = linesOf(() => {
    record()
    metrics.publishStoredMetrics()
  }).filter((one) => one.includes('_aws'))
  return JSON.parse(line)._aws.CloudWatchMetrics[0].Metrics
}

describe('the metrics', () => {
  const { connection } = fakeVendor({ id: 'accelo' })
  const observe = (observation: Observation) => recordObservation('accelo', observation)
  const called = (seconds: number, failure?: FailureCode) =>
    observe({ kind: 'vendor_called', connection, seconds, ...(failure && { failure }) })
  const endsIn = (days: number) => {
    const ends = { since: new Date(0), until: secondsAfter(The.now, days * DAY_SECONDS) }
    observe({ kind: 'credentials_end', connection, state: newState, ends, daysLeft: daysLeft(ends.until, The.now) })
  }

  beforeEach(() => {
    linesOf(() => metrics.publishStoredMetrics())
  })

  it('count a call of the vendor and how long it took', () => {
    const record = () => called(0.2504)
    expect(metricsOf(record)).toEqual([{ vendor: 'accelo', VendorCalls: 1, VendorTime: 250 }])
    expect(unitsOf(record)).toEqual([
      { Name: 'VendorCalls', Unit: 'Count' },
      { Name: 'VendorTime', Unit: 'Milliseconds' },
    ])
  })

  it('count a call that failed by its class too', () => {
    expect(metricsOf(() => called(8, 'vendor_unavailable'))).toEqual([
      { vendor: 'accelo', VendorCalls: 1, VendorTime: 8000, VendorFailures: 1, VendorUnavailable: 1 },
    ])
  })

  it('know every class by the name that the dashboard asks for', () => {
    const [line = {}] = metricsOf(() => {
      // The keys of FAILURES are its codes.
      for (const failure of Object.keys(FAILURES) as FailureCode[]) called(1, failure)
    })
    expect(FAILURE_METRICS.filter((name) => line[name] !== 1)).toEqual([])
  })

  it('of one invocation are one line, with each value of what came several times', () => {
    const [line, ...more] = metricsOf(() => {
      endsIn(7)
      endsIn(-3)
      observe({ kind: 'waited', connection, seconds: 1.5 })
      countNotice('accelo', true)
      countNotice('accelo', false)
    })
    expect(line).toEqual({
      vendor: 'accelo',
      DaysToExpiry: [7, -3],
      LeaseWaits: 1,
      LeaseWaitTime: 1500,
      NoticesSent: 1,
      NoticesLost: 1,
    })
    expect(more).toEqual([])
  })

  it.each([99, 100, 101, 250])('name the vendor on every line, with %i connections in one run', (connections) => {
    const lines = metricsOf(() => {
      for (let days = 0; days < connections; days += 1) endsIn(days)
      countNotice('accelo', true)
    })
    expect(lines.filter(({ vendor }) => vendor !== 'accelo')).toEqual([])
    expect(lines.flatMap(({ DaysToExpiry = [] }) => DaysToExpiry)).toHaveLength(connections)
  })

  it('of a check that found nothing are written all the same: silence means that it did not run', () => {
    const nothing = { checked: 0, failed: 0, left: 0 }
    expect(metricsOf(() => recordChecks('iobeya', nothing))).toEqual([
      { vendor: 'iobeya', ChecksDone: 0, ChecksFailed: 0, ChecksLeft: 0 },
    ])
    expect(metricsOf(() => recordSweep('accelo', { due: 0, renewed: 0, failed: 0, left: 0 }))).toEqual([
      { vendor: 'accelo', SweepDue: 0, SweepRenewed: 0, SweepFailed: 0 },
    ])
  })

  it('of a check count as left over what was missed in its day, not what the next minutes go on with', () => {
    expect(metricsOf(() => recordChecks('iobeya', { checked: 3, failed: 1, left: 9, missed: 5 }))).toEqual([
      { vendor: 'iobeya', ChecksDone: 3, ChecksFailed: 1, ChecksLeft: 5 },
    ])
    expect(metricsOf(() => recordChecks('iobeya', { checked: 3, failed: 0, left: 9 }))).toEqual([
      { vendor: 'iobeya', ChecksDone: 3, ChecksFailed: 0, ChecksLeft: 0 },
    ])
    expect(metricsOf(() => recordChecks('iobeya', undefined))).toEqual([])
  })

  it('of a sweep come with a line of their own when anything was due, which says what is left', () => {
    const lines = linesOf(() => {
      recordSweep('accelo', { due: 0, renewed: 0, failed: 0, left: 0 })
      recordSweep('accelo', { due: 9, renewed: 4, failed: 2, left: 3 })
    })
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { level: 'INFO', time: expect.any(String), op: 'sweep', due: 9, renewed: 4, failed: 2, left: 3 },
    ])
  })

  it('of a check come with a line of their own', () => {
    const lines = linesOf(() => recordChecks('iobeya', { checked: 3, failed: 1, left: 2 }))
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { level: 'INFO', time: expect.any(String), op: 'check', checked: 3, failed: 1, left: 2 },
    ])
  })
})
