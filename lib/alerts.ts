import { Duration, Stack } from 'aws-cdk-lib'
import type { RestApi } from 'aws-cdk-lib/aws-apigateway'
import {
  Alarm,
  type AlarmProps,
  ComparisonOperator,
  MathExpression,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch'
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions'
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { Key } from 'aws-cdk-lib/aws-kms'
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import { Topic } from 'aws-cdk-lib/aws-sns'
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions'
import type { Queue } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import { ENV, type Names } from '../functions/environment.ts'
import type { Vendor } from '../functions/kit/vendor.ts'
import { acknowledge } from './acknowledge.ts'
import type { OperationsKey } from './operations-key.ts'
import type { TokenTable } from './token-table.ts'
import { type VendorMetric, vendorMetricOf } from './vendor-metrics.ts'

export interface AlertsProps {
  readonly names: Names
  /** The key of the topics. */
  readonly operations: OperationsKey
  /** Who is mailed. @default nobody; the topic can be subscribed to later */
  readonly email?: string
  /** Whether notices are also written for chat channels, to a topic of their own. @default false */
  readonly chatTopic?: boolean
  /** Where people read the runbook. @default 'lib/RUNBOOK.md' */
  readonly runbookUrl?: string
}

export interface WatchProps extends Omit<AlarmProps, 'alarmName' | 'alarmDescription' | 'actionsEnabled'> {
  /** What to do first, as an instruction. The mail begins with it. */
  readonly todo: string
  /** A heading of the runbook. */
  readonly runbook: string
  /** What no data means. There is no default: it is normal for errors, and a failure for a heartbeat. */
  readonly treatMissingData: TreatMissingData
}

/** CloudWatch allows so many metrics in the expression of an alarm. */
const MOST_METRICS = 10

/** Where people are notified of what only a person can do, and of what is wrong with the machine. */
export class Alerts extends Construct {
  /** For a chat channel to subscribe to, if the deployment has one. */
  readonly chatTopic: Topic | undefined
  private readonly topic: Topic
  private readonly key: Key
  private readonly runbookUrl: string
  private readonly names: Names
  private readonly vendorMetric: VendorMetric

  constructor(scope: Construct, id: string, props: AlertsProps) {
    super(scope, id)
    const { names, operations, email, chatTopic, runbookUrl = 'lib/RUNBOOK.md' } = props
    this.names = names
    this.vendorMetric = vendorMetricOf(names)
    this.runbookUrl = runbookUrl
    this.key = operations.key
    this.topic = new Topic(this, 'Topic', { masterKey: this.key, enforceSSL: true, displayName: names.namespace })
    if (chatTopic) this.chatTopic = new Topic(this, 'ChatTopic', { masterKey: this.key, enforceSSL: true })
    if (email) this.mail(email)
    this.letAlarmsPublish()
  }

  /** Lets `fn` send notices: to the topics, and as events on the account's bus. */
  grantPublish(fn: LambdaFunction): void {
    const { topic, chatTopic } = this
    fn.addEnvironment(ENV.topic, topic.topicArn)
    if (chatTopic) fn.addEnvironment(ENV.chatTopic, chatTopic.topicArn)
    fn.addEnvironment(ENV.stack, Stack.of(this).stackName)
    fn.addEnvironment(ENV.runbook, this.runbookUrl)
    fn.addToRolePolicy(
      new PolicyStatement({
        actions: ['sns:Publish'],
        resources: [topic, chatTopic].flatMap((one) => (one ? [one.topicArn] : [])),
      }),
    )
    fn.addToRolePolicy(
      new PolicyStatement({
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: [this.key.keyArn],
        // SNS is one of the services that KMS knows by this (KMS developer guide, kms:ViaService, 2026-11).
        conditions: { StringEquals: { 'kms:ViaService': `sns.${Stack.of(this).region}.amazonaws.com` } },
      }),
    )
    fn.addToRolePolicy(
      new PolicyStatement({
        actions: ['events:PutEvents'],
        resources: [Stack.of(this).formatArn({ service: 'events', resource: 'event-bus', resourceName: 'default' })],
        // A request has many entries, each with a source. `ForAllValues` also holds for a request that names no source.
        conditions: {
          'ForAllValues:StringEquals': { 'events:source': [this.names.service] },
          Null: { 'events:source': 'false' },
        },
      }),
    )
  }

  /** Makes an alarm that says what to do and where to read on. It is mailed when it begins and when it is over. */
  alarm(id: string, { todo, runbook, ...props }: WatchProps): Alarm {
    const alarm = new Alarm(this, id, {
      ...props,
      alarmName: `${Stack.of(this).stackName}-${id}`,
      alarmDescription: `${todo} Runbook: ${this.runbookUrl}#${anchorOf(runbook)}`,
    })
    const action = new SnsAction(this.topic)
    alarm.addAlarmAction(action)
    alarm.addOkAction(action)
    return alarm
  }

  /**
   * Watches what no notice can report of a vendor: that its schedules or its function do not run. Notices report on the
   * vendor and its credentials, and say what to do; an alarm as well would be two mails for one trouble.
   */
  watchVendor(fn: LambdaFunction, vendor: Vendor): void {
    this.watchSweeps(vendor)
    this.watchChecks(vendor)
    this.watchFunction(fn, { id: `${vendor.id}-function`, called: `the ${vendor.title} function` })
  }

  /** Watches for crashes, and for calls that were turned away. */
  watchFunction(fn: LambdaFunction, { id, called }: { readonly id: string; readonly called: string }): void {
    this.alarm(`${id}-errors`, {
      todo: `Read the log of ${called}: it crashed or ran out of time.`,
      runbook: 'Function errors',
      metric: fn.metricErrors(),
      ...above(0),
    })
    this.alarm(`${id}-throttled`, {
      todo: `Compare the concurrency of ${called} with what the account has left: calls were turned away.`,
      runbook: 'Function throttled',
      metric: fn.metricThrottles(),
      ...above(0),
    })
  }

  /** Watches for notices that could not be sent. */
  watchNotices(vendors: readonly Vendor[]): void {
    const { vendorMetric } = this
    for (let first = 0; first < vendors.length; first += MOST_METRICS) {
      const some = vendors.slice(first, first + MOST_METRICS)
      this.alarm(first === 0 ? 'notices-lost' : `notices-lost-${first / MOST_METRICS + 1}`, {
        todo: 'Run `npx vendomat status`: a notice could not be sent.',
        runbook: 'Notices lost',
        metric: new MathExpression({
          expression: some.map(({ id }) => `FILL(${id}, 0)`).join(' + '),
          usingMetrics: Object.fromEntries(some.map(({ id }) => [id, vendorMetric(id, 'NoticesLost')])),
          label: 'NoticesLost',
          period: Duration.minutes(5),
        }),
        ...above(0),
      })
    }
  }

  /** Watches for calls of schedules that did not reach their function, or that it failed for good. */
  watchUndelivered(queue: Queue): void {
    this.alarm('sweeps-undelivered', {
      todo: 'Read the messages of the dead-letter queue: each is a task that was not done, and says why.',
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

  /** Watches that there is a sweep each minute. */
  private watchSweeps({ id, title }: Vendor): void {
    const { vendorMetric } = this
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

  /** Watches that there is a check of all credentials each day. */
  private watchChecks({ id, title }: Vendor): void {
    const { vendorMetric } = this
    this.alarm(`${id}-check-stopped`, {
      todo: `Look at the errors of the ${title} function and at its daily schedule: its credentials have not been checked.`,
      runbook: 'Check stopped',
      metric: vendorMetric(id, 'ChecksDone', { statistic: Stats.SAMPLE_COUNT, period: Duration.hours(1) }),
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      threshold: 1,
      evaluationPeriods: A_DAY_HOURS,
      // A check counts what it has checked even when that is nothing, so no data is no check.
      treatMissingData: TreatMissingData.BREACHING,
    })
    this.alarm(`${id}-checks-failing`, {
      todo: `Run \`npx vendomat status ${id}\`: not all ${title} credentials could be checked today.`,
      runbook: 'Checks failing',
      metric: new MathExpression({
        // Every check counts both.
        expression: 'failed + left',
        usingMetrics: { failed: vendorMetric(id, 'ChecksFailed'), left: vendorMetric(id, 'ChecksLeft') },
        label: 'ChecksFailed + ChecksLeft',
        period: Duration.hours(1),
      }),
      ...above(0),
      // What is reported once a day stands until the next report. The period is not a day: checks begin some minutes
      // apart, so a period of a day could be without data, and the alarm would end only to begin again.
      evaluationPeriods: A_DAY_HOURS,
      datapointsToAlarm: 1,
    })
  }

  private mail(email: string): void {
    this.topic.addSubscription(new EmailSubscription(email))
    acknowledge(
      this.topic,
      'where mail does not arrive, the alarm of a queue for it would be mailed to the same address; SNS tries for six hours',
      'Serverless-SNSRedrivePolicy',
    )
  }

  /**
   * CloudWatch publishes as itself. The policy that requires TLS replaces the topic's default one, which allows that;
   * and without the key an alarm's mail is lost, and nothing reports it.
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

/** One value over `threshold`, of a metric that is reported only when something happens: no data is good news. */
const above = (threshold: number) => ({
  comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
  threshold,
  evaluationPeriods: 1,
  treatMissingData: TreatMissingData.NOT_BREACHING,
})

/** From one daily check to the next: a day, the 15 minutes of its window, and the hour by which clocks are put back. */
const A_DAY_HOURS = 26

/** The anchor that a heading of letters, digits and spaces has on GitHub. */
const anchorOf = (heading: string): string => heading.toLowerCase().replaceAll(' ', '-')
