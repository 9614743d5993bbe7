import { type FailureCode, VendingError } from '../kit/errors.ts'
import { Secret } from '../kit/secret.ts'
import { refuseUnlessBearer } from './bearer-token.ts'
import { ERROR_ADVICE, ERROR_CODES } from './error-codes.ts'
import { formAnswer } from './form-answer.ts'
import { GRANT_EXPIRES_IN } from './grant-end.ts'
import type { Answer } from './whole-answer.ts'

/** What a vendor calls the members of its answer (RFC 6749 sections 5.1 and 5.2), and what its refusals mean. */
export interface TokenShape {
  readonly accessToken: string
  readonly refreshToken: string
  readonly expiresIn: string
  readonly tokenType: string
  readonly scope: string
  /** In how many seconds the grant ends, by a name of the vendor's own beside those that many have. */
  readonly grantExpiresIn?: string
  /** Types of token that are used as bearer tokens beside 'Bearer'. */
  readonly tokenTypes?: readonly string[]
  /** @default none: the status alone decides whether the answer is a refusal, and which */
  readonly error?: string
  /** A member that wraps the error code of some answers as `status`, 'ok' being none. */
  readonly envelope?: string
  /** Members that are vended beside the token: our name for them, then the vendor's. */
  readonly context?: Readonly<Record<string, string>>
  /** Statuses and error codes that mean something else with this vendor. */
  readonly means?: Readonly<Record<string | number, FailureCode>>
  /**
   * What a refusal means, for a vendor with error texts of its own. Called before the tables are used, with the error
   * as it came, if there is one. Undefined leaves the decision to the tables.
   */
  readonly judge?: (error: unknown, status: number) => Judgement | undefined
  /** What a person should do about a failure, said in its message. */
  readonly advice?: Readonly<Partial<Record<FailureCode, string>>>
}

export interface Judgement {
  readonly code: FailureCode
  /** Of `grant_doubtful`. */
  readonly strikes?: number
}

export const RFC_6749 = {
  accessToken: 'access_token',
  refreshToken: 'refresh_token',
  expiresIn: 'expires_in',
  tokenType: 'token_type',
  scope: 'scope',
  error: 'error',
} as const satisfies TokenShape

/** Of an API that documents no error codes of RFC 6749: there no word in a body counts. */
const { error: _, ...WITHOUT_ERRORS } = RFC_6749
export const BY_STATUS: TokenShape = WITHOUT_ERRORS

export interface TokenAnswer {
  readonly accessToken: Secret
  readonly refreshToken?: Secret
  /** As it came: expiryOf judges it. */
  readonly expiresIn: unknown
  /** As they came, for grantEnd. */
  readonly grantExpiresIn: readonly unknown[]
  readonly scope?: string
  readonly context: Readonly<Record<string, string>>
}

const STATUSES: Readonly<Record<number, FailureCode>> = {
  401: 'credential_rejected',
  403: 'credential_rejected',
  408: 'vendor_unavailable',
  425: 'vendor_unavailable',
  429: 'vendor_throttled',
}

/** By first digit. An unknown error in a 2xx counts as a bad request. */
const CLASSES: Readonly<Record<number, FailureCode>> = {
  2: 'configuration',
  3: 'configuration',
  4: 'configuration',
  5: 'vendor_unavailable',
}

/** Accelo's lock-out: five minutes, which each attempt restarts (Accelo API documentation, Lockout, 2026-11). */
const LOCK_OUT_SECONDS = 300

/**
 * Takes the token out of an answer, or throws what its error code, its status, or the lack of a token means. A refresh
 * token goes to `received` before the rest of the answer is judged: the one before may be spent.
 */
export function readTokenAnswer(
  answer: Answer,
  shape: TokenShape = RFC_6749,
  received: (refreshToken: Secret) => void = () => {},
): TokenAnswer {
  const body = readAnswer(answer, shape)
  const refreshToken = tokenIn(member(body, shape.refreshToken))
  if (refreshToken) received(refreshToken)
  const accessToken = tokenIn(member(body, shape.accessToken))
  if (!accessToken) {
    const changed = isObject(body) ? `; ${shapeChanged(shape.accessToken)}` : ''
    throw new VendingError('vendor_malformed', `${seen(answer)}, without a token that can be used${changed}`)
  }
  refuseUnlessBearer(accessToken, member(body, shape.tokenType) ?? 'Bearer', shape.tokenTypes)
  const scope = scopeIn(member(body, shape.scope))
  const { grantExpiresIn: own } = shape
  return {
    accessToken,
    ...(refreshToken && { refreshToken }),
    expiresIn: member(body, shape.expiresIn),
    grantExpiresIn: [...GRANT_EXPIRES_IN, ...(own === undefined ? [] : [own])].map((name) => member(body, name)),
    ...(scope && { scope }),
    context: contextOf(body, shape),
  }
}

/** The body of an answer that is no refusal; undefined when it is not JSON. Throws what a refusal means. */
export function readAnswer(answer: Answer, shape: TokenShape = RFC_6749): unknown {
  const body = parse(answer, shape)
  const error = errorOf(body, shape)
  // An error counts wherever it stands: some vendors answer 200 with it, some send a token along.
  if (error !== undefined || !isSuccess(answer)) throw refusal(answer, error, shape)
  return body
}

/** The error that an answer names, if it is one that is known. */
export const errorIn = (answer: Answer, shape: TokenShape = RFC_6749): string | undefined =>
  known(errorOf(parse(answer, shape), shape), shape)

const isSuccess = ({ status }: Answer): boolean => status >= 200 && status < 300

// JSON whatever the content type: it often comes as text/html, and a page for people does not parse.
function parse({ text, contentType }: Answer, { accessToken, error }: TokenShape): unknown {
  const written = text.reveal()
  try {
    return JSON.parse(written)
  } catch {
    // The syntax error quotes the text, so it is no cause either.
    return formAnswer(written, contentType, error === undefined ? [accessToken] : [accessToken, error])
  }
}

const isObject = (body: unknown): boolean => typeof body === 'object' && body !== null && !Array.isArray(body)

/** What is said of a whole answer in which a documented member is missing, or is nothing that can be used. */
export const shapeChanged = (member: string): string => `the answer's shape has changed: ${member} is not as documented`

/** Null counts as left out. Own members only, so that no name reaches a prototype. */
export function member(body: unknown, name: string): unknown {
  if (typeof body !== 'object' || body === null) return undefined
  return Object.getOwnPropertyDescriptor(body, name)?.value ?? undefined
}

function errorOf(body: unknown, { error, envelope }: TokenShape): unknown {
  const status = envelope === undefined ? undefined : member(member(body, envelope), 'status')
  return (error === undefined ? undefined : member(body, error)) ?? (status === 'ok' ? undefined : status)
}

function refusal(answer: Answer, error: unknown, shape: TokenShape): VendingError {
  const { status, retryAfterSeconds: wait } = answer
  const named = known(error, shape)
  const own = shape.judge?.(error, status)
  const judged = own?.code ?? ((named && byCode(named, shape)) || byStatus(status, shape))
  // RFC 9110 section 15.6.4: a 503 that names a time is a request to wait, not a breakdown.
  const asksToWait = judged === 'vendor_unavailable' && status === 503 && wait !== undefined
  const code = asksToWait ? 'vendor_throttled' : judged

  const advice = [named && ERROR_ADVICE[named], shape.advice?.[code]]
  const message = [seen(answer), named && `error ${named}`, ...advice].filter(Boolean).join('; ')
  return new VendingError(code, message, {
    ...waitFor(code, wait),
    ...(own?.strikes !== undefined && { strikes: own.strikes }),
  })
}

/** An error that we or the vendor's own table have a meaning for: no other is repeated. */
function known(error: unknown, { means = {} }: TokenShape): string | undefined {
  const codes = { ...ERROR_CODES, ...means }
  return typeof error === 'string' && Object.hasOwn(codes, error) ? error : undefined
}

const byCode = (named: string, { means = {} }: TokenShape): FailureCode | undefined =>
  means[named] ?? ERROR_CODES[named]

const byStatus = (status: number, { means = {} }: TokenShape): FailureCode =>
  means[status] ?? STATUSES[status] ?? CLASSES[Math.floor(status / 100)] ?? 'vendor_malformed'

function waitFor(code: FailureCode, stated: number | undefined): { retryAfterSeconds?: number } {
  if (code === 'vendor_locked_out') return { retryAfterSeconds: Math.max(stated ?? 0, LOCK_OUT_SECONDS) }
  return code === 'vendor_throttled' && stated !== undefined ? { retryAfterSeconds: stated } : {}
}

/** What messages say of an answer. None of it is the vendor's own text. */
export const seen = ({ status, contentType, text }: Answer): string =>
  `the vendor answered ${status} (${contentType}, ${text.length} characters)`

const LONGEST_TOKEN = 16 * 1024

/** Visible ASCII, as a header can carry it: RFC 6750 section 2.1 allows even less. */
function tokenIn(value: unknown): Secret | undefined {
  if (typeof value !== 'string' || value.length > LONGEST_TOKEN || !/^[!-~]+$/.test(value)) return undefined
  return new Secret(value)
}

const printable = (value: unknown): string | undefined =>
  typeof value === 'string' && /^[ -~]{1,2048}$/.test(value) ? value : undefined

/** RFC 6749 section 3.3 has one text with spaces; some vendors send a list. */
const scopeIn = (value: unknown): string | undefined =>
  printable(Array.isArray(value) && value.every((scope) => printable(scope)) ? value.join(' ') : value)

function contextOf(body: unknown, { context = {} }: TokenShape): Record<string, string> {
  const named = Object.entries(context).map(([name, theirs]) => [name, printable(member(body, theirs))] as const)
  return Object.fromEntries(named.filter((entry): entry is [string, string] => entry[1] !== undefined))
}
