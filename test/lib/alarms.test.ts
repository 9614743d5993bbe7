import { App, Stack } from 'aws-cdk-lib'
import { Template } from 'aws-cdk-lib/assertions'
import { namesOf } from '../../functions/environment.ts'
import { ANCHORS, TYPES } from '../../functions/notices/words.ts'
import { vendors } from '../../functions/vendors.ts'
import { Alerts } from '../../lib/alerts.ts'
import { OperationsKey } from '../../lib/operations-key.ts'
import { anchorOf, read, sectionOf } from '../support/documents.ts'
import { machineTemplate } from '../support/machine-stack.ts'
import { fakeVendor } from '../support/world.ts'

const template = machineTemplate()
const resources = (type: string, of = template) =>
  Object.values(of.findResources(type)).map(({ Properties }) => Properties)

const alarms = resources('AWS::CloudWatch::Alarm')
const allAlarms = resources('AWS::CloudWatch::Alarm', machineTemplate({ hostedCallback: true }))
const ids = Object.keys(vendors)
const nameOf = ({ AlarmName }: { AlarmName: string }) => AlarmName.replace('Vendomat-', '')
const alarm = (name: string) => alarms.find((one) => nameOf(one) === name)

const reference = read('lib/README.md')
const headings = [...read('lib/RUNBOOK.md').matchAll(/^## (.+)$/gm)].map(([, heading = '']) => heading)

describe('an alarm', () => {
  it('begins with what to do and ends with a heading of the runbook that is there', () => {
    const anchors = headings.map((heading) => `lib/RUNBOOK.md#${anchorOf(heading)}`)
    for (const { AlarmDescription } of allAlarms) {
      expect(AlarmDescription).toMatch(/^(Look|Run|Read|Compare|See) /)
      expect(anchors).toContain(AlarmDescription.split(' ').at(-1))
    }
  })

  it('links to where people read the runbook', () => {
    const runbookUrl = 'https://git.example/vendomat/lib/RUNBOOK.md'
    for (const { AlarmDescription } of resources('AWS::CloudWatch::Alarm', machineTemplate({ runbookUrl })))
      expect(AlarmDescription).toMatch(/ Runbook: https:\/\/git\.example\/vendomat\/lib\/RUNBOOK\.md#[a-z0-9-]+$/)
    expect(() => machineTemplate({ runbookUrl: `${runbookUrl}#runbook` })).toThrow('must be the page alone')
  })

  it('is there for every vendor, wherever its tokens are kept', () => {
    const watched = (id: string) => alarms.flatMap((one) => (nameOf(one).startsWith(`${id}-`) ? [nameOf(one)] : []))
    for (const id of ids) {
      expect(watched(id).sort()).toEqual(
        [...['check-stopped', 'checks-failing', 'function-errors', 'function-throttled', 'sweep-stopped']].map(
          (what) => `${id}-${what}`,
        ),
      )
    }
  })

  it('has no heading of the runbook in common with a notice: one trouble is one mail', () => {
    const noticed: readonly string[] = Object.values(ANCHORS)
    const alarmed = allAlarms.map(({ AlarmDescription }) => AlarmDescription.split('#').at(-1))
    expect(alarmed.filter((anchor) => noticed.includes(anchor))).toEqual([])
  })

  it('does not watch what a notice says: how the vendor answers callers and sweeps, and when credentials end', () => {
    const watched = allAlarms.flatMap(({ MetricName, Metrics = [] }) => [MetricName, ...namesIn(Metrics)])
    for (const name of ['Failures', 'ServedStale', 'VendorFailures', 'SweepFailed', 'DaysToExpiry'])
      expect(watched).not.toContain(name)
  })

  it('says what missing data means: bad news of sweeps and checks, and good news of everything else', () => {
    const heartbeats = allAlarms.filter((one) => /-(sweep|check)-stopped$/.test(nameOf(one)))
    expect(heartbeats).toHaveLength(2 * ids.length)
    for (const one of allAlarms)
      expect(one.TreatMissingData).toBe(heartbeats.includes(one) ? 'breaching' : 'notBreaching')
    // Values may be 0 while all is well: what counts is that there are any.
    for (const { Statistic, Threshold, ComparisonOperator } of heartbeats)
      expect([Statistic, Threshold, ComparisonOperator]).toEqual(['SampleCount', 1, 'LessThanThreshold'])
  })

  it('looks no further back than CloudWatch does, and into no more metrics than it takes', () => {
    const hour = 3600
    for (const { EvaluationPeriods, Period, Metrics = [] } of allAlarms) {
      const periods = Period ? [Period] : Metrics.flatMap((one: QueriedMetric) => one.MetricStat?.Period ?? [])
      expect(periods.length).toBeGreaterThan(0)
      expect(periods.length).toBeLessThanOrEqual(10)
      for (const period of periods)
        expect(period * EvaluationPeriods).toBeLessThanOrEqual(period < hour ? 24 * hour : 7 * 24 * hour)
    }
  })

  it('is mailed when it begins and when it is over', () => {
    for (const { AlarmActions, OKActions } of allAlarms) {
      expect(AlarmActions).toHaveLength(1)
      expect(OKActions).toEqual(AlarmActions)
      expect(JSON.stringify(AlarmActions)).toContain('AlertsTopic')
    }
  })
})

interface QueriedMetric {
  readonly MetricStat?: { readonly Period: number; readonly Metric: { readonly MetricName: string } }
}

const namesIn = (metrics: QueriedMetric[]) =>
  metrics.flatMap(({ MetricStat }) => MetricStat?.Metric.MetricName ?? []).sort()

describe('of what comes once a day an alarm', () => {
  const daily = ['check-stopped', 'checks-failing'].map((what) => `iobeya-${what}`)

  it.each(daily)(
    '%s looks back from one check past the next, also when that is late and clocks are put back',
    (name) => {
      const { EvaluationPeriods, Period = 3600 } = alarm(name) ?? {}
      expect(EvaluationPeriods * Period).toBe(26 * 3600)
    },
  )

  it('that began stands until the next check, and does not end in between', () => {
    expect(alarm('iobeya-checks-failing')?.DatapointsToAlarm).toBe(1)
  })

  it('on checks begins only when there was none all the time', () => {
    expect(alarm('iobeya-check-stopped')?.DatapointsToAlarm ?? 26).toBe(26)
  })
})

describe('the alarm on', () => {
  it('failing checks counts those that failed and those there was no time for', () => {
    const { Metrics } = alarm('netrex-checks-failing') ?? {}
    expect(namesIn(Metrics)).toEqual(['ChecksFailed', 'ChecksLeft'])
    expect(Metrics).toContainEqual(expect.objectContaining({ Expression: 'failed + left' }))
  })

  it('lost notices is one for all vendors, and no vendor that lost none hides another', () => {
    const { Metrics } = alarm('notices-lost') ?? {}
    expect(namesIn(Metrics)).toEqual(ids.map(() => 'NoticesLost'))
    expect(Metrics).toContainEqual(
      expect.objectContaining({ Expression: ids.map((id) => `FILL(${id}, 0)`).join(' + ') }),
    )
  })

  it('lost notices is followed by another where there are more vendors than an alarm takes metrics', () => {
    const many = Array.from({ length: 11 }, (_, at) => fakeVendor({ id: `acme${at}` }).vendor)
    // A whole machine of so many is more than a stack takes.
    const stack = new Stack(new App(), 'Vendomat')
    const names = namesOf(undefined)
    const operations = new OperationsKey(stack, 'Operations', names)
    new Alerts(stack, 'Alerts', { names, operations }).watchNotices(many)
    const lost = resources('AWS::CloudWatch::Alarm', Template.fromStack(stack))
    expect(lost.map((one) => [nameOf(one), namesIn(one.Metrics).length])).toEqual([
      ['notices-lost', 10],
      ['notices-lost-2', 1],
    ])
  })

  it('functions is there for those of the hosted callback too, and only with it', () => {
    const names = (of: typeof alarms) => of.map(nameOf)
    const more = names(allAlarms).filter((name) => !names(alarms).includes(name))
    expect(more.sort()).toEqual([
      'callback-function-errors',
      'callback-function-throttled',
      'netrex-exchange-errors',
      'netrex-exchange-throttled',
    ])
  })
})

describe('the reference', () => {
  it('has under each heading of the runbook what an alarm or a notice links to, or people look up by themselves', () => {
    const linked = [
      'a-token-has-leaked',
      ...allAlarms.map(({ AlarmDescription }) => AlarmDescription.split('#').at(-1)),
      ...Object.values(ANCHORS),
    ]
    expect(headings.map(anchorOf).toSorted()).toEqual([...new Set(linked)].sort())
  })

  it('counts the alarms and what is billed for them as they are', () => {
    const watched = (one: { Metrics?: QueriedMetric[] }) =>
      one.Metrics?.filter(({ MetricStat }) => MetricStat).length ?? 1
    const metrics = alarms.reduce((sum, one) => sum + watched(one), 0)
    expect(reference).toContain(`There are ${alarms.length} alarms`)
    expect(reference).toContain(`${metrics} of them: about ${(metrics / 10).toFixed(2)} USD`)
  })

  it('names the alarms that a first deploy begins with: those for which no data yet is bad news', () => {
    const begins = allAlarms.filter(({ TreatMissingData }) => TreatMissingData === 'breaching').map(nameOf)
    const kinds = [...new Set(begins.map((name) => name.replace(/^[a-z]+-/, '')))].sort()
    const sentence = /After a first deploy,[^.]*\./.exec(reference)?.[0] ?? ''
    expect([...sentence.matchAll(/`([a-z-]+)`/g)].map(([, kind]) => kind).sort()).toEqual(kinds)
  })

  it('names all events that there are, and each setting of a deployment', () => {
    const deploy = sectionOf(reference, 'Notices and alarms')
    for (const type of Object.values(TYPES)) expect(deploy.replaceAll('\n', ' ')).toContain(`\`${type}\``)
    const [, example = ''] = /```json\n(\{\n {2}"source"[^`]+)```/.exec(deploy) ?? []
    const pattern = JSON.parse(example)
    expect(pattern.source).toEqual(['vendomat'])
    expect(pattern['detail-type'].every((type: string) => Object.values<string>(TYPES).includes(type))).toBe(true)
    for (const setting of read('bin/app.ts').matchAll(/^ {2}\/\/ (\w+):/gm)) expect(reference).toContain(setting[1])
  })
})
