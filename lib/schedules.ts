import { Duration, RemovalPolicy, Stack, TimeZone } from 'aws-cdk-lib'
import { type IRole, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import { Schedule, ScheduleExpression, ScheduleGroup, ScheduleTargetInput, TimeWindow } from 'aws-cdk-lib/aws-scheduler'
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets'
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import { ENV } from '../functions/environment.ts'
import type { Vendor } from '../functions/kit/vendor.ts'
import { acknowledge } from './acknowledge.ts'

export interface SchedulesProps {
  /** Where it has to be 8 o'clock for the daily check, as an IANA name like 'Europe/Zurich'. @default 'Etc/UTC' */
  readonly timeZone?: string
  /** After how many days without a caller a connection's tokens are not renewed ahead of need any more. @default 14 */
  readonly restAfterDays?: number
}

/** The whole of an event. It names no connection: what is due, the function reads from the table. */
interface Task {
  readonly task: 'renew' | 'check'
}

/** By then the sweeps of the minutes since have done its work. */
const SWEEP_IS_STALE_AFTER = Duration.minutes(4)
/** A check that has not reached its function by then is missed for the day, and its alarm says so. */
const CHECK_IS_STALE_AFTER = Duration.hours(6)
/** The most that EventBridge Scheduler allows, so that the age of a check alone ends its retries. */
const MOST_RETRIES = 185

/**
 * Runs the work that no caller starts: each minute every function renews what is due, and once a day it checks the
 * credentials that only a person can renew. What the day's check has no time for the next minutes go on with.
 */
export class Schedules extends Construct {
  /** Calls that never reached their function, and tasks that it failed for good. */
  readonly undelivered: Queue
  private readonly group: ScheduleGroup
  private readonly timeZone: TimeZone
  private readonly restAfterDays: number | undefined

  constructor(scope: Construct, id: string, { timeZone = 'Etc/UTC', restAfterDays }: SchedulesProps = {}) {
    super(scope, id)
    this.restAfterDays = restAfterDays
    this.timeZone = TimeZone.of(timeZone)
    this.group = new ScheduleGroup(this, 'Group', { removalPolicy: RemovalPolicy.DESTROY })
    this.undelivered = new Queue(this, 'Undelivered', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    })
    acknowledge(
      this.undelivered,
      'it is itself the dead-letter queue, of schedules and of functions, and an alarm watches it',
      'Serverless-SQSRedrivePolicy',
    )
  }

  /** Has `fn` renew what is due each minute, and check credentials in the morning. */
  addVendor(fn: LambdaFunction, { id, title }: Vendor): void {
    if (this.restAfterDays !== undefined) fn.addEnvironment(ENV.restAfterDays, `${this.restAfterDays}`)
    // The function is called asynchronously, and Lambda has one retry setting for both tasks. The check, of which there is
    // one a day, wants to be repeated; a sweep does not, since the next one is its repetition, and may last as long as that
    // is away: once, so that no more than two sweeps work side by side while they go on failing. It does no harm, since
    // sweeps renew under the same leases and each notice goes out once. After an hour without room 60 sweeps wait, not 360.
    fn.configureAsyncInvoke({ retryAttempts: 1, maxEventAge: Duration.hours(1) })
    acknowledge(
      fn,
      "the function's dead-letter queue takes what fails; a destination would get the same again, with the stack of the error",
      'Serverless-LambdaAsyncFailureDestination',
    )
    // Without updates: the target would allow every version and alias of the function besides.
    const role = this.roleFor(fn, id).withoutPolicyUpdates()
    new Schedule(this, id, {
      description: `renews ${title} tokens that are due`,
      schedule: ScheduleExpression.expression('rate(1 minute)', TimeZone.ETC_UTC),
      timeWindow: TimeWindow.off(),
      scheduleGroup: this.group,
      target: this.target(fn, role, {
        event: { task: 'renew' },
        retryAttempts: 2,
        maxEventAge: SWEEP_IS_STALE_AFTER,
      }),
    })
    new Schedule(this, `${id}Check`, {
      description: `checks ${title} credentials and notifies people when they end`,
      schedule: ScheduleExpression.expression('cron(0 8 * * ? *)', this.timeZone),
      timeWindow: TimeWindow.flexible(Duration.minutes(15)),
      scheduleGroup: this.group,
      target: this.target(fn, role, {
        event: { task: 'check' },
        retryAttempts: MOST_RETRIES,
        maxEventAge: CHECK_IS_STALE_AFTER,
      }),
    })
  }

  private target(
    fn: LambdaFunction,
    role: IRole,
    { event, ...retry }: { readonly event: Task; readonly retryAttempts: number; readonly maxEventAge: Duration },
  ): LambdaInvoke {
    return new LambdaInvoke(fn, {
      ...retry,
      role,
      input: ScheduleTargetInput.fromObject(event),
      deadLetterQueue: this.undelivered,
    })
  }

  /** The role of a function's schedules, which only schedules of this group can take on. */
  private roleFor(fn: LambdaFunction, vendorId: string): Role {
    const role = new Role(this, `${vendorId}Role`, {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: {
          StringEquals: {
            'aws:SourceAccount': Stack.of(this).account,
            'aws:SourceArn': this.group.scheduleGroupArn,
          },
        },
      }),
    })
    role.addToPolicy(new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [fn.functionArn] }))
    role.addToPolicy(new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [this.undelivered.queueArn] }))
    return role
  }
}
