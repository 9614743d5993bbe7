import { readFileSync } from 'node:fs'
import { App } from 'aws-cdk-lib'
import { Template } from 'aws-cdk-lib/assertions'
import { vendors } from '../../functions/vendors.ts'
import { VendingStack } from '../../lib/vending-stack.ts'

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const { context } = JSON.parse(read('cdk.json'))
const app = new App({ analyticsReporting: false, context: { ...context, 'aws:cdk:bundling-stacks': [] } })
const template = Template.fromStack(new VendingStack(app, 'Vendomat'))
const resources = (type: string) => Object.values(template.findResources(type)).map(({ Properties }) => Properties)

const alarms = resources('AWS::CloudWatch::Alarm')
const stored = Object.values(vendors).filter(({ tokens }) => tokens.keep === 'table')
const [, runbook = ''] = read('README.md').split('\n## Runbook\n')
const headings = [...(runbook.split('\n## ')[0] ?? '').matchAll(/^### (.+)$/gm)].map(([, heading = '']) => heading)
const anchorOf = (heading: string) => heading.toLowerCase().replaceAll(' ', '-')

describe('an alarm', () => {
  it('begins with what to do and ends with a heading of the runbook that is there', () => {
    const anchors = headings.map((heading) => `README.md#${anchorOf(heading)}`)
    for (const { AlarmDescription } of alarms) {
      expect(AlarmDescription).toMatch(/^(Look|Run|Read|Compare|See) /)
      expect(anchors).toContain(AlarmDescription.split(' ').at(-1))
    }
  })

  it('is there for every heading of the runbook', () => {
    const used = new Set(alarms.map(({ AlarmDescription }) => AlarmDescription.split('#').at(-1)))
    expect(headings.map(anchorOf).filter((anchor) => !used.has(anchor))).toEqual([])
  })

  it('says what missing data means: bad news of a sweep, and good news of everything else', () => {
    const heartbeats = alarms.filter(({ MetricName }) => MetricName === 'SweepDue')
    expect(heartbeats).toHaveLength(stored.length)
    for (const alarm of alarms) {
      expect(alarm.TreatMissingData).toBe(heartbeats.includes(alarm) ? 'breaching' : 'notBreaching')
    }
  })

  it('tells the topic when it begins and when it is over', () => {
    for (const { AlarmActions, OKActions } of alarms) {
      expect(AlarmActions).toHaveLength(1)
      expect(OKActions).toEqual(AlarmActions)
      expect(JSON.stringify(AlarmActions)).toContain('AlertsTopic')
    }
  })

  it('may publish: CloudWatch of this account may use the topic and its key', () => {
    const may = (statements: { Principal?: { Service?: string }; Condition?: unknown }[]) =>
      statements.some(
        ({ Principal, Condition }) =>
          Principal?.Service === 'cloudwatch.amazonaws.com' && JSON.stringify(Condition).includes('aws:SourceAccount'),
      )
    const [topic] = resources('AWS::SNS::TopicPolicy')
    expect(may(topic?.PolicyDocument.Statement)).toBe(true)
    const key = resources('AWS::KMS::Key').find(({ Description }) => Description.includes('notices'))
    expect(may(key?.KeyPolicy.Statement)).toBe(true)
  })
})

it('the dashboard is there, and is the same each time', () => {
  const [dashboard] = resources('AWS::CloudWatch::Dashboard')
  expect(dashboard?.DashboardName).toContain('Vendomat')
  const body = JSON.stringify(dashboard?.DashboardBody)
  for (const metric of ['Renewals', 'RenewalTime', 'Failures', 'ServedStale', 'SweepDue'])
    expect(body).toContain(metric)
})
