import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib'
import { type IMetric, MathExpression, type Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch'
import { AttributeType, BillingMode, ProjectionType, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb'
import { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import { Key } from 'aws-cdk-lib/aws-kms'
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import { Construct } from 'constructs'
import type { Vendor } from '../functions/core/vendor.ts'
import { ENV } from '../functions/environment.ts'

/** All that the functions ask of the table. */
const OPERATIONS = ['GetItem', 'Query', 'UpdateItem'] as const

/**
 * The table of states and tokens; functions/aws/dynamo-store.ts says what is in it. A `Table` and not a `TableV2`, whose
 * missing recovery or key no rule pack reports.
 */
export class TokenTable extends Construct {
  private readonly table: Table
  private readonly key: Key

  constructor(scope: Construct, id: string) {
    super(scope, id)
    this.key = new Key(this, 'Key', { description: 'vendomat: the token table', enableKeyRotation: true })
    this.table = new Table(this, 'Table', {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.CUSTOMER_MANAGED,
      encryptionKey: this.key,
      timeToLiveAttribute: 'ttl',
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    })
    this.table.addGlobalSecondaryIndex({
      indexName: 'due',
      partitionKey: { name: 'vendor', type: AttributeType.STRING },
      sortKey: { name: 'dueAt', type: AttributeType.NUMBER },
      projectionType: ProjectionType.KEYS_ONLY,
    })
  }

  /**
   * Lets `fn` read and update the rows of one vendor and nobody else's, and tells it the table's name. By hand and not by
   * `table.grant`, which allows scans and leaves out the key.
   */
  grantVendor(fn: LambdaFunction, { id, tokens }: Vendor): void {
    const { tableArn } = this.table
    fn.addEnvironment(ENV.table, this.table.tableName)
    fn.addToRolePolicy(
      new PolicyStatement({
        actions: ['dynamodb:GetItem', 'dynamodb:Query'],
        resources: [tableArn],
        conditions: leadingKeys(`${id}#*`),
      }),
    )
    fn.addToRolePolicy(
      new PolicyStatement({
        actions: ['dynamodb:UpdateItem'],
        resources: [tableArn],
        conditions: { ...leadingKeys(`${id}#*`), ...(tokens.keep === 'memory' && TOKENLESS) },
      }),
    )
    fn.addToRolePolicy(
      new PolicyStatement({
        actions: ['dynamodb:Query'],
        resources: [`${tableArn}/index/due`],
        conditions: leadingKeys(id),
      }),
    )
    this.grantKey(fn)
  }

  /** Lets `fn` carry consents of one vendor on, and tells it the table's name. It sees no token and no state. */
  grantConsents(fn: LambdaFunction, vendorId: string): void {
    fn.addEnvironment(ENV.table, this.table.tableName)
    fn.addToRolePolicy(
      new PolicyStatement({
        actions: ['dynamodb:UpdateItem'],
        resources: [this.table.tableArn],
        conditions: leadingKeys(`${vendorId}#FLOW`),
      }),
    )
    this.grantKey(fn)
  }

  /**
   * Of all that the functions ask of the table. By hand and not by the table's own sums, which are silent for as long as
   * one of the operations is: these are reported only when there is something to report.
   */
  metricSum(metricName: 'ThrottledRequests' | 'SystemErrors'): IMetric {
    return new MathExpression({
      expression: OPERATIONS.map((operation) => `FILL(${idOf(operation)}, 0)`).join(' + '),
      usingMetrics: Object.fromEntries(
        OPERATIONS.map((operation) => [idOf(operation), this.metric(metricName, operation, Stats.SUM)]),
      ),
      label: metricName,
      period: Duration.minutes(5),
    })
  }

  /** How long the table takes to answer, by operation. */
  metricLatencies(statistic: string): IMetric[] {
    return OPERATIONS.map((operation) =>
      this.metric('SuccessfulRequestLatency', operation, statistic).with({ label: `${operation} ${statistic}` }),
    )
  }

  private metric(metricName: string, operation: (typeof OPERATIONS)[number], statistic: string): Metric {
    const { tableName } = this.table
    return this.table.metric(metricName, {
      dimensionsMap: { TableName: tableName, Operation: operation },
      statistic,
      period: Duration.minutes(5),
    })
  }

  /** The key of the table, through DynamoDB only: without it a grant on the table fails at run time. */
  private grantKey(fn: LambdaFunction): void {
    fn.addToRolePolicy(
      new PolicyStatement({
        actions: [
          'kms:Decrypt',
          'kms:DescribeKey',
          'kms:Encrypt',
          'kms:GenerateDataKey',
          'kms:GenerateDataKeyWithoutPlaintext',
          'kms:ReEncryptFrom',
          'kms:ReEncryptTo',
        ],
        resources: [this.key.keyArn],
        conditions: { StringEquals: { 'kms:ViaService': `dynamodb.${Stack.of(this).region}.amazonaws.com` } },
      }),
    )
  }
}

/**
 * All that a vendor whose tokens are never stored may write: none of it can hold one, so that not even a mistake of ours
 * stores it. An update that returns the whole item would name every attribute, hence the second half.
 */
const TOKENLESS = {
  'ForAllValues:StringEquals': {
    'dynamodb:Attributes': [
      ...['pk', 'sk', 'vendor', 'dueAt', 'owner', 'status', 'epoch', 'fence', 'failure', 'succeededAt', 'askedAt'],
      ...['keepWarm', 'provenVersion', 'disproved', 'ends', 'toldEnd', 'toldTrouble', 'acknowledged', 'checked'],
      ...['mintHour', 'mints', 'taken', 'until', 'ttl'],
    ],
  },
  StringEqualsIfExists: { 'dynamodb:ReturnValues': ['NONE', 'UPDATED_NEW'] },
}

/** In an expression metrics begin with a small letter. */
const idOf = (operation: string): string => operation.toLowerCase()

/** `ForAllValues` is true of a request that names no key at all, so such a request is refused beside it. */
const leadingKeys = (pattern: string) => ({
  'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [pattern] },
  Null: { 'dynamodb:LeadingKeys': 'false' },
})
