import { fromEnv } from '@aws-sdk/credential-provider-env'
import { Sha256 } from '@smithy/core/checksum'
import { SignatureV4 } from '@smithy/signature-v4'

/** Calls a function and returns its result. Rejects when the function fails, or has no result within 18 s. */
export type Invoke = (functionName: string, event: object) => Promise<unknown>

/** Under the callback's own 20 s. */
const TIMEOUT_MS = 18_000

export interface InvokeOptions {
  readonly region: string
  /** @default Lambda's own in that region */
  readonly endpoint?: string | undefined
}

/** Lambda's Invoke by hand: its client would be most of a function that uses this one call. */
export function lambdaInvoke({ region, endpoint }: InvokeOptions, http: typeof fetch = fetch): Invoke {
  const signature = new SignatureV4({ service: 'lambda', region, credentials: fromEnv(), sha256: Sha256 })
  const own = `https://lambda.${region}.${region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'}`
  return async (functionName, event) => {
    const url = new URL(`/2015-03-31/functions/${encodeURIComponent(functionName)}/invocations`, endpoint ?? own)
    const body = JSON.stringify(event)
    const { headers } = await signature.sign({
      method: 'POST',
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      headers: { host: url.host, 'content-type': 'application/json', 'x-amz-invocation-type': 'RequestResponse' },
      body,
    })
    const answer = await http(url, {
      method: 'POST',
      headers,
      body,
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    // Lambda answers 200 for a function that threw as well, and says so in this header.
    if (answer.status === 200 && !answer.headers.has('x-amz-function-error')) return answer.json()
    await answer.body?.cancel()
    throw new Error(`the function answered ${answer.status}`)
  }
}
