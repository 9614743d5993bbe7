import { App, Stack } from 'aws-cdk-lib'
import { Match, Template } from 'aws-cdk-lib/assertions'
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda'
import { vendors } from '../../functions/vendors.ts'
import { Schedules, type SchedulesProps } from '../../lib/schedules.ts'

/** The real vendors, behind functions that do nothing: the tests check who calls them. */
function synth(props: SchedulesProps = {}): Template {
  const stack = new Stack(new App({ analyticsReporting: false, builtinCloudFormationValidation: false }), 'Machine')
  const schedules = new Schedules(stack, 'Schedules', props)
  for (const vendor of Object.values(vendors)) {
    const fn = new LambdaFunction(stack, vendor.id, {
      code: Code.fromInline('exports.handler = () => {}'),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
    })
    schedules.addVendor(fn, vendor)
  }
  return Template.fromStack(stack)
}

const template = synth()
const ids = Object.keys(vendors)
const resources = (type: string) => Object.entries(template.findResources(type))
const schedulesIn = (one: Template) =>
  Object.values(one.findResources('AWS::Scheduler::Schedule')).map(({ Properties }) => Properties)
const schedules = schedulesIn(template)
const withTask = (task: string, of = schedules) => of.filter(({ Target }) => JSON.parse(Target.Input).task === task)
const [[queueId] = [''], ...otherQueues] = resources('AWS::SQS::Queue')
const [[, group] = [], ...otherGroups] = resources('AWS::Scheduler::ScheduleGroup')
const functionIn = (arn: unknown): string =>
  /"Fn::GetAtt":\["([a-z]+)[0-9A-F]{8}","Arn"\]/.exec(JSON.stringify(arn))?.[1] ?? ''

describe('the schedules', () => {
  it.each(['renew', 'check'])('have a task "%s" for every vendor, those whose tokens live in memory too', (task) => {
    const called = withTask(task).map(({ Target }) => functionIn(Target.Arn))
    expect(called.sort()).toEqual(ids.toSorted())
    expect(called).toContain('clearid')
  })

  it('have no other task, and their events never change and name nothing', () => {
    expect(schedules).toHaveLength(2 * ids.length)
    for (const { Target, State, GroupName } of schedules) {
      expect(['{"task":"renew"}', '{"task":"check"}']).toContain(Target.Input)
      expect([State, GroupName]).toEqual(['ENABLED', group?.Properties.Name])
    }
    expect(otherGroups).toEqual([])
  })

  it('renew every minute, on time', () => {
    for (const schedule of withTask('renew')) {
      expect(schedule).toMatchObject({
        ScheduleExpression: 'rate(1 minute)',
        ScheduleExpressionTimezone: 'Etc/UTC',
        FlexibleTimeWindow: { Mode: 'OFF' },
      })
    }
  })

  it('check at 8 in the morning, not all in the same minute', () => {
    for (const schedule of withTask('check')) {
      expect(schedule).toMatchObject({
        ScheduleExpression: 'cron(0 8 * * ? *)',
        ScheduleExpressionTimezone: 'Etc/UTC',
        FlexibleTimeWindow: { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 15 },
      })
    }
  })

  it('check at 8 in the configured time zone; a minute is a minute everywhere', () => {
    const elsewhere = schedulesIn(synth({ timeZone: 'America/Port-au-Prince' }))
    const zones = (task: string) => new Set(withTask(task, elsewhere).map((one) => one.ScheduleExpressionTimezone))
    expect([...zones('check')]).toEqual(['America/Port-au-Prince'])
    expect([...zones('renew')]).toEqual(['Etc/UTC'])
  })

  it.each(['UTC', 'Etc/UTC', 'Europe/Zurich', 'Asia/Kolkata', 'America/Argentina/Buenos_Aires', 'Etc/GMT+1'])(
    'take the time zone %s',
    (timeZone) => {
      expect(withTask('check', schedulesIn(synth({ timeZone })))[0]?.ScheduleExpressionTimezone).toBe(timeZone)
    },
  )

  it('give a sweep up before its work is stale, try a check for hours, and leave the rest in one queue', () => {
    for (const { Target } of withTask('renew'))
      expect(Target.RetryPolicy).toEqual({ MaximumEventAgeInSeconds: 240, MaximumRetryAttempts: 2 })
    // With few attempts the growing pauses between them would be over within minutes.
    for (const { Target } of withTask('check'))
      expect(Target.RetryPolicy).toEqual({ MaximumEventAgeInSeconds: 6 * 3600, MaximumRetryAttempts: 185 })
    for (const { Target } of schedules)
      expect(Target.DeadLetterConfig).toEqual({ Arn: { 'Fn::GetAtt': [queueId, 'Arn'] } })
    expect(otherQueues).toEqual([])
    template.hasResourceProperties('AWS::SQS::Queue', {
      SqsManagedSseEnabled: true,
      MessageRetentionPeriod: 14 * 24 * 3600,
    })
    template.hasResourceProperties('AWS::SQS::QueuePolicy', {
      PolicyDocument: Match.objectLike({
        Statement: [Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } })],
      }),
    })
  })

  it('have a task that failed repeated by Lambda once, and no more than an hour of sweeps waiting for room', () => {
    const settings = resources('AWS::Lambda::EventInvokeConfig').map(([, { Properties }]) => Properties)
    expect(settings).toHaveLength(ids.length)
    for (const { MaximumRetryAttempts, MaximumEventAgeInSeconds, DestinationConfig } of settings) {
      expect([MaximumRetryAttempts, MaximumEventAgeInSeconds, DestinationConfig]).toEqual([1, 3600, undefined])
    }
  })

  it('are the same each time', () => {
    expect(synth().toJSON()).toEqual(template.toJSON())
  })
})

it('leaves how long connections go unasked to the function, unless the deployment says so', () => {
  const restIn = (one: Template) =>
    Object.values(one.findResources('AWS::Lambda::Function')).map(
      ({ Properties }) => Properties.Environment?.Variables?.VENDOMAT_REST_AFTER_DAYS,
    )
  expect(new Set(restIn(template))).toEqual(new Set([undefined]))
  expect(new Set(restIn(synth({ restAfterDays: 30 })))).toEqual(new Set(['30']))
})
