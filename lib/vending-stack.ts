import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib'
import { RetentionDays } from 'aws-cdk-lib/aws-logs'
import type { Construct } from 'constructs'
import { ENV, namesOf } from '../functions/environment.ts'
import { acknowledgeDesign } from './acknowledge.ts'
import { Alerts } from './alerts.ts'
import { Dashboard } from './dashboard.ts'
import { describedVendors } from './descriptions.ts'
import { EnvelopeKey } from './envelope-key.ts'
import { HostedCallback } from './hosted-callback.ts'
import { OperationsKey } from './operations-key.ts'
import { Schedules } from './schedules.ts'
import { checkedSettings, type Settings } from './settings.ts'
import { refuseTooMany, resourcesIn } from './stack-room.ts'
import { TokenApi } from './token-api.ts'
import { TokenTable } from './token-table.ts'
import { VendorFunction, type VendorFunctionProps } from './vendor-function.ts'

export interface VendingStackProps extends StackProps, Settings {}

/** Of each stage a stack of its own. A stack keeps its id for ever: with another one it is another stack. */
export const stackIdOf = ({ stage }: Settings): string => namesOf(stage).namespace

/** The whole machine: its API, a function for each vendor, the table, schedules, alarms and dashboard. */
export class VendingStack extends Stack {
  readonly api: TokenApi

  constructor(scope: Construct, id: string, props: VendingStackProps = {}) {
    super(scope, id, checkedSettings(props))
    const { stage, alertEmail, chatTopic, runbookUrl, timeZone, restAfterDays, memorySize, throttle } = props
    const { callers, apiGatewayLogRole: logRole, secretsKey, webAcl = {}, callbackConcurrency: concurrency } = props
    const logRetention = props.logRetentionDays ?? RetentionDays.THREE_MONTHS
    const accessLogRetention = props.accessLogRetentionDays ?? RetentionDays.THIRTEEN_MONTHS
    const names = namesOf(stage)
    acknowledgeDesign(this)
    const { allowedHosts, allowedNetworks, reservedConcurrency, hostedCallback = false } = props
    const vendors = describedVendors(props)
    const operations = new OperationsKey(this, 'Operations', names)
    const alerts = new Alerts(this, 'Alerts', {
      names,
      operations,
      ...(alertEmail !== undefined && { email: alertEmail }),
      ...(chatTopic !== undefined && { chatTopic }),
      ...(runbookUrl !== undefined && { runbookUrl }),
    })
    const tokens = new TokenTable(this, 'Tokens', names)
    const envelope = new EnvelopeKey(this, 'Envelope', names)
    this.api = new TokenApi(this, 'Api', {
      names,
      operations,
      vendors,
      accessLogRetention,
      ...(webAcl.api !== undefined && { webAcl: webAcl.api }),
      ...(throttle !== undefined && { throttle }),
      ...(callers !== undefined && { callers }),
      ...(logRole !== undefined && { logRole }),
    })
    const schedules = new Schedules(this, 'Schedules', {
      ...(timeZone !== undefined && { timeZone }),
      ...(restAfterDays !== undefined && { restAfterDays }),
    })
    const dashboard = new Dashboard(this, 'Dashboard', { names, vendors, tokens, api: this.api.api })
    alerts.watchApi(this.api.api)
    alerts.watchTable(tokens)
    alerts.watchUndelivered(schedules.undelivered)
    alerts.watchNotices(vendors)

    const callback = hostedCallback
      ? new HostedCallback(this, 'Callback', {
          after: this.api,
          names,
          operations,
          logRetention,
          accessLogRetention,
          ...(webAcl.callback !== undefined && { webAcl: webAcl.callback }),
          ...(concurrency !== undefined && { concurrency }),
        })
      : undefined
    if (callback) alerts.watchFunction(callback.fn, { id: 'callback-function', called: 'the hosted callback' })

    const resources: number[] = []
    for (const vendor of vendors) {
      const hosts = allowedHosts?.[vendor.id]
      const networks = allowedNetworks?.[vendor.id]
      const reserved = reservedConcurrency?.[vendor.id]
      const about = {
        vendor,
        operations,
        logRetention,
        ...(stage !== undefined && { stage }),
        ...(secretsKey !== undefined && { secretsKey }),
        ...(hosts && { allowedHosts: hosts }),
        ...(networks && { allowedNetworks: networks }),
        ...(memorySize !== undefined && { memorySize }),
      }
      const equipped = (
        scope: Construct,
        more: Pick<VendorFunctionProps, 'entry' | 'reservedConcurrency' | 'undelivered'>,
      ) => {
        const fn = new VendorFunction(scope, vendor.id, { ...about, ...more })
        tokens.grantVendor(fn, vendor)
        envelope.grantVendor(fn, vendor)
        alerts.grantPublish(fn)
        return fn
      }
      const { undelivered } = schedules
      const fn = equipped(this, { undelivered, ...(reserved !== undefined && { reservedConcurrency: reserved }) })
      tokens.grantDirectory(fn, vendor)
      this.api.addVendor(fn, vendor)
      schedules.addVendor(fn, vendor)
      alerts.watchVendor(fn, vendor)
      if (callback && vendor.authorization) {
        const exchange = equipped(callback, { entry: 'exchange' })
        callback.addVendor(vendor.id, { fn, exchange })
        alerts.watchFunction(exchange, { id: `${vendor.id}-exchange`, called: `the ${vendor.title} code exchange` })
        tokens.grantConsents(callback.fn, vendor.id)
      }
      resources.push(resourcesIn(this))
    }
    const ids = vendors.map(({ id }) => id)
    refuseTooMany(ids, resources)

    const url = this.api.api.url.replace(/\/$/, '')
    new CfnOutput(this, 'Url', { value: url, description: 'VENDOMAT_URL' })
    if (stage !== undefined) new CfnOutput(this, 'Stage', { value: stage, description: ENV.stage })
    new CfnOutput(this, 'Vendors', { value: ids.join(), description: 'VENDOMAT_VENDORS' })
    if (secretsKey !== undefined)
      new CfnOutput(this, 'SecretsKey', { value: secretsKey, description: 'VENDOMAT_SECRETS_KEY' })
    if (callback)
      new CfnOutput(this, 'CallbackUrl', { value: callback.url, description: 'before /oauth/<vendor>/callback' })
    if (alerts.chatTopic)
      new CfnOutput(this, 'ChatTopicArn', { value: alerts.chatTopic.topicArn, description: 'for a chat channel' })
    new CfnOutput(this, 'DashboardUrl', { value: dashboard.url, description: 'are tokens fresh?' })
    const example = `${ids[0]}/hq`
    new CfnOutput(this, 'TryIt', {
      description: `a call, once there is a secret ${names.service}/${example}`,
      value: [
        `curl --aws-sigv4 "aws:amz:${this.region}:execute-api"`,
        '--user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"',
        // With temporary credentials only. One word without a blank, which no shell splits or leaves behind empty.
        `\${AWS_SESSION_TOKEN:+-Hx-amz-security-token:$AWS_SESSION_TOKEN}`,
        `"${url}/tokens/${example}"`,
      ].join(' '),
    })
  }
}
