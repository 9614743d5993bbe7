import { VendingError } from '../kit/errors.ts'
import type { AccessToken } from '../kit/token.ts'
import type { Context, Liveness } from '../kit/vendor.ts'
import { liveCheck } from '../oauth/live-check.ts'
import { member, seen } from '../oauth/token-answer.ts'
import type { Answer } from '../oauth/whole-answer.ts'

/** The only query that NetRex gives as an example ("Authorization header", 2026-11). It changes nothing. */
const QUERY = '{cameraList{name}}'
/** What may be a breakdown as well is tried again after so long. */
const AGAIN_SECONDS = 15 * 60

/**
 * Reads the names of the cameras. NetRex documents no answer to a dead token, and GraphQL may report one with 200 and
 * `errors`: so only data shows that the token lives. Throws `credential_expired` when an answer has none.
 */
export const liveness = ({ value, context: used }: AccessToken, context: Context): Promise<Liveness> =>
  liveCheck(
    {
      url: new URL(`${used.graphql_url}`),
      token: value,
      query: { query: QUERY },
      forbidden: noData,
      judge: (body, answer) => (hasData(body) ? 'alive' : noData(answer)),
      advice: 'check the host',
    },
    context,
  )

/** GraphQL, October 2021, section 7.1: with `errors` there may be data all the same, and null for what could not be read. */
function hasData(body: unknown): boolean {
  const data = member(body, 'data')
  if (Array.isArray(member(data, 'cameraList'))) return true
  return typeof data === 'object' && member(body, 'errors') === undefined
}

function noData(answer: Answer): never {
  throw new VendingError(
    'credential_expired',
    `${seen(answer)} and no data: the user token is mistyped, was deleted, or may not read`,
    { retryAfterSeconds: AGAIN_SECONDS },
  )
}
