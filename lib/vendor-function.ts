import { ArnFormat, Duration, Stack } from 'aws-cdk-lib'
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Architecture, Function as LambdaFunction, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda'
import type { RetentionDays } from 'aws-cdk-lib/aws-logs'
import type { Queue } from 'aws-cdk-lib/aws-sqs'
import type { Construct } from 'constructs'
import { callSeconds, ENV, INVOCATION_SECONDS, namesOf } from '../functions/environment.ts'
import type { Vendor } from '../functions/kit/vendor.ts'
import { acknowledge, acknowledgeNoQueue, acknowledgeUnreserved } from './acknowledge.ts'
import type { OperationsKey } from './operations-key.ts'
import { type Entry, vendorCode } from './vendor-code.ts'

export interface VendorFunctionProps {
  readonly vendor: Vendor
  /** Which deployment of several this is. @default the only one */
  readonly stage?: string
  /** 'exchange' ends consents for the hosted callback and does nothing else. @default 'handler', which answers the API */
  readonly entry?: Entry
  /** Domains that may be called beside the vendor's own. @default none */
  readonly allowedHosts?: readonly string[]
  /** Private networks that may be called beside the internet. @default none */
  readonly allowedNetworks?: readonly string[]
  /** @default what the account has left */
  readonly reservedConcurrency?: number
  /** In MB. @default 512 */
  readonly memorySize?: number
  /** Where Lambda puts the event of a task that failed for good. @default nowhere: nobody calls it without waiting */
  readonly undelivered?: Queue
  /** The key of its log. */
  readonly operations: OperationsKey
  readonly logRetention: RetentionDays
  /** ARN of the key that the secrets are encrypted with. @default the account's key of Secrets Manager */
  readonly secretsKey?: string
}

/** The Lambda of one vendor, with a role and a log of its own, which reads the secrets of that vendor only. */
export class VendorFunction extends LambdaFunction {
  constructor(scope: Construct, id: string, props: VendorFunctionProps) {
    const { vendor, stage, entry = 'handler', reservedConcurrency, memorySize = 512 } = props
    const { allowedHosts = [], allowedNetworks = [], undelivered } = props
    const names = namesOf(stage)
    const logGroup = props.operations.addLog(scope, `${id}Log`, props.logRetention)
    // Its own role: the managed policy that CDK would attach may write to every log group of the account.
    const role = new Role(scope, `${id}Role`, { assumedBy: new ServicePrincipal('lambda.amazonaws.com') })
    logGroup.grantWrite(role)
    super(scope, id, {
      description: entry === 'handler' ? `vends ${vendor.title} tokens` : `exchanges ${vendor.title} codes`,
      code: vendorCode(vendor, entry),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize,
      timeout: Duration.seconds(entry === 'handler' ? INVOCATION_SECONDS.task : callSeconds(vendor)),
      tracing: Tracing.DISABLED,
      role,
      logGroup,
      ...(undelivered && { deadLetterQueue: undelivered }),
      ...(reservedConcurrency !== undefined && { reservedConcurrentExecutions: reservedConcurrency }),
      environment: {
        POWERTOOLS_SERVICE_NAME: names.service,
        POWERTOOLS_METRICS_NAMESPACE: names.namespace,
        ...(stage !== undefined && { [ENV.stage]: stage }),
        ...(vendor.description && { [ENV.description]: JSON.stringify(vendor.description) }),
        ...(allowedHosts.length > 0 && { [ENV.allowedHosts]: allowedHosts.join(',') }),
        ...(allowedNetworks.length > 0 && { [ENV.allowedNetworks]: allowedNetworks.join(',') }),
      },
    })
    const secrets = Stack.of(this).formatArn({
      service: 'secretsmanager',
      resource: 'secret',
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      resourceName: `${names.service}/${vendor.id}/*`,
    })
    this.addToRolePolicy(new PolicyStatement({ actions: ['secretsmanager:GetSecretValue'], resources: [secrets] }))
    if (entry === 'handler') this.letFindSecrets(role)
    acknowledge(
      role,
      'connections are added without a deploy, so the function reads the secrets of its own vendor by their names',
      `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:${names.service}/${vendor.id}/*]`,
    )
    if (!undelivered) acknowledgeNoQueue(this)
    if (reservedConcurrency === undefined) acknowledgeUnreserved(this)
    if (props.secretsKey !== undefined) this.grantSecretsKey(props.secretsKey, secrets)
  }

  /** Through Secrets Manager only, and for those secrets: it names the secret to the key as the context. */
  private grantSecretsKey(keyArn: string, secrets: string): void {
    this.addToRolePolicy(
      new PolicyStatement({
        actions: ['kms:Decrypt'],
        resources: [keyArn],
        conditions: {
          StringEquals: { 'kms:ViaService': `secretsmanager.${Stack.of(this).region}.amazonaws.com` },
          StringLike: { 'kms:EncryptionContext:SecretARN': secrets },
        },
      }),
    )
  }

  /** IAM narrows this action to no name and has no condition for it: what it gives is names and tags, never a value. */
  private letFindSecrets(role: Role): void {
    this.addToRolePolicy(new PolicyStatement({ actions: ['secretsmanager:ListSecrets'], resources: ['*'] }))
    acknowledge(
      role,
      'a connection whose secret was stored by hand is found by its name, and secretsmanager:ListSecrets has no resources; it gives no value',
      'AwsSolutions-IAM5[Resource::*]',
    )
  }
}
