import { VendingError } from '../kit/errors.ts'
import type { AccessToken } from '../kit/token.ts'
import type { Context, Liveness } from '../kit/vendor.ts'
import { RFC_6749, readAnswer, seen, type TokenShape } from '../oauth/token-answer.ts'
import { wholeAnswer } from '../oauth/whole-answer.ts'

// iObeya documents no bodies of errors (API Facade v1, doc.api.iobeya.io, 2026-11), so no word in one counts.
const { error: _, ...BY_STATUS } = RFC_6749
const SHAPE: TokenShape = {
  ...BY_STATUS,
  advice: { configuration: 'check api_url, and whether the API is deployed for this platform' },
}

/** Without JSON inside, an answer of these types is a broken one; of any other type it is a page for people. */
const NO_PAGE = ['application/json', 'application/problem+json', 'no content type']

/**
 * Reads one room: the cheapest documented read, and the first example of iObeya's API Facade v1. Throws `configuration`
 * for a wrong address, and what else keeps an answer from coming; that says nothing about the token.
 */
export async function liveness({ value, context: used }: AccessToken, context: Context): Promise<Liveness> {
  const url = new URL(`${used.api_base_url}/v1/rooms?page=1&size=1`)
  const headers = { accept: 'application/json', authorization: `Bearer ${value.reveal()}` }
  const answer = await wholeAnswer(url, { headers }, context)
  const { status, contentType } = answer
  if (status === 401) return 'refused'
  if (status === 403) return 'limited'
  // Who is not logged in is sent to the login page, or shown it in place of an answer.
  if (status >= 300 && status < 400) return 'login page'
  if (readAnswer(answer, SHAPE) !== undefined) return 'alive'
  if (!NO_PAGE.includes(contentType)) return 'login page'
  throw new VendingError('vendor_malformed', `${seen(answer)} to the check of a token`)
}
