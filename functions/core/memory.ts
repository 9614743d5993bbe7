import type { VendingError } from '../kit/errors.ts'
import { keepNewest } from '../kit/newest.ts'
import { secondsBetween } from '../kit/time.ts'
import type { Warning } from '../kit/vendor.ts'
import type { Failure } from './failure.ts'
import type { HeldToken } from './store.ts'

/**
 * How long a process believes what it read of the table. A revoke therefore reaches a warm process within this time,
 * while the table answers.
 */
export const REVALIDATE_SECONDS = 5

/** How long a copy is served while the table does not answer. */
export const OUTAGE_SECONDS = 5 * 60

/** A token, what its callers are told of it, and the moment before the table was last asked whether it may be vended. */
export interface Copy {
  readonly token: HeldToken
  readonly warnings?: readonly Warning[]
  readonly checkedAt: Date
}

/** Why the vendor was not called when the table was last asked: another is at it, or nothing but an error can come of it. */
export interface Hold {
  readonly reason: 'leased' | Failure | VendingError
  readonly checkedAt: Date
}

/** What one process remembers between calls, by their connection's key, and what is under way. */
export interface Memory {
  readonly copies: Map<string, Copy>
  readonly holds: Map<string, Hold>
  readonly flights: Map<string, Promise<unknown>>
  /** How long the vendor takes, by the row that said so last: for a new connection, whose row does not. */
  usualSeconds?: number | undefined
}

export const newMemory = (): Memory => ({ copies: new Map(), holds: new Map(), flights: new Map() })

export function recall(memory: Memory, key: string, now: Date, seconds = REVALIDATE_SECONDS): Copy | undefined {
  const copy = memory.copies.get(key)
  return copy && isRecent(copy.checkedAt, now, seconds) ? copy : undefined
}

/** Keeps a copy, unless a later token came while this one was looked up. */
export function keepCopy({ copies }: Memory, key: string, copy: Copy): void {
  const present = copies.get(key)?.token
  const isLater = present?.epoch === copy.token.epoch && present.accessToken.issuedAt > copy.token.accessToken.issuedAt
  if (!isLater) copies.set(key, copy)
}

/** Anybody may ask for any name: so many are remembered. */
const MOST_HOLDS = 1000

export const keepHold = ({ holds }: Memory, key: string, hold: Hold): void => keepNewest(holds, key, hold, MOST_HOLDS)

/** Why there is no use in asking the table again yet. A failure that is over is no reason. */
export function recallHold({ holds }: Memory, key: string, now: Date): Hold['reason'] | undefined {
  const hold = holds.get(key)
  if (!hold || !isRecent(hold.checkedAt, now)) return undefined
  const { reason } = hold
  const isOver = typeof reason === 'object' && 'until' in reason && reason.until !== undefined && reason.until <= now
  return isOver ? undefined : reason
}

export function isRecent(checkedAt: Date, now: Date, seconds = REVALIDATE_SECONDS): boolean {
  const age = secondsBetween(checkedAt, now)
  return age >= 0 && age < seconds
}

/** Lets callers in one process that want the same thing share one flight; a failed one is forgotten at once. */
export function share<T>(memory: Memory, name: string, start: () => Promise<T>): Promise<T> {
  // The cast is safe as long as a name always stands for the same kind of answer, which its prefix sees to.
  const running = memory.flights.get(name) as Promise<T> | undefined
  if (running) return running
  const flight = start().finally(() => memory.flights.delete(name))
  memory.flights.set(name, flight)
  return flight
}
