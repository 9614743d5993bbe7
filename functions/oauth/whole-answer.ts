import { VendingError } from '../kit/errors.ts'
import { Secret } from '../kit/secret.ts'
import type { Context } from '../kit/vendor.ts'
import { httpDate, retryAfterSeconds } from './retry-after.ts'
import { vendorUrl } from './vendor-url.ts'

/** An answer that has arrived whole and is not judged yet. */
export interface Answer {
  readonly status: number
  readonly contentType: string
  /** `Retry-After`, already counted from the vendor's own `Date` if it was one. */
  readonly retryAfterSeconds?: number
  readonly date?: Date
  /** Holds the token, or an error text that may repeat what we sent. */
  readonly text: Secret
}

// A token answer has about 10 KB; a page for people seldom more than this.
const LONGEST = 2 ** 20

/**
 * Sends a request to a vendor and reads the whole answer. Throws `configuration` before any call when the host is not
 * allowed, `vendor_unavailable` when no whole answer comes, `vendor_malformed` when it is longer than 1 MiB.
 */
export async function wholeAnswer(
  url: URL,
  init: Pick<RequestInit, 'method' | 'headers' | 'body'>,
  context: Context,
): Promise<Answer> {
  vendorUrl(`${url.origin}${url.pathname}`, context.hosts)
  try {
    // A redirect would carry our secrets to another place.
    const response = await context.http(url, { ...init, redirect: 'manual', signal: context.signal })
    const text = new Secret(await bounded(response, context.signal))
    const retryAfter = retryAfterSeconds(response.headers, context.now())
    const date = httpDate(response.headers.get('date'))
    return {
      status: response.status,
      contentType: mediaType(response.headers),
      ...(retryAfter !== undefined && { retryAfterSeconds: retryAfter }),
      ...(date && { date }),
      text,
    }
  } catch (error) {
    throw error instanceof VendingError ? error : unavailable(error, context.signal)
  }
}

// Not every `fetch` listens to its signal once the headers are here; the pipe does.
async function bounded(response: Response, signal: AbortSignal): Promise<string> {
  let text = ''
  for await (const part of response.body?.pipeThrough(new TextDecoderStream(), { signal }) ?? []) {
    text += part
    if (text.length > LONGEST) throw new VendingError('vendor_malformed', "the vendor's answer is longer than 1 MiB")
  }
  return text
}

// A header is the vendor's text too: only these are repeated in messages.
const MEDIA_TYPES = [
  'application/json',
  'application/problem+json',
  'application/x-www-form-urlencoded',
  'text/html',
  'text/plain',
]

function mediaType(headers: Headers): string {
  const type = headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (!type) return 'no content type'
  return MEDIA_TYPES.includes(type) ? type : 'another content type'
}

const TLS_CODE = /^(CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|ERR_TLS_|ERR_SSL_|EPROTO)/
const TIME_OUT_CODE = /^(ETIMEDOUT|UND_ERR_(CONNECT|HEADERS|BODY)_TIMEOUT)$/

/** The messages of `fetch` name URLs and can quote the answer, so only its error code is kept. */
function unavailable(error: unknown, signal: AbortSignal): VendingError {
  const cause = codeOf(error)
  if (signal.aborted || TIME_OUT_CODE.test(cause)) return failure('the vendor did not answer in time', cause)
  // An immediate retry does not mend a certificate.
  if (TLS_CODE.test(cause)) return failure('no trusted TLS connection to the vendor could be made', cause, 60)
  return failure('the connection to the vendor failed', cause)
}

const failure = (what: string, cause: string, retryAfterSeconds?: number) =>
  new VendingError('vendor_unavailable', what, { cause, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) })

function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'UNKNOWN'
  const code = 'code' in error ? error.code : undefined
  if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,50}$/.test(code)) return code
  return 'cause' in error ? codeOf(error.cause) : 'UNKNOWN'
}
