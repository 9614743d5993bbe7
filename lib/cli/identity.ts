import { type AwsCredentials, signedRequest } from '../client/signed-request.ts'
import { awsEndpoint } from './aws-endpoint.ts'
import type { Shell } from './command.ts'
import { reasonOf } from './reason.ts'

/** Who calls, as AWS knows them. */
export interface Identity {
  /** `arn:aws:sts::444455556666:assumed-role/erp/i-0abc` */
  readonly arn: string
  readonly account: string
}

/** AWS did not say who calls. */
export interface NoIdentity {
  /** Its name of the error, or why it did not answer. */
  readonly said: string
  /** Whether it was the credentials that it refused. */
  readonly isRefused: boolean
}

interface Caller {
  readonly region: string
  readonly credentials: () => Promise<AwsCredentials>
}

/** Asks STS, which tells everybody. Signed by hand, as the SDK's client for one call would be a dependency. Never rejects. */
export async function identityOf(
  { region, credentials }: Caller,
  { environment, http }: Pick<Shell, 'environment' | 'http'>,
): Promise<Identity | NoIdentity> {
  const url = awsEndpoint('sts', region, environment)
  url.search = 'Action=GetCallerIdentity&Version=2011-06-15'
  const signer = { region, service: 'sts', credentials, http }
  const response = await signedRequest('GET', url, signer).catch((error: Error) => error)
  if (!('status' in response)) return { said: `${url.host} does not answer (${reasonOf(response)})`, isRefused: false }
  const text = await response.text().catch(() => '')
  // Of the answer only what has the form that is looked for.
  const [, arn] = /<Arn>(arn:[\w:+=,.@/-]+)<\/Arn>/.exec(text) ?? []
  const [, account] = /<Account>(\d{12})<\/Account>/.exec(text) ?? []
  if (response.ok && arn && account) return { arn, account }
  // It has one code for this and for a secret key that is not right.
  if (/Signature (expired|not yet current)/.test(text)) return { said: 'RequestExpired', isRefused: true }
  const [, code = `${response.status}`] = /<Code>(\w+)<\/Code>/.exec(text) ?? []
  return { said: code, isRefused: response.status === 403 }
}
