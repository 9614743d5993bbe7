import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readDeployment } from '../../lib/local/deployment.ts'

let assembly: string
beforeEach(() => {
  assembly = mkdtempSync(join(tmpdir(), 'vendomat-'))
})
afterEach(() => rmSync(assembly, { recursive: true }))

/** The schedules of a stack that has one, with these properties. */
function schedulesOf(schedule: object) {
  const target = { Arn: { 'Fn::GetAtt': ['accelo', 'Arn'] }, Input: '{"task":"check","more":1}' }
  const api = { Ref: 'Api' }
  const Resources = {
    Table: { Type: 'AWS::DynamoDB::Table' },
    Stage: { Type: 'AWS::ApiGateway::Stage', Properties: { RestApiId: api, StageName: 'v1' } },
    Method: {
      Type: 'AWS::ApiGateway::Method',
      Properties: {
        AuthorizationType: 'AWS_IAM',
        RestApiId: api,
        HttpMethod: 'GET',
        Integration: { Uri: { 'Fn::Join': ['', ['arn:', { 'Fn::GetAtt': ['accelo', 'Arn'] }]] } },
      },
    },
    accelo: {
      Type: 'AWS::Lambda::Function',
      Properties: { Code: { S3Key: 'code.zip' }, Environment: { Variables: {} } },
    },
    Schedule: { Type: 'AWS::Scheduler::Schedule', Properties: { Target: target, ...schedule } },
  }
  writeFileSync(join(assembly, 'Stack.template.json'), JSON.stringify({ Resources }))
  return readDeployment(assembly).schedules
}

describe('a schedule of the template', () => {
  it('is what a function is sent, each minute', () => {
    expect(schedulesOf({ ScheduleExpression: 'rate(1 minute)' })).toEqual([
      { functionId: 'accelo', event: { task: 'check', more: 1 }, rhythm: { every: 'minute' } },
    ])
  })

  it.each([
    ['Europe/Prague', '2026-11-21T07:00:00.000Z'],
    [undefined, '2026-11-21T08:00:00.000Z'],
  ])('or each day in the time zone %s', (ScheduleExpressionTimezone, expected) => {
    const [schedule] = schedulesOf({
      ScheduleExpression: 'cron(0 8 * * ? *)',
      ScheduleExpressionTimezone,
      FlexibleTimeWindow: { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 15 },
    })
    if (schedule?.rhythm.every !== 'day') throw new Error('it is not daily')
    expect(schedule.rhythm.after(new Date('2026-11-20T12:00:00Z')).toISOString()).toBe(expected)
  })

  it('is refused when a laptop could not keep it', () => {
    expect(() => schedulesOf({ ScheduleExpression: 'rate(2 hours)' })).toThrow('rate(2 hours) is not known here')
    expect(() => schedulesOf({ ScheduleExpression: 'rate(1 minute)', Target: { Arn: '', Input: '{}' } })).toThrow(
      /task/,
    )
  })
})
