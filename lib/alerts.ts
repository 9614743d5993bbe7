import { Duration, Stack } from 'aws-cdk-lib'
import type { RestApi } from 'aws-cdk-lib/aws-apigateway'
import { Alarm, type AlarmProps, ComparisonOperator, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch'
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions'
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Key } from 'aws-cdk-lib/aws-kms'
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import { Topic } from 'aws-cdk-lib/aws-sns'
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions'
import type { Queue } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import type { Vendor } from '../functions/core/vendor.ts'
import { ENV } from '../functions/environment.ts'
import type { TokenTable } from './token-table.ts'
import { vendorMetric } from './vendor-metrics.ts'

export interface AlertsProps {
  /** Who is mailed. @default nobody; the topic can be subscribed to later */
  readonly email?: string
}

export interface WatchProps extends Omit<AlarmProps, 'alarmName' | 'alarmDescription' | 'actionsEnabled'> {
  /** What to do first, as an instruction: the mail begins with it. */
  readonly todo: string
  /** The heading of the README's runbook. */
  readonly runbook: string
  /** What no data means. There is no default: silence is the rule for errors and the worst news of a heartbeat. */
  readonly treatMissingData: TreatMissingData
}

/** Where people hear of what only a person can do, and of what is wrong with the machine. */
export class Alerts extends Construct {
  private readonly topic: Topic
  private readonly key: Key

  constructor(scope: Construct, id: string, { email }: AlertsProps = {}) {
    super(scope, id)
    this.key = new Key(this, 'Key', { description: 'vendomat: notices', enableKeyRotation: true })
    this.topic = new Topic(this, 'Topic', { masterKey: this.key, enforceSSL: true, displayName: 'Vendomat' })
    if (email) this.topic.addSubscription(new EmailSubscription(email))
    this.letAlarmsPublish()
  }

  /** Lets `fn` publish notices, and tells it the topic. */
  grantPublish(fn: LambdaFunction): void {
    fn.addEnvironment(ENV.topic, this.topic.topicArn)
    fn.addToRolePolicy(new PolicyStatement({ actions: ['sns:Publish'], resources: [this.topic.topicArn] }))
    fn.addToRolePolicy(
      new PolicyStatement({ actions: ['kms:Decrypt', 'kms:GenerateDataKey'], resources: [this.key.keyArn] }),
    )
  }

  /** An alarm that says what to do, and where to read on; it is told when it begins and when it is over. */
  alarm(id: string, { todo, runbook, ...props }: WatchProps): Alarm {
    const alarm = new Alarm(this, id, {
      ...props,
      alarmName: `${Stack.of(this).stackName}-${id}`,
      alarmDescription: `${todo} Runbook: README.md#${anchorOf(runbook)}`,
    })
    const action = new SnsAction(this.topic)
    alarm.addAlarmAction(action)
    alarm.addOkAction(action)
    return alarm
  }

  /** Watches a vendor's function, and its sweeps where it has any. */
  watchVendor(fn: LambdaFunction, { id, title, tokens }: Vendor): void {
    if (tokens.keep === 'table') {
      this.alarm(`${id}-sweep-stopped`, {
        todo: `Look at the errors of the ${title} function and at its schedule: for 5 minutes nothing was renewed ahead.`,
        runbook: 'Sweep stopped',
        metric: vendorMetric(id, 'SweepDue', { statistic: Stats.SAMPLE_COUNT, period: Duration.minutes(1) }),
        comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
        threshold: 1,
        evaluationPeriods: 5,
        // A sweep counts what is due even when that is nothing, so no data is no sweep.
        treatMissingData: TreatMissingData.BREACHING,
      })
    }
    this.alarm(`${id}-vendor-failing`, {
      todo: `Run \`npx vendomat status ${id}\`: more than 5 requests for ${title} tokens failed within 5 minutes.`,
      runbook: 'Vendor failing',
      metric: vendorMetric(id, 'Failures'),
      ...above(5),
    })
    this.alarm(`${id}-served-stale`, {
      todo: `Run \`npx vendomat status ${id}\`: for 15 minutes callers got ageing ${title} tokens; these end soon.`,
      runbook: 'Callers served stale',
      metric: vendorMetric(id, 'ServedStale'),
      ...above(0),
      evaluationPeriods: 3,
    })
    this.alarm(`${id}-function-errors`, {
      todo: `Read the log of the ${title} function: it crashed or ran out of time.`,
      runbook: 'Function errors',
      metric: fn.metricErrors(),
      ...above(0),
    })
    this.alarm(`${id}-function-throttled`, {
      todo: `Compare the concurrency of the ${title} function with what the account has left: calls were turned away.`,
      runbook: 'Function throttled',
      metric: fn.metricThrottles(),
      ...above(0),
    })
  }

  /** Watches calls of schedules that reached nobody. */
  watchUndelivered(queue: Queue): void {
    this.alarm('sweeps-undelivered', {
      todo: 'Read the messages of the dead-letter queue: each says why a schedule could not call its function.',
      runbook: 'Sweeps undelivered',
      metric: queue.metricApproximateNumberOfMessagesVisible({ statistic: Stats.MAXIMUM }),
      ...above(0),
    })
  }

  watchApi(api: RestApi): void {
    this.alarm('api-5xx', {
      todo: 'See which vendor and status the access log names: of all calls, more than 5 % ended in a 5XX.',
      runbook: 'API 5XX',
      // The average of 0 and 1 is the share.
      metric: api.deploymentStage.metricServerError({ statistic: Stats.AVERAGE, period: Duration.minutes(1) }),
      ...above(0.05),
      evaluationPeriods: 5,
      datapointsToAlarm: 3,
    })
  }

  watchTable(tokens: TokenTable): void {
    this.alarm('table-throttled', {
      todo: 'Look at the table for a connection that is called far more than the others: requests were throttled.',
      runbook: 'Table throttled',
      metric: tokens.metricSum('ThrottledRequests'),
      ...above(0),
    })
    this.alarm('table-system-errors', {
      todo: 'Look at the AWS Health Dashboard: DynamoDB answered requests for the table with errors of its own.',
      runbook: 'Table system errors',
      metric: tokens.metricSum('SystemErrors'),
      ...above(0),
    })
  }

  /**
   * CloudWatch publishes as itself. Requiring TLS gave the topic a policy, which took the place of the default one that
   * lets it; and without the key an alarm's notice is lost and nobody told.
   */
  private letAlarmsPublish(): void {
    const statement = {
      principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
      conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
    }
    this.topic.addToResourcePolicy(
      new PolicyStatement({ ...statement, actions: ['sns:Publish'], resources: [this.topic.topicArn] }),
    )
    this.key.addToResourcePolicy(
      new PolicyStatement({ ...statement, actions: ['kms:Decrypt', 'kms:GenerateDataKey'], resources: ['*'] }),
    )
  }
}

/** Once over `threshold`, of something that is only reported when it happens: no data is good news. */
const above = (threshold: number) => ({
  comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
  threshold,
  evaluationPeriods: 1,
  treatMissingData: TreatMissingData.NOT_BREACHING,
})

/** The anchor that a heading of letters, digits and spaces has on GitHub. */
const anchorOf = (heading: string): string => heading.toLowerCase().replaceAll(' ', '-')
