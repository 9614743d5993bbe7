import type { Connection } from '../kit/connection.ts'
import type { Matter, Notified } from '../kit/reminders.ts'
import type { Vendor } from '../kit/vendor.ts'

/** What a notice is about: one connection, or a vendor as a whole ('failing') and its sweep ('sweep'). */
export type Subject = Connection | { readonly vendor: Vendor; readonly all: 'failing' | 'sweep' }

/** Which notices went out, so that each goes out once. Throws `store_unavailable` as the token store does. */
export interface NoticeLedger {
  /** The last notice of a matter. A connection's stand in its state as well. */
  last(subject: Subject, matter: Matter): Promise<Notified | undefined>

  /** Replaces the last notice if that still is what was seen; false when somebody else was first. */
  replace(
    subject: Subject,
    matter: Matter,
    change: { readonly seen: Notified | undefined; readonly next: Notified },
  ): Promise<boolean>
}
