import { type Connection, connectionOf, keyOf, NAME } from '../kit/connection.ts'
import { VendingError } from '../kit/errors.ts'
import type { Vendor } from '../kit/vendor.ts'

/** Where a list goes on, as its caller passes it back: behind this connection, whether it is still there or not. */
export const cursorAfter = (connection: Connection): string => Buffer.from(keyOf(connection)).toString('base64url')

/** The name that a cursor stands for. Throws `bad_request` for what no list of this vendor can have given. */
export function nameIn(vendor: Vendor, cursor: string): string {
  const connection = connectionOf(vendor, Buffer.from(cursor, 'base64url').toString())
  if (NAME.test(connection.name) && cursorAfter(connection) === cursor) return connection.name
  throw new VendingError(
    'bad_request',
    `next is not one that a list of ${vendor.id} has given; leave it out to begin with the first page`,
  )
}
