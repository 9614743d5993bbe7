/** The machine's time: real time, or as far ahead of it as somebody has moved it. It never goes back. */
export interface MachineClock {
  now(): Date
  /** How far ahead of real time it is. */
  readonly aheadMs: number
  /** Moves it forward. Throws for a negative number. */
  advance(byMs: number): void
}

export function machineClock(realNow: () => number = Date.now): MachineClock {
  let aheadMs = 0
  return {
    now: () => new Date(realNow() + aheadMs),
    get aheadMs() {
      return aheadMs
    },
    advance(byMs) {
      if (!(byMs >= 0)) throw new Error(`the clock moves forward only, not by ${byMs} ms`)
      aheadMs += byMs
    },
  }
}

/** RFC 3339, in whole seconds. */
export const rfc3339 = (instant: Date): string => `${instant.toISOString().slice(0, 19)}Z`
