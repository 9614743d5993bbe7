declare module 'dynalite' {
  import type { Server } from 'node:http'

  /** Delays are milliseconds a table stays in CREATING, DELETING or UPDATING. Without a path the data is in memory. */
  export default function dynalite(options?: {
    readonly createTableMs?: number
    readonly deleteTableMs?: number
    readonly updateTableMs?: number
    readonly path?: string
  }): Server
}
