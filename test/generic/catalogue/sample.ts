import type { FailureCode } from '../../../functions/kit/errors.ts'

/** What a vendor's documents show of an entry: `<id>.ts` beside this file exports one as `sample`. */
export interface CatalogueSample {
  /** Credentials that fit, as the secret holds them. */
  readonly credentials: Readonly<Record<string, unknown>>
  /** Members of them that the vendor wants and our own schema would not ask for. */
  readonly needs?: readonly string[]
  /** Where a person is sent, and what comes back with the code. Of the grant authorization_code. */
  readonly consent?: Consent
  /** What obtains a token without a person; of the grant authorization_code with the refresh token REFRESH_TOKEN. */
  readonly obtains: Exchange
  /** What ends the token of `obtains`, where the entry has a revocation endpoint. */
  readonly revokes?: SentRequest
  /** Documented, to the request of `obtains`. */
  readonly refusals: readonly Refusal[]
}

interface Consent {
  /** Without its query. */
  readonly page: string
  /** Its query, but for `state` and the code challenge. */
  readonly query: Readonly<Record<string, string>>
  readonly exchange: Exchange
}

export interface Exchange {
  readonly request: SentRequest
  readonly answer: Answer
  readonly issued: Outcome
}

export interface SentRequest {
  readonly url: string
  /** What stands in `Authorization`. @default none */
  readonly authorization?: string
  /** All that is sent, in a form or as JSON. */
  readonly form?: Readonly<Record<string, Sent>>
  readonly json?: Readonly<Record<string, Sent>>
}

/** A JWT is compared by what it says; its signature, `iat`, `nbf`, `exp` and `jti` are checked for each. */
export type Sent = string | SentJwt

export interface SentJwt {
  readonly header: Readonly<Record<string, string>>
  readonly claims: Readonly<Record<string, string>>
  /** It ends so soon at the latest. */
  readonly seconds: number
}

export interface Answer {
  /** @default 200 */
  readonly status?: number
  /** An object goes out as JSON, a text as it is. */
  readonly body: object | string
}

export interface Outcome {
  readonly token: string
  readonly lifeSeconds: number
  readonly scope?: string
  readonly context?: Readonly<Record<string, string>>
  readonly refreshToken?: string
  /** In how many seconds the grant ends, where the answer says it. */
  readonly grantSeconds?: number
}

export interface Refusal extends Answer {
  readonly means: FailureCode
}

export const REFRESH_TOKEN = 'refresh-token-of-last-time'
export const CODE = 'code-that-came-back'
/** RFC 7636 appendix B. */
export const CODE_VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'
export const CODE_CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'
export const REDIRECT_URI = 'http://127.0.0.1:8765/callback'
export const STATE = 'state-of-this-consent'

/** `Basic` as RFC 6749 section 2.3.1 has it, of an id and a secret that the form encoding leaves alone. */
export const basic = (id: string, secret: string): string =>
  `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`
