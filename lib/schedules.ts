import { Duration, RemovalPolicy, Stack, TimeZone, Validations } from 'aws-cdk-lib'
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import { Schedule, ScheduleExpression, ScheduleGroup, ScheduleTargetInput, TimeWindow } from 'aws-cdk-lib/aws-scheduler'
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets'
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import type { Vendor } from '../functions/core/vendor.ts'

/** The whole event. It names no connection: what is due, the function reads from the table. */
const RENEW = { task: 'renew' }

/** After so long the minutes that came since have done its work. */
const STALE_AFTER = Duration.minutes(4)

/** What renews tokens ahead of callers: each function whose vendor's tokens are stored is called every minute. */
export class Schedules extends Construct {
  /** Calls that never reached their function. */
  readonly undelivered: Queue
  private readonly group: ScheduleGroup

  constructor(scope: Construct, id: string) {
    super(scope, id)
    this.group = new ScheduleGroup(this, 'Group', { removalPolicy: RemovalPolicy.DESTROY })
    this.undelivered = new Queue(this, 'Undelivered', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    })
    Validations.of(this.undelivered).acknowledge({
      id: 'AwsSolutions::AwsSolutions-SQS3',
      reason: 'it is itself the dead-letter queue, of schedules, which the rule does not look at; an alarm watches it',
    })
  }

  /** Has `fn` renew what is due, every minute. Tokens that live in memory are nobody else's to renew. */
  addVendor(fn: LambdaFunction, { id, title, tokens }: Vendor): void {
    if (tokens.keep !== 'table') return
    // The function is called asynchronously. A sweep that fails or waits is not repeated: the next one is a minute away.
    fn.configureAsyncInvoke({ retryAttempts: 0, maxEventAge: STALE_AFTER })
    new Schedule(this, id, {
      description: `renews ${title} tokens that are due`,
      schedule: ScheduleExpression.expression('rate(1 minute)', TimeZone.ETC_UTC),
      timeWindow: TimeWindow.off(),
      scheduleGroup: this.group,
      target: new LambdaInvoke(fn, {
        // Without updates: the target would allow every version and alias of the function besides.
        role: this.roleFor(fn, id).withoutPolicyUpdates(),
        input: ScheduleTargetInput.fromObject(RENEW),
        deadLetterQueue: this.undelivered,
        retryAttempts: 2,
        maxEventAge: STALE_AFTER,
      }),
    })
  }

  /** A role of its own, which only schedules of this group can take on. */
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
