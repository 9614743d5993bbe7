import type { Ask, Vended } from './ask.ts'
import { FAILURES, type FailureCode, VendingError } from './errors.ts'
import type { VendingEvent } from './event.ts'
import type { Runtime } from './runtime.ts'
import { secondsBetween } from './token.ts'
import { vend } from './vend.ts'
import type { Vendor } from './vendor.ts'

/**
 * A call that the gateway has authenticated. Plain values and not the platform's Request and Response: their first
 * touch costs a cold process more than all the rest of a vend.
 */
export interface ApiRequest {
  readonly requestId: string
  /** ARN of who signed the call, as the gateway verified it. */
  readonly caller: string
  readonly connection: string
  readonly query: Readonly<Record<string, readonly string[]>>
}

export interface ApiAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Writes the audit line. Synchronous: it is out before the answer leaves, and if it throws there is no answer. */
export type Recorder = (event: VendingEvent, error?: unknown) => void

const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/
const SECONDS = /^[0-9]{1,10}$/
/** RFC 6749 section 5.1: no answer with a token may be stored on its way. The errors go the same way. */
const NO_STORE = { 'cache-control': 'no-store', pragma: 'no-cache', 'x-content-type-options': 'nosniff' }

/** GET /tokens/{vendor}/{connection}?min_ttl=: vends a token. Never throws; every failure is a problem (RFC 9457). */
export async function answer(
  vendor: Vendor,
  request: ApiRequest,
  runtime: Runtime,
  record: Recorder,
): Promise<ApiAnswer> {
  const startedAt = runtime.now()
  const event = {
    op: 'vend' as const,
    request_id: request.requestId,
    caller: request.caller,
    connection: `${vendor.id}#${NAME.test(request.connection) ? request.connection : '?'}`,
  }
  const ms = () => Math.round(secondsBetween(startedAt, runtime.now()) * 1000)
  try {
    const ask = readAsk(vendor, request)
    const vended = await vend(ask, runtime)
    const { value, expiresAt } = vended.token.accessToken
    record({
      ...event,
      outcome: vended.source,
      fingerprint: value.fingerprint,
      expires_in: wholeSeconds(runtime.now(), expiresAt),
      ms: ms(),
    })
    return tokenAnswer(ask, vended, runtime.now())
  } catch (error) {
    const code = error instanceof VendingError ? error.code : 'internal'
    record({ ...event, outcome: code, ms: ms() }, error)
    return problem(vendor, request, error)
  }
}

function readAsk(vendor: Vendor, { connection, query }: ApiRequest): Ask {
  if (!NAME.test(connection)) throw badRequest('a connection is named with a-z, 0-9 and "-", at most 63 of them')
  const unknown = Object.keys(query).find((name) => name !== 'min_ttl')
  if (unknown !== undefined) throw badRequest('the only query parameter is min_ttl')
  const [minTtl = '0', ...more] = query.min_ttl ?? []
  if (more.length > 0 || !SECONDS.test(minTtl)) throw badRequest('min_ttl is one whole number of seconds')
  return { vendor, connection, minTtlSeconds: Number(minTtl) }
}

const badRequest = (message: string): VendingError => new VendingError('bad_request', message)

function tokenAnswer({ vendor, connection }: Ask, { token, source, warnings }: Vended, now: Date): ApiAnswer {
  const { value, expiresAt, scope, context } = token.accessToken
  const body = {
    access_token: value.reveal(),
    token_type: 'Bearer',
    expires_in: wholeSeconds(now, expiresAt),
    ...(scope !== undefined && { scope }),
    expires_at: rfc3339(expiresAt),
    refresh_after: rfc3339(token.refreshAt),
    vendor: vendor.id,
    connection,
    fingerprint: value.fingerprint,
    source,
    context,
    warnings,
  }
  return { status: 200, headers: { 'content-type': 'application/json', ...NO_STORE }, body: JSON.stringify(body) }
}

/** RFC 9457. Says what to do next; an error nobody foresaw says no more than its request id. */
function problem(vendor: Vendor, { connection, requestId }: ApiRequest, thrown: unknown): ApiAnswer {
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
    next_step: nextStep(
      error.code,
      NAME.test(connection) ? `vendomat/${vendor.id}/${connection}` : `vendomat/${vendor.id}/`,
    ),
    request_id: requestId,
  }
  const headers = { 'content-type': 'application/problem+json', ...NO_STORE, ...retryAfter }
  return { status, headers, body: JSON.stringify(body) }
}

function nextStep(code: FailureCode, secretName: string): string {
  switch (code) {
    case 'bad_request':
      return 'correct the request'
    case 'unknown_connection':
      return `check the name, or store credentials in the secret ${secretName}`
    case 'connection_disabled':
      return 'ask its owner to enable it'
    case 'min_ttl_unavailable':
      return 'ask for a smaller min_ttl'
    case 'grant_rejected':
    case 'credential_expired':
      return `a person has to make a new token and store it in the secret ${secretName}; the next call uses it`
    case 'credential_rejected':
    case 'configuration':
      return `store working credentials in the secret ${secretName}; the next call uses them`
    case 'internal':
      return 'report the request id'
    default:
      return 'call again after the time in Retry-After'
  }
}

const wholeSeconds = (from: Date, to: Date): number => Math.floor(secondsBetween(from, to))

const rfc3339 = (instant: Date): string => `${instant.toISOString().slice(0, 19)}Z`
