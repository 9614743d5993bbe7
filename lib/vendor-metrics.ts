import { Duration } from 'aws-cdk-lib'
import type { RestApi } from 'aws-cdk-lib/aws-apigateway'
import { Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch'
import { ROUTES } from '../functions/api/routes.ts'
import type { Names } from '../functions/environment.ts'

/** What functions/lambda/log.ts counts. Hits are not counted: that would cost more than the vend. */
export type VendorMetricName =
  // Answers of the API: those that waited for the vendor, and for how long; those that gave an ageing token or none.
  | 'Renewals'
  | 'RenewalTime'
  | 'ServedStale'
  | 'Failures'
  | 'Refusals'
  // Callers that waited for another's renewal.
  | 'LeaseWaits'
  | 'LeaseWaitTime'
  // Calls of the vendor's token endpoint, for callers and for sweeps, and how they failed.
  | 'VendorCalls'
  | 'VendorTime'
  | 'VendorFailures'
  | (typeof FAILURE_METRICS)[number]
  // Each minute: what was due.
  | 'SweepDue'
  | 'SweepRenewed'
  | 'SweepFailed'
  // Each day: the state of credentials, and the notices about it.
  | 'DaysToExpiry'
  | 'ChecksDone'
  | 'ChecksFailed'
  | 'ChecksLeft'
  | 'NoticesSent'
  | 'NoticesLost'

/**
 * The classes that failed calls of a vendor are counted by (functions/kit/errors.ts): all failures that are remembered
 * of a vendor, and two that say nothing about it. While a vendor is not called, there is nothing to count.
 */
export const FAILURE_METRICS = [
  'GrantRejected',
  'GrantDoubtful',
  'CredentialExpired',
  'CredentialRejected',
  'Configuration',
  'VendorMalformed',
  'VendorThrottled',
  'VendorLockedOut',
  'VendorUnavailable',
  'NotConnected',
  'Internal',
] as const

export interface MetricView {
  /** @default the sum */
  readonly statistic?: string
  /** @default 5 minutes */
  readonly period?: Duration
  /** @default the metric's name */
  readonly label?: string
}

/** A metric that a vendor's function reports. */
export type VendorMetric = (vendorId: string, metricName: VendorMetricName, view?: MetricView) => Metric

export const vendorMetricOf =
  ({ namespace, service }: Names): VendorMetric =>
  (vendorId, metricName, view = {}) =>
    new Metric({
      namespace,
      metricName,
      dimensionsMap: { service, vendor: vendorId },
      statistic: Stats.SUM,
      period: Duration.minutes(5),
      ...view,
    })

/** A metric of the gateway for calls for a vendor's tokens. The stage counts each method by itself. */
export const vendMetric = (api: RestApi, vendorId: string, metricName: 'Count' | '4XXError' | '5XXError'): Metric =>
  new Metric({
    namespace: 'AWS/ApiGateway',
    metricName,
    dimensionsMap: {
      ApiName: api.restApiName,
      Stage: api.deploymentStage.stageName,
      Method: ROUTES.vend.method,
      Resource: ROUTES.vend.path.replace('{vendor}', vendorId),
    },
    statistic: Stats.SUM,
    period: Duration.minutes(5),
  })
