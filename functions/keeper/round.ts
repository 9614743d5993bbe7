import { randomUUID } from 'node:crypto'
import type { Connection } from '../kit/connection.ts'
import { secondsBetween } from '../kit/time.ts'
import type { Vendor } from '../kit/vendor.ts'

/**
 * How far the daily check of a vendor's connections has come. Where one run has not the time for all, the next ones go on.
 * It goes through the names in their order, and around:
 *
 *   a ─── from ──────── after ─────────── z
 *   ── 3 ──►│── done ─────►│────── 2 ──────►      from: where the one before stopped, if it was not done within its day
 */
export interface Round {
  /** Another with each run that takes it on. */
  readonly id: string
  readonly since: Date
  readonly from?: string
  /** The last name that was checked. */
  readonly after?: string
  /** A run is at it, until then at the latest. */
  readonly until?: Date
  readonly done?: true
}

/** Where the rounds are noted, one for each vendor. Throws `store_unavailable` as the token store does. */
export interface Rounds {
  last(vendor: Vendor): Promise<Round | undefined>

  /** Replaces the one that was `seen`; false when another run has done so since. Sent twice it counts once. */
  replace(vendor: Vendor, change: { readonly seen: Round | undefined; readonly next: Round }): Promise<boolean>
}

/** A round that is not done by then is not going to be: the next day's begins, and first where this one stopped. */
const DAY_IS_OVER_SECONDS = 12 * 3600

/** What the day's run does: goes on with the round of this day, or begins one. Undefined while another run is at it. */
export function begun(last: Round | undefined, { now, until }: { now: Date; until: Date }): Round | undefined {
  if (last && !last.done && secondsBetween(last.since, now) < DAY_IS_OVER_SECONDS) return resumed(last, { now, until })
  const from = last?.done ? undefined : (last?.after ?? last?.from)
  return { id: randomUUID(), since: now, until, ...(from !== undefined && { from }) }
}

/**
 * What the runs after it do; and they begin the first of all, so that a new deployment does not wait for the morning.
 * Undefined when the round is done, or another run is at it.
 */
export function resumed(last: Round | undefined, { now, until }: { now: Date; until: Date }): Round | undefined {
  if (!last) return begun(last, { now, until })
  if (last.done || (last.until && last.until > now)) return undefined
  return { ...last, id: randomUUID(), until }
}

/** What is still to be checked, in its order. */
export function remaining<C extends Pick<Connection, 'name'>>(all: readonly C[], { from, after }: Round): readonly C[] {
  if (from === undefined) return all.filter(({ name }) => after === undefined || name > after)
  const [behind, before] = [all.filter(({ name }) => name > from), all.filter(({ name }) => name <= from)]
  if (after === undefined) return [...behind, ...before]
  if (after > from) return [...behind.filter(({ name }) => name > after), ...before]
  return before.filter(({ name }) => name > after)
}
