import { isFailure } from '../kit/errors.ts'
import type { Secret } from '../kit/secret.ts'
import type { Context, Issued } from '../kit/vendor.ts'
import { issuedFrom, type TokenEndpoint } from './grants.ts'
import { readTokenAnswer } from './token-answer.ts'
import { requestTo, tokenRequest } from './token-endpoint.ts'
import { presentInTime } from './vendor-clock.ts'
import type { Answer } from './whole-answer.ts'

interface JwtBearer {
  readonly clientId: string
  /** Called for each attempt: a vendor may accept a `jti` only once. */
  readonly assertion: (now: Date) => Promise<Secret>
}

/** RFC 7523 section 2.1: the assertion is the grant itself, not client authentication beside another grant. */
export async function jwtBearerGrant(
  endpoint: TokenEndpoint,
  { clientId, assertion }: JwtBearer,
  context: Context,
): Promise<Issued> {
  const present = async (now: Date): Promise<Answer> => {
    const grant_type = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
    const parameters = { client_id: clientId, grant_type, assertion: await assertion(now) }
    return tokenRequest(requestTo(endpoint, parameters), context)
  }
  const sentAt = context.now()
  const answer = await presentInTime({ present, isRefusal: isInvalidGrant, sentAt })
  return issuedFrom(answer, { shape: endpoint.shape, sentAt }, context)
}

/** RFC 7523 section 3.1: the one error for an invalid assertion, whether its times or its signature are wrong. */
function isInvalidGrant(answer: Answer): boolean {
  try {
    readTokenAnswer(answer)
    return false
  } catch (error) {
    return isFailure(error, 'grant_rejected')
  }
}
