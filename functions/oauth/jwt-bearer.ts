import type { Secret } from '../kit/secret.ts'
import type { Context, Issued } from '../kit/vendor.ts'
import { type TokenEndpoint, unattendedGrant } from './grants.ts'
import type { Parameters } from './parameters.ts'
import type { InTime } from './token-endpoint.ts'

interface JwtBearer {
  /** Called for each attempt: a vendor may accept a `jti` only once. */
  readonly assertion: InTime<Secret>
  /** For a vendor that wants it beside the assertion, from a client that proves no more (RFC 7521 section 4.1). */
  readonly clientId?: string
  /** Sent beside the assertion; their `scope` is what the token is good for. */
  readonly parameters?: Parameters
}

/** RFC 7523 section 2.1: the assertion is the grant itself, not client authentication beside another grant. */
export const jwtBearerGrant = (
  endpoint: TokenEndpoint,
  { assertion, clientId, parameters }: JwtBearer,
  context: Context,
): Promise<Issued> => {
  const grant_type = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
  return unattendedGrant(
    endpoint,
    { parameters: { client_id: clientId, grant_type, ...parameters }, assertion },
    context,
  )
}
