import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import type { Vendor } from '../functions/kit/vendor.ts'
import { vendors as registry } from '../functions/vendors.ts'
import { Alerts } from './alerts.ts'
import { Dashboard } from './dashboard.ts'
import { EnvelopeKey } from './envelope-key.ts'
import { HostedCallback } from './hosted-callback.ts'
import { Schedules } from './schedules.ts'
import { type Throttle, TokenApi } from './token-api.ts'
import { TokenTable } from './token-table.ts'
import { VendorFunction, type VendorFunctionProps } from './vendor-function.ts'

export interface VendingStackProps extends StackProps {
  /** Who is mailed about tokens that only a person can renew, and about alarms. @default nobody */
  readonly alertEmail?: string
  /** Domains an operator approved beside the vendors' own, by vendor id. @default none */
  readonly allowedHosts?: Readonly<Record<string, readonly string[]>>
  /** The reserved concurrency of a vendor's function, by vendor id. @default what the account has left */
  readonly reservedConcurrency?: Readonly<Record<string, number>>
  /** What the functions of the vendors get, in MB; Lambda gives CPU in proportion. @default 512 */
  readonly memorySize?: number
  /** What all callers together may ask of the API. @default 50 a second, and 100 at once after a quiet moment */
  readonly throttle?: Throttle
  /**
   * An address on the internet that vendors send people back to, for consents that begin in a browser elsewhere than at
   * the command line. @default none: `vendomat connect` listens on the machine it runs on
   */
  readonly hostedCallback?: boolean
  /** Where it has to be 8 o'clock for the daily check, as an IANA name like 'Europe/Zurich'. @default 'Etc/UTC' */
  readonly timeZone?: string
  /** After how many days without a caller tokens are not renewed ahead of need any more; grants always are. @default 14 */
  readonly restAfterDays?: number
  /**
   * Notices are also published in the schema that Amazon Q Developer in chat applications renders, to a topic of their
   * own; subscribe a channel to it. @default false
   */
  readonly chatTopic?: boolean
  /** Where people read the README, without a `#`: alarms and notices link to its headings. @default 'README.md' */
  readonly runbookUrl?: string
  /** @default all of the registry */
  readonly vendors?: readonly Vendor[]
}

/** The whole machine: its API, a function for each vendor, the table, schedules, alarms and dashboard. */
export class VendingStack extends Stack {
  readonly api: TokenApi

  constructor(scope: Construct, id: string, props: VendingStackProps = {}) {
    super(scope, id, props)
    const { alertEmail, chatTopic, runbookUrl, timeZone, restAfterDays, memorySize, throttle } = props
    const { allowedHosts, reservedConcurrency, hostedCallback = false, vendors = Object.values(registry) } = props
    refuseStrangers(vendors, { allowedHosts, reservedConcurrency })
    const alerts = new Alerts(this, 'Alerts', {
      ...(alertEmail !== undefined && { email: alertEmail }),
      ...(chatTopic !== undefined && { chatTopic }),
      ...(runbookUrl !== undefined && { runbookUrl }),
    })
    const tokens = new TokenTable(this, 'Tokens')
    const envelope = new EnvelopeKey(this, 'Envelope')
    this.api = new TokenApi(this, 'Api', { ...(throttle !== undefined && { throttle }) })
    const schedules = new Schedules(this, 'Schedules', {
      ...(timeZone !== undefined && { timeZone }),
      ...(restAfterDays !== undefined && { restAfterDays }),
    })
    const dashboard = new Dashboard(this, 'Dashboard', { vendors, tokens, api: this.api.api })
    alerts.watchApi(this.api.api)
    alerts.watchTable(tokens)
    alerts.watchUndelivered(schedules.undelivered)
    alerts.watchNotices(vendors)

    const callback = hostedCallback ? new HostedCallback(this, 'Callback', { after: this.api }) : undefined
    if (callback) alerts.watchFunction(callback.fn, { id: 'callback-function', called: 'the hosted callback' })

    for (const vendor of vendors) {
      const hosts = allowedHosts?.[vendor.id]
      const concurrency = reservedConcurrency?.[vendor.id]
      const about = {
        vendor,
        ...(hosts && { allowedHosts: hosts }),
        ...(memorySize !== undefined && { memorySize }),
      }
      const equipped = (scope: Construct, more: Omit<VendorFunctionProps, 'vendor'>) => {
        const fn = new VendorFunction(scope, vendor.id, { ...about, ...more })
        tokens.grantVendor(fn, vendor)
        envelope.grantVendor(fn, vendor.id)
        alerts.grantPublish(fn)
        return fn
      }
      const fn = equipped(this, concurrency === undefined ? {} : { reservedConcurrency: concurrency })
      this.api.addVendor(fn, vendor)
      schedules.addVendor(fn, vendor)
      alerts.watchVendor(fn, vendor)
      if (!callback || !vendor.authorization) continue
      const exchange = equipped(callback, { entry: 'exchange' })
      callback.addVendor(vendor.id, { fn, exchange })
      alerts.watchFunction(exchange, { id: `${vendor.id}-exchange`, called: `the ${vendor.title} code exchange` })
      tokens.grantConsents(callback.fn, vendor.id)
    }

    const url = this.api.api.url.replace(/\/$/, '')
    new CfnOutput(this, 'Url', { value: url, description: 'VENDOMAT_URL' })
    if (callback)
      new CfnOutput(this, 'CallbackUrl', { value: callback.url, description: 'before /oauth/<vendor>/callback' })
    if (alerts.chatTopic)
      new CfnOutput(this, 'ChatTopicArn', { value: alerts.chatTopic.topicArn, description: 'for a chat channel' })
    new CfnOutput(this, 'DashboardUrl', { value: dashboard.url, description: 'are tokens fresh?' })
    new CfnOutput(this, 'TryIt', {
      description: 'a call, once there is a secret vendomat/accelo/hq',
      value: [
        `curl --aws-sigv4 "aws:amz:${this.region}:execute-api"`,
        '--user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"',
        // With temporary credentials only. One word without a blank, which no shell splits or leaves behind empty.
        `\${AWS_SESSION_TOKEN:+-Hx-amz-security-token:$AWS_SESSION_TOKEN}`,
        `"${url}/tokens/accelo/hq"`,
      ].join(' '),
    })
  }
}

/** A setting for an unknown vendor is misspelt, and would have no effect. */
function refuseStrangers(vendors: readonly Vendor[], settings: Readonly<Record<string, object | undefined>>): void {
  const ids = vendors.map(({ id }) => id)
  for (const [setting, byVendor = {}] of Object.entries(settings)) {
    const stranger = Object.keys(byVendor).find((id) => !ids.includes(id))
    if (stranger) throw new Error(`${setting} names "${stranger}", which is no vendor; there are ${ids.join(', ')}`)
  }
}
