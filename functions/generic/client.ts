import type { Secret } from '../kit/secret.ts'
import { signAssertion } from '../oauth/assertion.ts'
import { clientSecretBasic, clientSecretParameters, privateKeyJwt, publicClient } from '../oauth/client-auth.ts'
import type { Endpoint, InTime } from '../oauth/token-endpoint.ts'
import type { VendorDescription } from './description.ts'
import type { Call } from './endpoints.ts'
import { allFilledIn, filledIn, filledInUrl } from './placeholders.ts'

/** Proves which client it is, as the description says (RFC 6749 section 2.3, RFC 7523 section 2.2). */
export function clientAuthOf(call: Call, tokenEndpoint: URL): Pick<Endpoint, 'clientAuth'> {
  const { description, credentials, context } = call
  const { grant, clientAuthentication: way, assertion, issuer } = description
  const { client_id, client_secret } = credentials
  if (client_secret) {
    const prove = way === 'client_secret_basic' ? clientSecretBasic : clientSecretParameters
    return { clientAuth: prove({ client_id, client_secret }) }
  }
  if (way === 'none') {
    // An assertion that is the grant says itself who it comes from (RFC 7521 section 4.1). A token that is taken back does not:
    // a vendor that wants the client beside the one is told beside the other (RFC 7009 section 2.1).
    const beside = allFilledIn({ client_id: description.parameters?.client_id }, credentials.values)
    const name = grant === 'jwt_bearer' ? beside.client_id : client_id
    return name === undefined ? {} : { clientAuth: publicClient(name) }
  }
  // What the description says of subject and claims, it says of the grant where that is an assertion.
  const { subject: _subject, claims: ofGrant, ...ofBoth } = assertion ?? {}
  const claims = grant === 'jwt_bearer' ? undefined : ofGrant
  // The issuer alone is one audience for all of its endpoints, and no other server's (draft-ietf-oauth-rfc7523bis).
  const server = issuer === undefined ? tokenEndpoint.href : filledInUrl(issuer, credentials.values, context.hosts)
  const signed = assertionOf({ ...ofBoth, ...(claims && { claims }) }, credentials, server)
  return { clientAuth: async (now) => privateKeyJwt(client_id, await signed(now)) }
}

/** Signs an assertion for each attempt (RFC 7523 section 3), for `server` where the description names no audience. */
export function assertionOf(
  { algorithm = 'RS256', audience, subject, claims, lifeSeconds }: NonNullable<VendorDescription['assertion']> = {},
  { client_id, private_key, values }: Call['credentials'],
  server: string,
): InTime<Secret> {
  // The schema of the credentials wants one wherever something is signed.
  if (!private_key) throw new Error('there is no key to sign with')
  return (now) =>
    signAssertion(
      {
        issuer: client_id,
        audience: audience === undefined ? server : filledIn(audience, values),
        ...(subject !== undefined && { subject: filledIn(subject, values) }),
        ...(claims && { claims: allFilledIn(claims, values) }),
        ...(lifeSeconds !== undefined && { lifeSeconds }),
      },
      { algorithm, ...private_key },
      now,
    )
}
