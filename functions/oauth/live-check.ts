import { VendingError } from '../kit/errors.ts'
import type { Secret } from '../kit/secret.ts'
import type { Context, Liveness } from '../kit/vendor.ts'
import { BY_STATUS, readAnswer, seen, type TokenShape } from './token-answer.ts'
import { type Answer, wholeAnswer } from './whole-answer.ts'

export interface LiveCheck {
  readonly url: URL
  readonly token: Secret
  /** A question in JSON. @default the URL is read */
  readonly query?: object
  /** What a 403 says about the token. */
  readonly forbidden: (answer: Answer) => Liveness
  /** What the JSON of an answer that is no refusal says about the token. */
  readonly judge: (body: unknown, answer: Answer) => Liveness
  /** What a person should check when nobody answers for the API at this address. */
  readonly advice: string
}

/** Without JSON inside, an answer of these types is a broken one; of any other type it is a page for people. */
const NO_PAGE = ['application/json', 'application/problem+json', 'no content type']

/**
 * Makes one request to a vendor's API with a token that a person made. Throws `configuration` for a wrong address, and what
 * else keeps an answer from coming; that says nothing about the token.
 */
export async function liveCheck(check: LiveCheck, context: Context): Promise<Liveness> {
  const { query } = check
  const headers = { accept: 'application/json', authorization: `Bearer ${check.token.reveal()}` }
  const asked = query && { method: 'POST', body: JSON.stringify(query) }
  const type = query && { 'content-type': 'application/json' }
  const answer = await wholeAnswer(check.url, { headers: { ...headers, ...type }, ...asked }, context)
  const { status, contentType } = answer
  if (status === 401) return 'refused'
  if (status === 403) return check.forbidden(answer)
  // Who is not logged in is sent to the login page, or shown it in place of an answer.
  if (status >= 300 && status < 400) return 'login page'
  const shape: TokenShape = { ...BY_STATUS, advice: { configuration: check.advice } }
  const body = readAnswer(answer, shape)
  if (body !== undefined) return check.judge(body, answer)
  if (!NO_PAGE.includes(contentType)) return 'login page'
  throw new VendingError('vendor_malformed', `${seen(answer)} to the check of a token`)
}
