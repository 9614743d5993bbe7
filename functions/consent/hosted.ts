import * as z from 'zod/mini'
import type { Connection } from '../kit/connection.ts'
import { VendingError } from '../kit/errors.ts'
import { secret } from '../kit/schema.ts'
import type { Vendor } from '../kit/vendor.ts'
import { type Connected, type ConsentRuntime, finishHostedConsent } from './consent.ts'

/** What the hosted callback hands over when somebody came back with a code. */
const RETURNED = z.strictObject({
  connection: z.string().check(z.regex(/^[a-z0-9][a-z0-9-]{0,62}$/)),
  code: secret,
  stateHash: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
  iss: z.optional(z.string().check(z.maxLength(250))),
})

/** The name of the connection in an event, or '?' when it is not what the hosted callback hands over. */
export const connectionIn = (event: unknown): string => RETURNED.safeParse(event).data?.connection ?? '?'

/** Exchanges the code of a hosted consent. Whatever came in is not trusted. Throws VendingError. */
export async function exchangeHosted(vendor: Vendor, event: unknown, runtime: ConsentRuntime): Promise<Connected> {
  const returned = RETURNED.safeParse(event)
  if (!returned.success) throw new VendingError('bad_request', 'this is not what the hosted callback hands over')
  const connection: Connection = { vendor, name: returned.data.connection }
  return finishHostedConsent(connection, returned.data, runtime)
}
