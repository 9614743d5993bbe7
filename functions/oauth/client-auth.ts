import { Buffer } from 'node:buffer'
import type { Secret } from '../core/secret.ts'

/** How a request proves which client it comes from: headers to send along. */
export type ClientAuth = Readonly<Record<'authorization', string>>

/**
 * client_secret_basic (RFC 6749 section 2.3.1), but raw: the section wants id and secret form-encoded first, which
 * makes `%40` of the `@` in Accelo's ids. Accelo's own samples decode to a literal `@` (vendors.md 3.2).
 */
export const clientSecretBasic = (client: { client_id: string; client_secret: Secret }): ClientAuth => ({
  authorization: `Basic ${Buffer.from(`${client.client_id}:${client.client_secret.reveal()}`).toString('base64')}`,
})
