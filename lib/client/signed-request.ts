import { Sha256 } from '@smithy/core/checksum'
import { SignatureV4 } from '@smithy/signature-v4'

export interface AwsCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

export interface Signer {
  readonly region: string
  readonly credentials: () => Promise<AwsCredentials>
  readonly http: typeof fetch
  /** As the service signs. @default execute-api */
  readonly service?: string
  /** Signed as well; go before those of the body. */
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON. Its digest is part of what is signed. */
  readonly body?: object
}

/** The gateway itself gives up after 29 s. */
export const ANSWER_SECONDS = 30

/** Sends a request signed with AWS Signature V4. Rejects when nobody answers within 30 s. */
export async function signedRequest(
  method: string,
  url: URL,
  { region, credentials, http, service = 'execute-api', headers: more, body }: Signer,
): Promise<Response> {
  const signature = new SignatureV4({ service, region, credentials, sha256: Sha256 })
  const content = body && { body: JSON.stringify(body) }
  const { headers } = await signature.sign({
    method,
    protocol: url.protocol,
    hostname: url.hostname,
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: { host: url.host, ...(content && { 'content-type': 'application/json' }), ...more },
    ...content,
  })
  return http(url, {
    method,
    headers,
    ...content,
    redirect: 'manual',
    signal: AbortSignal.timeout(ANSWER_SECONDS * 1000),
  })
}
