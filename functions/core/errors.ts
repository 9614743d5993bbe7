/**
 * Everything that can go wrong, once. A row answers what the caller sees (`status`, `title`), whether calling again
 * can help (`retryable`), and what the engine remembers about it, so that a failing vendor is left alone:
 *   'back-off'  try again after a growing pause
 *   'latch'     never again with this version of the credentials
 *   'probe'     again after 15 minutes, or at once with other credentials
 *   'nothing'   it says nothing about the vendor
 */
export const FAILURES = {
  authorization_invalid: {
    status: 400,
    retryable: false,
    remember: 'nothing',
    title: 'This consent was not begun here, is over, or was used',
  },
  authorization_denied: { status: 409, retryable: false, remember: 'nothing', title: 'The person said no' },
  refresh_rate_limited: {
    status: 429,
    retryable: true,
    remember: 'nothing',
    title: 'Refused tokens are reported too often',
  },
  bad_request: { status: 400, retryable: false, remember: 'nothing', title: 'The request is not understood' },
  unknown_connection: { status: 404, retryable: false, remember: 'nothing', title: 'No such connection' },
  connection_disabled: { status: 409, retryable: false, remember: 'nothing', title: 'The connection is disabled' },
  min_ttl_unavailable: { status: 422, retryable: false, remember: 'nothing', title: 'No token lives that long' },
  not_connected: { status: 424, retryable: false, remember: 'nothing', title: 'Nobody has connected this account yet' },
  grant_rejected: { status: 424, retryable: false, remember: 'latch', title: 'A person has to reconnect this account' },
  grant_doubtful: { status: 503, retryable: true, remember: 'back-off', title: 'The vendor may have ended the grant' },
  credential_expired: {
    status: 424,
    retryable: false,
    remember: 'nothing',
    title: 'A person has to rotate this token',
  },
  credential_revoked: {
    status: 424,
    retryable: false,
    remember: 'nothing',
    title: 'This token was taken back; a person has to make a new one',
  },
  credential_rejected: {
    status: 502,
    retryable: false,
    remember: 'latch',
    title: 'The vendor refused our credentials',
  },
  configuration: { status: 502, retryable: false, remember: 'probe', title: 'The connection is configured wrongly' },
  vendor_malformed: { status: 502, retryable: true, remember: 'back-off', title: 'The vendor answered nonsense' },
  vendor_throttled: { status: 503, retryable: true, remember: 'back-off', title: 'The vendor asks us to wait' },
  vendor_locked_out: { status: 503, retryable: true, remember: 'back-off', title: 'The vendor has locked us out' },
  vendor_paused: { status: 503, retryable: true, remember: 'back-off', title: 'We leave the vendor alone for a while' },
  vendor_unavailable: { status: 503, retryable: true, remember: 'back-off', title: 'The vendor is not available' },
  store_unavailable: { status: 503, retryable: true, remember: 'nothing', title: 'Our own storage is not available' },
  busy: { status: 503, retryable: true, remember: 'nothing', title: 'Another caller is renewing this token' },
  internal: { status: 500, retryable: false, remember: 'nothing', title: 'Something broke on our side' },
} as const satisfies Record<string, FailureRow>

interface FailureRow {
  readonly status: number
  readonly retryable: boolean
  readonly remember: 'back-off' | 'latch' | 'probe' | 'nothing'
  readonly title: string
}

export type FailureCode = keyof typeof FAILURES

interface Details {
  /** What the vendor or we ask the caller to wait before the next call. */
  readonly retryAfterSeconds?: number
  /** Of `grant_doubtful`: after how many in a row the doubt is over and the grant is dead. */
  readonly strikes?: number
  /** Where the error came from. Never shown to a caller, never logged whole. */
  readonly cause?: unknown
}

/** The only error the machine throws on purpose. The message is for people: no secret and no vendor text in it. */
export class VendingError extends Error {
  readonly code: FailureCode
  readonly retryAfterSeconds: number | undefined
  readonly strikes: number | undefined

  constructor(code: FailureCode, message: string, details: Details = {}) {
    super(message, { cause: details.cause })
    this.name = 'VendingError'
    this.code = code
    this.retryAfterSeconds = details.retryAfterSeconds
    this.strikes = details.strikes
  }
}

export const isFailure = (error: unknown, ...codes: FailureCode[]): error is VendingError =>
  error instanceof VendingError && codes.includes(error.code)
