import { App, Stack } from 'aws-cdk-lib'
import { Match, Template } from 'aws-cdk-lib/assertions'
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda'
import { vendors } from '../../functions/vendors.ts'
import { Schedules } from '../../lib/schedules.ts'

/** The real vendors, behind functions that do nothing: what is looked at is who calls them. */
function synth(): Template {
  const stack = new Stack(new App({ analyticsReporting: false }), 'Machine')
  const schedules = new Schedules(stack, 'Schedules')
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
const resources = (type: string) => Object.entries(template.findResources(type))
const schedules = resources('AWS::Scheduler::Schedule').map(([, { Properties }]) => Properties)
const kept = Object.values(vendors).filter(({ tokens }) => tokens.keep === 'table')
const [[queueId] = [''], ...otherQueues] = resources('AWS::SQS::Queue')
const [[groupId, group] = [''], ...otherGroups] = resources('AWS::Scheduler::ScheduleGroup')
const functionIn = (arn: unknown): string =>
  /"Fn::GetAtt":\["([a-z]+)[0-9A-F]{8}","Arn"\]/.exec(JSON.stringify(arn))?.[1] ?? ''

describe('the schedules', () => {
  it('are one for each vendor whose tokens are stored, and none for one whose tokens live in memory', () => {
    const called = schedules.map(({ Target }) => functionIn(Target.Arn))
    expect(called.sort()).toEqual(kept.map(({ id }) => id).sort())
    expect(called).not.toContain('clearid')
  })

  it('call every minute, on time, with an event that never changes and names nothing', () => {
    for (const schedule of schedules) {
      expect(schedule).toMatchObject({
        ScheduleExpression: 'rate(1 minute)',
        ScheduleExpressionTimezone: 'Etc/UTC',
        FlexibleTimeWindow: { Mode: 'OFF' },
        State: 'ENABLED',
        GroupName: group?.Properties.Name,
        Target: { Input: '{"task":"renew"}' },
      })
    }
    expect(otherGroups).toEqual([])
  })

  it('give up before the work is stale, and leave what they could not deliver in one queue', () => {
    for (const { Target } of schedules) {
      expect(Target.RetryPolicy).toEqual({ MaximumEventAgeInSeconds: 240, MaximumRetryAttempts: 2 })
      expect(Target.DeadLetterConfig).toEqual({ Arn: { 'Fn::GetAtt': [queueId, 'Arn'] } })
    }
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

  it('have no sweep repeated by Lambda, which would run it beside the next one', () => {
    const settings = resources('AWS::Lambda::EventInvokeConfig').map(([, { Properties }]) => Properties)
    expect(settings).toHaveLength(kept.length)
    for (const { MaximumRetryAttempts, MaximumEventAgeInSeconds, DestinationConfig } of settings) {
      expect([MaximumRetryAttempts, MaximumEventAgeInSeconds, DestinationConfig]).toEqual([0, 240, undefined])
    }
  })

  it('are the same each time', () => {
    expect(synth().toJSON()).toEqual(template.toJSON())
  })
})

describe('the role of a schedule', () => {
  const roleOf = ({ Target }: (typeof schedules)[number]): string => Target.RoleArn['Fn::GetAtt'][0]

  it('is its own, and schedules of this group and account alone can take it on', () => {
    expect(new Set(schedules.map(roleOf)).size).toBe(schedules.length)
    for (const schedule of schedules) {
      const role = resources('AWS::IAM::Role').find(([id]) => id === roleOf(schedule))
      expect(role?.[1].Properties.AssumeRolePolicyDocument.Statement).toEqual([
        {
          Action: 'sts:AssumeRole',
          Effect: 'Allow',
          Principal: { Service: 'scheduler.amazonaws.com' },
          Condition: {
            StringEquals: {
              'aws:SourceAccount': { Ref: 'AWS::AccountId' },
              'aws:SourceArn': { 'Fn::GetAtt': [groupId, 'Arn'] },
            },
          },
        },
      ])
    }
  })

  it('may call the one function, not its versions, and write to the queue', () => {
    for (const schedule of schedules) {
      const statements = resources('AWS::IAM::Policy')
        .filter(([, { Properties }]) => Properties.Roles.some(({ Ref }: { Ref: string }) => Ref === roleOf(schedule)))
        .flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement)
      expect(statements).toEqual([
        { Action: 'lambda:InvokeFunction', Effect: 'Allow', Resource: schedule.Target.Arn },
        { Action: 'sqs:SendMessage', Effect: 'Allow', Resource: { 'Fn::GetAtt': [queueId, 'Arn'] } },
      ])
    }
  })
})
