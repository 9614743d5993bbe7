import type { HeldToken } from './store.ts'
import { secondsBetween } from './token.ts'

/**
 * How long a process serves its own copy of a token without asking the table. A revoke therefore reaches a warm
 * process within this time, and no sooner.
 */
export const REVALIDATE_SECONDS = 5

/** What one process remembers between calls: copies of tokens, and the look-ups under way. */
export interface Memory {
  readonly copies: Map<string, { readonly token: HeldToken; readonly checkedAt: Date }>
  readonly flights: Map<string, Promise<unknown>>
}

export const newMemory = (): Memory => ({ copies: new Map(), flights: new Map() })

/** The copy of a token, unless it is so old that the table must be asked again. */
export function recall(memory: Memory, key: string, now: Date): HeldToken | undefined {
  const copy = memory.copies.get(key)
  if (!copy) return undefined
  const age = secondsBetween(copy.checkedAt, now)
  return age >= 0 && age < REVALIDATE_SECONDS ? copy.token : undefined
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
