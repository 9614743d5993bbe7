import { Buffer } from 'node:buffer'
import type { Secret } from '../kit/secret.ts'

/** How a request proves which client it comes from: a header, or parameters among the others. */
export type ClientAuth = HeaderAuth | ClientSecret | ClientAssertion | PublicClient

type HeaderAuth = Readonly<Record<'authorization', string>>
interface ClientSecret {
  readonly client_id: string
  readonly client_secret: Secret
}
interface ClientAssertion {
  readonly client_id: string
  readonly client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
  readonly client_assertion: Secret
}
interface PublicClient {
  readonly client_id: string
}

/** client_secret_basic (RFC 6749 section 2.3.1): id and secret are form-encoded first, so that an id may hold a colon. */
export const clientSecretBasic = (client: ClientSecret): HeaderAuth => basic(client, formEncoded)

/**
 * The same with id and secret as they are: encoded they are `%40` where they have an `@`, as Accelo's ids do. Accelo's
 * samples decode to a literal `@` (Accelo API documentation, Authentication, 2026-11).
 */
export const clientSecretBasicRaw = (client: ClientSecret): HeaderAuth => basic(client, (text) => text)

/** client_secret_post, the other way of RFC 6749 section 2.3.1: id and secret among the other parameters. */
export const clientSecretParameters = ({ client_id, client_secret }: ClientSecret): ClientSecret => ({
  client_id,
  client_secret,
})

/** private_key_jwt (RFC 7523 section 2.2). An assertion is good for one attempt: an Endpoint takes a function as well. */
export const privateKeyJwt = (clientId: string, assertion: Secret): ClientAssertion => ({
  client_id: clientId,
  client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  client_assertion: assertion,
})

/** A client that can keep no secret says who it is and proves nothing (RFC 6749 section 3.2.1). */
export const publicClient = (clientId: string): PublicClient => ({ client_id: clientId })

function basic(client: ClientSecret, encode: (text: string) => string): HeaderAuth {
  const pair = [client.client_id, client.client_secret.reveal()].map(encode).join(':')
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` }
}

/** RFC 6749 appendix B. */
const formEncoded = (text: string): string => `${new URLSearchParams({ '': text })}`.slice(1)
