import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib'
import { type IMetric, MathExpression, type Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch'
import { AttributeType, BillingMode, ProjectionType, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb'
import { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import { Key } from 'aws-cdk-lib/aws-kms'
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import { Construct } from 'constructs'
import { ENV, type Names } from '../functions/environment.ts'
import type { Vendor } from '../functions/kit/vendor.ts'
import { acknowledge } from './acknowledge.ts'
import { denyGrantsToPeople, USE } from './key-grants.ts'

/** All operations that the functions use. */
const OPERATIONS = ['GetItem', 'BatchGetItem', 'Query', 'UpdateItem'] as const

/**
 * The table of states and tokens; functions/aws/dynamo-table.ts says what is in it. A `Table` and not a `TableV2`: no
 * rule pack reports a `TableV2` without recovery or key.
 */
export class TokenTable extends Construct {
  private readonly table: Table
  private readonly key: Key

  constructor(scope: Construct, id: string, { service }: Names) {
    super(scope, id)
    // It stays for as long as the table does, which without it is lost.
    const removalPolicy = RemovalPolicy.RETAIN
    this.key = new Key(this, 'Key', {
      description: `${service}: the token table`,
      enableKeyRotation: true,
      removalPolicy,
    })
    denyGrantsToPeople(this.key)
    this.table = new Table(this, 'Table', {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.CUSTOMER_MANAGED,
      encryptionKey: this.key,
      timeToLiveAttribute: 'ttl',
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      removalPolicy,
    })
    acknowledge(
      this.table,
      'it can be put back to any second of 35 days; a backup plan would keep tokens for longer than they are good for',
      'NIST.800.53.R5-DynamoDBInBackupPlan',
    )
    this.table.addGlobalSecondaryIndex({
      indexName: 'due',
      partitionKey: { name: 'vendor', type: AttributeType.STRING },
      sortKey: { name: 'sweepAt', type: AttributeType.NUMBER },
      projectionType: ProjectionType.KEYS_ONLY,
    })
    this.table.addGlobalSecondaryIndex({
      indexName: 'names',
      partitionKey: { name: 'vendor', type: AttributeType.STRING },
      sortKey: { name: 'pk', type: AttributeType.STRING },
      projectionType: ProjectionType.KEYS_ONLY,
    })
  }

  /**
   * Lets `fn` read and update the rows of one vendor only, and puts the table's name into its environment. Written by
   * hand: `table.grant` allows scans and leaves out the key.
   */
  grantVendor(fn: LambdaFunction, { id, tokens }: Vendor): void {
    const { tableArn } = this.table
    const own = leadingKeys(`${id}#*`)
    fn.addEnvironment(ENV.table, this.table.tableName)
    fn.addToRolePolicy(
      new PolicyStatement({ actions: ['dynamodb:GetItem', 'dynamodb:Query'], resources: [tableArn], conditions: own }),
    )
    fn.addToRolePolicy(
      new PolicyStatement({
        actions: ['dynamodb:UpdateItem'],
        resources: [tableArn],
        conditions:
          tokens.storage === 'memory' ? { ...own, ...TOKENLESS, Null: { ...own.Null, ...TOKENLESS.Null } } : own,
      }),
    )
    this.grantKey(fn)
  }

  /** Lets `fn` find the connections of one vendor, and read many of its rows at once. */
  grantDirectory(fn: LambdaFunction, { id }: Vendor): void {
    const { tableArn } = this.table
    fn.addToRolePolicy(
      new PolicyStatement({
        actions: ['dynamodb:BatchGetItem'],
        resources: [tableArn],
        conditions: leadingKeys(`${id}#*`),
      }),
    )
    fn.addToRolePolicy(
      new PolicyStatement({
        actions: ['dynamodb:Query'],
        resources: ['due', 'names'].map((index) => `${tableArn}/index/${index}`),
        // AWS does not say whether LeadingKeys of such a query is the key of the index (`accelo`), that of the table
        // (`accelo#hq`), or not there because the query names none: it is allowed in all three cases and for no other vendor.
        // Were the last one true, a function could read names of other vendors' connections, since the indexes hold keys only.
        conditions: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [id, `${id}#*`] } },
      }),
    )
  }

  /** Lets `fn` continue consents of one vendor, and names the table in its environment. It reads no token, no state. */
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
   * The sum over all operations. Written by hand: the table's own sums have no value while one of the operations has
   * none, and these metrics have values only when there is something to report.
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

  /** Grants the key of the table, through DynamoDB only: without it a grant on the table fails at run time. */
  private grantKey(fn: LambdaFunction): void {
    fn.addToRolePolicy(
      new PolicyStatement({
        actions: [...USE],
        resources: [this.key.keyArn],
        conditions: { StringEquals: { 'kms:ViaService': `dynamodb.${Stack.of(this).region}.amazonaws.com` } },
      }),
    )
  }
}

/**
 * All attributes that a vendor whose tokens are never stored may write: none of them is meant for a token, so that a
 * mistake of ours does not store one either. An update that returns the whole item would name every attribute, so the
 * second part refuses it. Every update names at least its key (DynamoDB developer guide, "Using IAM policy conditions for
 * fine-grained access control", 2026-11); the last part refuses one of which IAM were told no attribute.
 */
const TOKENLESS = {
  'ForAllValues:StringEquals': {
    'dynamodb:Attributes': [
      ...['pk', 'sk', 'vendor', 'sweepAt', 'owner', 'status', 'epoch', 'fence', 'failure', 'succeededAt', 'usedAt'],
      ...['keepWarm', 'usualSeconds', 'provenVersion', 'refusedVersions', 'ends', 'acknowledged', 'checked', 'stopId'],
      ...['notifiedEnd', 'notifiedTrouble', 'noticeId', 'round', 'roundId', 'window', 'ids', 'until', 'ttl'],
    ],
  },
  StringEqualsIfExists: { 'dynamodb:ReturnValues': ['NONE', 'UPDATED_NEW'] },
  Null: { 'dynamodb:Attributes': 'false' },
}

/** In an expression the name of a metric begins with a small letter. */
const idOf = (operation: string): string => operation.toLowerCase()

/** `ForAllValues` also holds for a request that names no key at all, so the second condition refuses that. */
const leadingKeys = (pattern: string) => ({
  'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [pattern] },
  Null: { 'dynamodb:LeadingKeys': 'false' },
})
