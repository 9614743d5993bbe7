import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import type { Vendor } from '../functions/core/vendor.ts'
import { vendors as registry } from '../functions/vendors.ts'
import { Alerts } from './alerts.ts'
import { EnvelopeKey } from './envelope-key.ts'
import { TokenApi } from './token-api.ts'
import { TokenTable } from './token-table.ts'
import { VendorFunction } from './vendor-function.ts'

export interface VendingStackProps extends StackProps {
  /** Who is mailed about tokens that only a person can renew. @default nobody */
  readonly alertEmail?: string
  /** Domains an operator approved beside the vendors' own, by vendor id. @default none */
  readonly allowedHosts?: Readonly<Record<string, readonly string[]>>
  /** The most environments of a vendor's function at once, by vendor id. @default what the account has left */
  readonly reservedConcurrency?: Readonly<Record<string, number>>
  /** @default all of the registry */
  readonly vendors?: readonly Vendor[]
}

/** The machine. */
export class VendingStack extends Stack {
  readonly api: TokenApi

  constructor(scope: Construct, id: string, props: VendingStackProps = {}) {
    super(scope, id, props)
    const { alertEmail, allowedHosts, reservedConcurrency, vendors = Object.values(registry) } = props
    refuseStrangers(vendors, { allowedHosts, reservedConcurrency })
    const alerts = new Alerts(this, 'Alerts', alertEmail === undefined ? {} : { email: alertEmail })
    const tokens = new TokenTable(this, 'Tokens')
    const envelope = new EnvelopeKey(this, 'Envelope')
    this.api = new TokenApi(this, 'Api')

    for (const vendor of vendors) {
      const hosts = allowedHosts?.[vendor.id]
      const concurrency = reservedConcurrency?.[vendor.id]
      const fn = new VendorFunction(this, vendor.id, {
        vendor,
        ...(hosts && { allowedHosts: hosts }),
        ...(concurrency !== undefined && { reservedConcurrency: concurrency }),
      })
      tokens.grantVendor(fn, vendor)
      envelope.grantVendor(fn, vendor.id)
      alerts.grantPublish(fn)
      this.api.addVendor(fn, vendor)
    }

    const url = this.api.api.url.replace(/\/$/, '')
    new CfnOutput(this, 'Url', { value: url, description: 'VENDOMAT_URL' })
    new CfnOutput(this, 'TryIt', {
      description: 'a call, once there is a secret vendomat/accelo/hq; the header goes with temporary credentials only',
      value: [
        `curl --aws-sigv4 "aws:amz:${this.region}:execute-api"`,
        '--user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"',
        '-H "x-amz-security-token: $AWS_SESSION_TOKEN"',
        `"${url}/tokens/accelo/hq"`,
      ].join(' '),
    })
  }
}

/** A setting for a vendor that is not there is a misspelt one, and would be silently without effect. */
function refuseStrangers(vendors: readonly Vendor[], settings: Readonly<Record<string, object | undefined>>): void {
  const ids = vendors.map(({ id }) => id)
  for (const [setting, byVendor = {}] of Object.entries(settings)) {
    const stranger = Object.keys(byVendor).find((id) => !ids.includes(id))
    if (stranger) throw new Error(`${setting} names "${stranger}", which is no vendor; there are ${ids.join(', ')}`)
  }
}
