/**
 * List prices in US dollars, us-east-1, without free tiers and discounts, as the pages below had them when this was
 * written (`AS_OF`). A price that has changed is changed here and nowhere else.
 */
export const AS_OF = '2026-11-21'

const MILLION = 1_000_000

export const PRICES = {
  /** aws.amazon.com/api-gateway/pricing, REST API: so many requests of a month at this price each, then the next. */
  restRequests: [
    { upTo: 333 * MILLION, each: 3.5 / MILLION },
    { upTo: 1_000 * MILLION, each: 2.8 / MILLION },
    { upTo: 20_000 * MILLION, each: 2.38 / MILLION },
    { upTo: Number.POSITIVE_INFINITY, each: 1.51 / MILLION },
  ],
  /** aws.amazon.com/lambda/pricing, arm64. */
  lambdaRequest: 0.2 / MILLION,
  lambdaGigabyteSecond: 0.000_013_333_4,
  /** aws.amazon.com/dynamodb/pricing/on-demand, standard table class. */
  readUnit: 0.125 / MILLION,
  writeUnit: 0.625 / MILLION,
  /** Storage and point-in-time recovery, each a month. */
  tableGigabyte: 0.25 + 0.2,
  /** aws.amazon.com/kms/pricing: a key each month until its first rotation, and symmetric requests. */
  key: 1,
  keyCall: 0.03 / 10_000,
  /** aws.amazon.com/secrets-manager/pricing: a secret each month. */
  secret: 0.4,
  secretCall: 0.05 / 10_000,
  /** aws.amazon.com/eventbridge/pricing, Scheduler. */
  scheduledCall: 1 / MILLION,
  /** aws.amazon.com/sns/pricing: publishing to a standard topic, and a mail. */
  publish: 0.5 / MILLION,
  mail: 2 / 100_000,
  /** aws.amazon.com/eventbridge/pricing, an event of one's own. */
  event: 1 / MILLION,
  /** aws.amazon.com/sqs/pricing, standard queue. */
  queueRequest: 0.4 / MILLION,
  /** aws.amazon.com/cloudwatch/pricing: what is written to logs, and kept of it; metrics, alarms and dashboards each month. */
  logGigabyte: 0.5,
  storedLogGigabyte: 0.03,
  metric: 0.3,
  alarmMetric: 0.1,
  dashboard: 3,
} as const
