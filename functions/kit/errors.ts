interface FailureRow {
  readonly status: number
  readonly retryable: boolean
  readonly remember: 'back-off' | 'latch' | 'probe' | 'nothing'
  readonly title: string
}

/** The caller, or we ourselves, did something wrong. */
const caller = (status: number) => ({ status, retryable: false, remember: 'nothing' }) as const
/** A person has to act before it can work again. */
const person = { status: 424, retryable: false, remember: 'nothing' } as const
/** What we send the vendor is wrong. */
const wrong = { status: 502, retryable: false } as const
/** The vendor does not do its part now. */
const vendor = { status: 503, retryable: true, remember: 'back-off' } as const
/** We do not do ours now. */
const ours = { status: 503, retryable: true, remember: 'nothing' } as const

/**
 * Everything that can go wrong, once. A row says what the caller sees (`status`, `title`), whether calling again can help
 * (`retryable`), and what the engine remembers about it, so that a failing vendor is left alone:
 *   'back-off'  try again after a growing pause
 *   'latch'     not again with this version of the credentials
 *   'probe'     again after 15 minutes, or at once with other credentials
 *   'nothing'   it says nothing about the vendor
 */
export const FAILURES = {
  authorization_invalid: { ...caller(400), title: 'This consent was not begun here, is over, or was used' },
  authorization_denied: { ...caller(409), title: 'The person said no' },
  refresh_rate_limited: { ...caller(429), retryable: true, title: 'Renewals are forced too often' },
  bad_request: { ...caller(400), title: 'The request is not understood' },
  unknown_connection: { ...caller(404), title: 'No such connection' },
  connection_disabled: { ...caller(409), title: 'The connection is disabled' },
  connection_in_use: { ...caller(409), title: 'The connection is still in use' },
  min_ttl_unavailable: { ...caller(422), title: 'No token lives that long' },
  not_connected: { ...person, title: 'Nobody has connected this account yet' },
  grant_rejected: { ...person, remember: 'latch', title: 'A person has to reconnect this account' },
  grant_revoked: { ...person, title: 'This grant was taken back; a person has to reconnect this account' },
  grant_doubtful: { ...vendor, title: 'The vendor may have ended the grant' },
  credential_expired: { ...person, remember: 'latch', title: 'A person has to rotate this token' },
  credential_revoked: { ...person, title: 'This token was taken back; a person has to make a new one' },
  credential_rejected: { ...wrong, remember: 'latch', title: 'The vendor refused our credentials' },
  configuration: { ...wrong, remember: 'probe', title: 'The connection is configured wrongly' },
  vendor_malformed: { ...vendor, status: 502, title: 'The vendor answered nonsense' },
  vendor_throttled: { ...vendor, title: 'The vendor asks us to wait' },
  vendor_locked_out: { ...vendor, title: 'The vendor has locked us out' },
  vendor_paused: { ...vendor, title: 'We leave the vendor alone for a while' },
  vendor_unavailable: { ...vendor, title: 'The vendor is not available' },
  store_unavailable: { ...ours, title: 'Our own storage is not available' },
  busy: { ...ours, title: 'Another caller is renewing this token' },
  internal: { ...caller(500), title: 'Something broke on our side' },
} as const satisfies Record<string, FailureRow>

export type FailureCode = keyof typeof FAILURES

interface Details {
  /** What the vendor or we ask the caller to wait before the next call. */
  readonly retryAfterSeconds?: number
  /** Of `grant_doubtful`: after how many in a row the doubt is over and the grant is dead. */
  readonly strikes?: number
  /** Of `min_ttl_unavailable`: the most that can be asked for. */
  readonly maxMinTtlSeconds?: number
  /** Where the error came from. Never shown to a caller, never logged whole. */
  readonly cause?: unknown
}

/** The only error the machine throws on purpose. The message is for people: no secret and no vendor text in it. */
export class VendingError extends Error {
  readonly code: FailureCode
  readonly retryAfterSeconds: number | undefined
  readonly strikes: number | undefined
  readonly maxMinTtlSeconds: number | undefined

  constructor(code: FailureCode, message: string, details: Details = {}) {
    super(message, { cause: details.cause })
    this.name = 'VendingError'
    this.code = code
    this.retryAfterSeconds = details.retryAfterSeconds
    this.strikes = details.strikes
    this.maxMinTtlSeconds = details.maxMinTtlSeconds
  }
}

export const isFailure = (error: unknown, ...codes: FailureCode[]): error is VendingError =>
  error instanceof VendingError && codes.includes(error.code)

/** What came of it, or the failure that it ended with. An error that nobody foresaw is thrown. */
export async function orFailure<T>(work: Promise<T>): Promise<T | VendingError> {
  try {
    return await work
  } catch (error) {
    if (error instanceof VendingError) return error
    throw error
  }
}

/** For writes whose loss costs nobody a token: an answer that does not come from our storage is passed over. */
export async function bestEffort(write: Promise<unknown>): Promise<void> {
  const failure = await orFailure(write)
  if (failure instanceof VendingError && failure.code !== 'store_unavailable') throw failure
}
