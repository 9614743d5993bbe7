import { FAILURES, type FailureCode, VendingError } from '../kit/errors.ts'

export interface ApiAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** RFC 6749 section 5.1: no answer with a token may be stored on its way. All the others go the same way. */
const NO_STORE = { 'cache-control': 'no-store', pragma: 'no-cache', 'x-content-type-options': 'nosniff' }

export const json = (body: object): ApiAnswer => ({
  status: 200,
  headers: { 'content-type': 'application/json', ...NO_STORE },
  body: JSON.stringify(body),
})

interface Subject {
  readonly requestId: string
  /** `vendomat/accelo/hq` */
  readonly secretName: string
}

/** RFC 9457. Says what to do next; an error nobody foresaw says no more than its request id. */
export function problem(thrown: unknown, { requestId, secretName }: Subject): ApiAnswer {
  const foreseen = thrown instanceof VendingError
  const error = foreseen ? thrown : new VendingError('internal', `see the log of request ${requestId}`)
  const { status, title, retryable } = FAILURES[error.code]
  const retryAfter = retryable ? { 'retry-after': String(Math.ceil(error.retryAfterSeconds ?? 5)) } : {}
  const body = {
    type: `urn:vendomat:problem:${error.code.replaceAll('_', '-')}`,
    title,
    status,
    detail: error.message,
    code: error.code,
    retryable,
    ...(error.maxMinTtlSeconds !== undefined && { max_min_ttl: error.maxMinTtlSeconds }),
    next_step: nextStep(error.code, secretName),
    request_id: requestId,
  }
  const headers = { 'content-type': 'application/problem+json', ...NO_STORE, ...retryAfter }
  return { status, headers, body: JSON.stringify(body) }
}

function nextStep(code: FailureCode, secretName: string): string {
  const [, vendor, connection] = secretName.split('/')
  switch (code) {
    case 'bad_request':
      return 'correct the request'
    case 'unknown_connection':
      return `check the name, or store credentials in the secret ${secretName}`
    case 'connection_disabled':
      return `ask its owner, who can run: vendomat enable ${vendor} ${connection}`
    case 'connection_in_use':
      return `to retire it, run: vendomat remove ${vendor} ${connection}`
    case 'min_ttl_unavailable':
      return 'ask for a min_ttl of max_min_ttl at most'
    case 'not_connected':
    case 'grant_rejected':
    case 'grant_revoked':
    case 'authorization_invalid':
    case 'authorization_denied':
      return `a person has to run: vendomat connect ${vendor} ${connection}`
    case 'credential_expired':
    case 'credential_revoked':
      return `a person has to run: vendomat rotate ${vendor} ${connection}`
    case 'configuration':
      return `correct what the detail names, in the secret ${secretName} or in who may read it; the next call sees it`
    case 'credential_rejected':
      return `store working credentials in the secret ${secretName}; the next call uses them`
    case 'internal':
      return 'report the request id'
    default:
      return 'call again after the time in Retry-After'
  }
}
