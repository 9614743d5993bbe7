import { VendingError } from '../core/errors.ts'
import type { AccessToken } from '../core/token.ts'
import type { Context, Liveness } from '../core/vendor.ts'
import { RFC_6749, readAnswer, seen } from '../oauth/token-answer.ts'
import { wholeAnswer } from '../oauth/whole-answer.ts'

const SHAPE = {
  ...RFC_6749,
  advice: { configuration: 'check api_url, and whether the API is deployed for this platform' },
}

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
  if (contentType === 'text/html') return 'login page'
  throw new VendingError('vendor_malformed', `${seen(answer)} to the check of a token`)
}
