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
import { Key } from 'aws-cdk-lib/aws-kms'
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import { Topic } from 'aws-cdk-lib/aws-sns'
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions'
import type { Queue } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import type { Vendor } from '../functions/core/vendor.ts'
import { ENV, EVENT_SOURCE } from '../functions/environment.ts'
import type { TokenTable } from './token-table.ts'
import { vendorMetric } from './vendor-metrics.ts'

export interface AlertsProps {
  /** Who is mailed. @default nobody; the topic can be subscribed to later */
  readonly email?: string
  /** Whether notices are also written for chat channels, to a topic of their own. @default false */
  readonly chatTopic?: boolean
  /** Where people read the README. @default 'README.md' */
  readonly runbookUrl?: string
}

export interface WatchProps extends Omit<AlarmProps, 'alarmName' | 'alarmDescription' | 'actionsEnabled'> {
  /** What to do first, as an instruction: the mail begins with it. */
  readonly todo: string
  /** The heading of the README's runbook. */
  readonly runbook: string
  /** What no data means. There is no default: silence is the rule for errors and the worst news of a heartbeat. */
  readonly treatMissingData: TreatMissingData
}

/** The expression of an alarm takes so many metrics. */
const MOST_METRICS = 10

/** Where people hear of what only a person can do, and of what is wrong with the machine. */
export class Alerts extends Construct {
  /** For a chat channel to subscribe to, where it was asked for. */
  readonly chatTopic: Topic | undefined
  private readonly topic: Topic
  private readonly key: Key
  private readonly runbookUrl: string

  constructor(scope: Construct, id: string, { email, chatTopic, runbookUrl = 'README.md' }: AlertsProps = {}) {
    super(scope, id)
    if (runbookUrl.includes('#'))
      throw new Error(`runbookUrl "${runbookUrl}" names a heading; it must be the page alone`)
    this.runbookUrl = runbookUrl
    this.key = new Key(this, 'Key', { description: 'vendomat: notices', enableKeyRotation: true })
    this.topic = new Topic(this, 'Topic', { masterKey: this.key, enforceSSL: true, displayName: 'Vendomat' })
    if (chatTopic) this.chatTopic = new Topic(this, 'ChatTopic', { masterKey: this.key, enforceSSL: true })
    if (email) this.topic.addSubscription(new EmailSubscription(email))
    this.letAlarmsPublish()
  }

  /** Lets `fn` tell people: by the topics, and by events on the account's bus. */
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
      new PolicyStatement({ actions: ['kms:Decrypt', 'kms:GenerateDataKey'], resources: [this.key.keyArn] }),
    )
    fn.addToRolePolicy(
      new PolicyStatement({
        actions: ['events:PutEvents'],
        resources: [Stack.of(this).formatArn({ service: 'events', resource: 'event-bus', resourceName: 'default' })],
        // A request has many entries, each with a source; `ForAllValues` is true of one that names none at all.
        conditions: {
          'ForAllValues:StringEquals': { 'events:source': [EVENT_SOURCE] },
          Null: { 'events:source': 'false' },
        },
      }),
    )
  }

  /** An alarm that says what to do, and where to read on; it is told when it begins and when it is over. */
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

  /** Watches a vendor: whether its schedules run and what comes of them, what callers get, and its function. */
  watchVendor(fn: LambdaFunction, vendor: Vendor): void {
    this.watchSweeps(vendor)
    this.watchChecks(vendor)
    const { id, title } = vendor
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
    this.watchFunction(fn, { id: `${id}-function`, called: `the ${title} function` })
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

  /** Watches for notices that reached nobody. */
  watchNotices(vendors: readonly Vendor[]): void {
    for (let first = 0; first < vendors.length; first += MOST_METRICS) {
      const some = vendors.slice(first, first + MOST_METRICS)
      this.alarm(first === 0 ? 'notices-lost' : `notices-lost-${first / MOST_METRICS + 1}`, {
        todo: 'Run `npx vendomat status`: people should have been told something, and it could not be sent.',
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

  /** Watches that each minute somebody looks at what is due, and that it can be renewed. */
  private watchSweeps({ id, title }: Vendor): void {
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
    this.alarm(`${id}-due-not-renewed`, {
      todo: `Run \`npx vendomat status ${id}\`: for 15 minutes ${title} tokens could not be renewed ahead of need.`,
      runbook: 'Due not renewed',
      metric: vendorMetric(id, 'SweepFailed'),
      ...above(0),
      // What failed is tried again after a minute or two, so each of these sees it; one bad minute is in one of them.
      evaluationPeriods: 3,
    })
  }

  /** Watches that each day somebody looks at credentials, and what was seen. */
  private watchChecks({ id, title }: Vendor): void {
    this.alarm(`${id}-check-stopped`, {
      todo: `Look at the errors of the ${title} function and at its daily schedule: nobody has looked when credentials end.`,
      runbook: 'Check stopped',
      metric: vendorMetric(id, 'ChecksDone', { statistic: Stats.SAMPLE_COUNT, period: Duration.hours(1) }),
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      threshold: 1,
      evaluationPeriods: A_DAY_HOURS,
      // A check counts what it has seen even when that is nothing, so no data is no check.
      treatMissingData: TreatMissingData.BREACHING,
    })
    this.alarm(`${id}-checks-failing`, {
      todo: `Run \`npx vendomat status ${id}\`: the daily check could not look at all ${title} credentials.`,
      runbook: 'Checks failing',
      metric: new MathExpression({
        // Every check counts both.
        expression: 'failed + left',
        usingMetrics: { failed: vendorMetric(id, 'ChecksFailed'), left: vendorMetric(id, 'ChecksLeft') },
        label: 'ChecksFailed + ChecksLeft',
        period: Duration.hours(1),
      }),
      ...above(0),
      ...onceADay,
    })
    this.alarm(`${id}-credentials-end`, {
      todo: `Run \`npx vendomat status ${id}\` and rotate what it names: ${title} credentials end in less than 3 days.`,
      runbook: 'Credentials end',
      metric: vendorMetric(id, 'DaysToExpiry', { statistic: Stats.MINIMUM, period: Duration.hours(1) }),
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      threshold: 3,
      // Of a vendor without such credentials there is never any data.
      treatMissingData: TreatMissingData.NOT_BREACHING,
      ...onceADay,
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

/** From one daily check to the next: a day, the 15 minutes of its window, and the hour by which clocks are put back. */
const A_DAY_HOURS = 26

/**
 * What is reported once a day stands until the next report. Not a period of a day: checks begin some minutes apart, so
 * now and then there is a day without data, and the alarm would end only to begin again.
 */
const onceADay = { evaluationPeriods: A_DAY_HOURS, datapointsToAlarm: 1 }

/** The anchor that a heading of letters, digits and spaces has on GitHub. */
const anchorOf = (heading: string): string => heading.toLowerCase().replaceAll(' ', '-')
