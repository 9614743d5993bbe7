import { Buffer } from 'node:buffer'
import type { Secret } from '../kit/secret.ts'

/** How a request proves which client it comes from: a header, or parameters among the others. */
export type ClientAuth = HeaderAuth | ParameterAuth

type HeaderAuth = Readonly<Record<'authorization', string>>
interface ParameterAuth {
  readonly client_id: string
  readonly client_secret: Secret
}

/**
 * client_secret_basic (RFC 6749 section 2.3.1), but raw: the section wants id and secret form-encoded first, which
 * makes `%40` of the `@` in Accelo's ids. Accelo's samples decode to a literal `@` (Accelo API documentation,
 * Authentication, 2026-11).
 */
export const clientSecretBasic = (client: ParameterAuth): HeaderAuth => ({
  authorization: `Basic ${Buffer.from(`${client.client_id}:${client.client_secret.reveal()}`).toString('base64')}`,
})

/** The other way of RFC 6749 section 2.3.1: id and secret among the other parameters. */
export const clientSecretParameters = ({ client_id, client_secret }: ParameterAuth): ParameterAuth => ({
  client_id,
  client_secret,
})
