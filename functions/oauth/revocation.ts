import { VendingError } from '../kit/errors.ts'
import type { Secret } from '../kit/secret.ts'
import type { Context } from '../kit/vendor.ts'
import { readAnswer, seen, type TokenShape } from './token-answer.ts'
import { type Endpoint, presentTo } from './token-endpoint.ts'

export interface RevocationEndpoint extends Endpoint {
  /** What the vendor calls the token's parameter. @default 'token' */
  readonly parameter?: string
  /** @default the names of RFC 6749 */
  readonly shape?: TokenShape
  /** Whether the body says that the token is dead. @default RFC 7009 section 2.2: the status alone says it */
  readonly confirms?: (body: unknown) => boolean
}

/** RFC 7009, sent once. Throws what a refusal means, and `vendor_malformed` when the answer confirms nothing. */
export async function revokeToken(endpoint: RevocationEndpoint, token: Secret, context: Context): Promise<void> {
  const { parameter = 'token', shape, confirms = () => true } = endpoint
  const answer = await presentTo(endpoint, { parameters: { [parameter]: token } }, context)
  if (confirms(readAnswer(answer, shape))) return
  const advice = shape?.advice?.vendor_malformed ?? 'the end of the token is not confirmed'
  throw new VendingError('vendor_malformed', `${seen(answer)}; ${advice}`)
}
