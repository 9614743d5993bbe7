import type { State } from '../core/store.ts'
import type { Connection } from '../kit/connection.ts'

/** How a notice names a connection. */
export const aboutOf = ({ vendor, name }: Connection, { owner }: State) => ({
  vendor: vendor.id,
  title: vendor.title,
  connection: name,
  ...(owner !== undefined && { owner }),
})
