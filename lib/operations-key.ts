import { ArnFormat, RemovalPolicy, Stack } from 'aws-cdk-lib'
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Key } from 'aws-cdk-lib/aws-kms'
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs'
import { Construct } from 'constructs'
import type { Names } from '../functions/environment.ts'
import { denyGrantsToPeople, USE } from './key-grants.ts'

/** The key of what people read: logs and notices. No token and no credential is under it. */
export class OperationsKey extends Construct {
  readonly key: Key

  constructor(scope: Construct, id: string, { service }: Names) {
    super(scope, id)
    this.key = new Key(this, 'Key', {
      description: `${service}: logs and notices`,
      enableKeyRotation: true,
      // Logs stay, and without the key nobody reads them.
      removalPolicy: RemovalPolicy.RETAIN,
    })
    denyGrantsToPeople(this.key)
    this.letLogsUse()
  }

  /** Makes a log under this key. It stays when the stack goes. */
  addLog(scope: Construct, id: string, retention: RetentionDays): LogGroup {
    return new LogGroup(scope, id, { retention, encryptionKey: this.key, removalPolicy: RemovalPolicy.RETAIN })
  }

  /** For the log groups of this stack alone: CloudFormation begins their names with the stack's. */
  private letLogsUse(): void {
    const { stackName, region } = Stack.of(this)
    const groups = Stack.of(this).formatArn({
      service: 'logs',
      resource: 'log-group',
      resourceName: `${stackName}-*`,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    })
    this.key.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal(`logs.${region}.amazonaws.com`)],
        actions: [...USE],
        resources: ['*'],
        conditions: { ArnLike: { 'kms:EncryptionContext:aws:logs:arn': groups } },
      }),
    )
  }
}
