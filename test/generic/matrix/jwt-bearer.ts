import jwt from 'jsonwebtoken'
import type { VendorDescription } from '../../../functions/generic/description.ts'
import type { Client } from './client.ts'
import type { Combination } from './combination.ts'

/** RFC 7523 section 2.1. */
export const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

interface Expected {
  readonly audience: string
  /** The assertions that were taken. */
  readonly used: Set<string>
}

/**
 * None of the servers has this grant: each calls what others write for it. What they would write is RFC 7523 section 3; the
 * signature is checked by a library that did not make it.
 */
export function whyNoAssertion(
  assertion: string,
  client: Client | undefined,
  { audience, used }: Expected,
): string | undefined {
  if (!client?.publicKey) return 'there is no key of this client'
  const { algorithm = 'RS256' } = client.combination
  try {
    const checked = jwt.verify(assertion, client.publicKey, {
      algorithms: [algorithm],
      issuer: client.id,
      subject: client.id,
      audience,
    })
    const { jti, exp } = typeof checked === 'string' ? {} : checked
    if (jti === undefined || exp === undefined) return 'it has no id, or no end'
    if (used.has(jti)) return 'it was used before'
    used.add(jti)
    return undefined
  } catch {
    return 'it is not of this client, for this server and for now'
  }
}

/** An assertion says itself who it comes from (RFC 7521 section 4.1); these servers want to be told with every request. */
export const namesItsClient = ({ grant, way }: Combination): Partial<VendorDescription> =>
  grant === 'jwt_bearer' && way === 'none' ? { parameters: { client_id: '{client_id}' } } : {}
