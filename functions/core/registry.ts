import type { Connection } from '../kit/connection.ts'
import type { Vendor } from '../kit/vendor.ts'
import type { Acknowledgement, CredentialLife } from './store.ts'

/** What people and the keeper note about a connection. */
export interface Facts {
  readonly owner?: string
  readonly keepWarm?: boolean
  readonly acknowledged?: Acknowledgement
  readonly ends?: CredentialLife | 'never'
  /** The keeper's first turn; one that is set stays, unless the connection is to wake from its rest. */
  readonly sweepAt: Date
  readonly wakes?: boolean
}

/** Which connections there are, and when the keeper's next turn is. Throws `store_unavailable` as the token store does. */
export interface Registry {
  /** Makes the connection known, and changes what is given. */
  register(connection: Connection, facts: Facts): Promise<void>

  /** The connections of a vendor whose turn has come, the longest due first. Costs what is due, not what there is. */
  due(vendor: Vendor, now: Date, limit: number): Promise<readonly Connection[]>

  /** All connections of a vendor that were registered or vended, by name. */
  list(vendor: Vendor): Promise<readonly Connection[]>

  /** Puts the keeper's next turn off, unless something else has done so since `now`. */
  postpone(connection: Connection, turn: { readonly now: Date; readonly until: Date }): Promise<void>

  /** Notes that a caller uses the connection. Does nothing for one that is not known. */
  touch(connection: Connection, now: Date): Promise<void>
}
