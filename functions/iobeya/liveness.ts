import { VendingError } from '../core/errors.ts'
import type { AccessToken } from '../core/token.ts'
import type { Context, Liveness } from '../core/vendor.ts'
import { RFC_6749, readAnswer, seen, type TokenShape } from '../oauth/token-answer.ts'
import { wholeAnswer } from '../oauth/whole-answer.ts'

// vendors.md 2.4: what its errors look like inside is not known, so a word in them decides nothing.
const { error: _, ...BY_STATUS } = RFC_6749
const SHAPE: TokenShape = {
  ...BY_STATUS,
  advice: { configuration: 'check api_url, and whether the API is deployed for this platform' },
}

/** Of what is not JSON: an answer for programs that is broken, or none that says what it is. */
const NO_PAGE = ['application/json', 'application/problem+json', 'no content type']

/**
 * Reads one room, iObeya's own first example (vendors.md 2.6): the cheapest documented read. Throws `configuration` for
 * an address that is none, and what else keeps an answer from coming; that says nothing about the token.
 */
export async function liveness({ value, context: used }: AccessToken, context: Context): Promise<Liveness> {
  const url = new URL(`${used.api_base_url}/v1/rooms?page=1&size=1`)
  const headers = { accept: 'application/json', authorization: `Bearer ${value.reveal()}` }
  const answer = await wholeAnswer(url, { headers }, context)
  const { status, contentType } = answer
  if (status === 401) return 'refused'
  if (status === 403) return 'limited'
  // To a page where people log in: who is not logged in any more is sent there, or shown it.
  if (status >= 300 && status < 400) return 'login page'
  if (readAnswer(answer, SHAPE) !== undefined) return 'alive'
  if (!NO_PAGE.includes(contentType)) return 'login page'
  throw new VendingError('vendor_malformed', `${seen(answer)} to the check of a token`)
}
