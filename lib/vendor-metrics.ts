import { Duration } from 'aws-cdk-lib'
import type { RestApi } from 'aws-cdk-lib/aws-apigateway'
import { Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch'
import { ROUTES } from '../functions/core/routes.ts'

/** What functions/aws/log.ts and the sweeps count. A mere hit is not counted: it would cost more than the vend. */
export type VendorMetricName =
  | 'Renewals'
  | 'RenewalTime'
  | 'ServedStale'
  | 'Failures'
  | 'Refusals'
  | 'SweepDue'
  | 'SweepRenewed'
  | 'SweepFailed'

export interface MetricView {
  /** @default the sum */
  readonly statistic?: string
  /** @default 5 minutes */
  readonly period?: Duration
  /** @default the metric's name */
  readonly label?: string
}

/** What a vendor's function says of itself. */
export const vendorMetric = (vendorId: string, metricName: VendorMetricName, view: MetricView = {}): Metric =>
  new Metric({
    namespace: 'Vendomat',
    metricName,
    dimensionsMap: { service: 'vendomat', vendor: vendorId },
    statistic: Stats.SUM,
    period: Duration.minutes(5),
    ...view,
  })

/** What the gateway says of calls for a vendor's tokens; the stage counts each method for itself. */
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
