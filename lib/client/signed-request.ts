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
}

/** The gateway itself gives up after 29 s. */
const TIMEOUT_MS = 30_000

/** Sends a request signed with AWS Signature V4 for API Gateway. Rejects when nobody answers within 30 s. */
export async function signedRequest(
  method: string,
  url: URL,
  { region, credentials, http }: Signer,
): Promise<Response> {
  const signature = new SignatureV4({ service: 'execute-api', region, credentials, sha256: Sha256 })
  const { headers } = await signature.sign({
    method,
    protocol: url.protocol,
    hostname: url.hostname,
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: { host: url.host },
  })
  return http(url, { method, headers, redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS) })
}
