/** Somebody who waits for a moment. */
interface Waiter {
  readonly at: number
  readonly run: () => void
  /** Whether time skips ahead to it when nothing else goes on. */
  readonly skips: () => boolean
}

const TICK_MS = 2
/** What goes on without being counted, such as opening a sealed token, takes less. */
const IDLE_MS = 12

/**
 * Real time while there is work, as it is for a network and a table that are real; when everybody only sleeps it skips to
 * the first who wakes. So a slow machine changes little, and waiting costs nothing.
 */
export function idleClock(start: Date) {
  const startedAt = performance.now()
  const waiters = new Set<Waiter>()
  let aheadMs = 0
  let working = 0
  let workedAt = performance.now()
  const time = () => start.getTime() + performance.now() - startedAt + aheadMs

  const runDue = (): void => {
    for (const waiter of [...waiters].sort((a, b) => a.at - b.at)) {
      if (waiter.at > time() || !waiters.delete(waiter)) continue
      workedAt = performance.now()
      waiter.run()
    }
  }
  const tick = (): void => {
    runDue()
    if (working > 0 || performance.now() - workedAt < IDLE_MS) return
    const next = Math.min(...[...waiters].filter(({ skips }) => skips()).map(({ at }) => at))
    if (!Number.isFinite(next)) return
    aheadMs += Math.max(0, next - time())
    runDue()
  }
  const timer = setInterval(tick, TICK_MS)

  return {
    now: (): Date => new Date(time()),
    at(moment: Date, run: () => void, skips: () => boolean = () => false): void {
      waiters.add({ at: moment.getTime(), run, skips })
    },
    /** Time does not skip as long as this takes. */
    async during<T>(work: Promise<T>): Promise<T> {
      working += 1
      try {
        return await work
      } finally {
        working -= 1
        workedAt = performance.now()
      }
    },
    advance(seconds: number): void {
      aheadMs += seconds * 1000
      runDue()
    },
    stop: () => clearInterval(timer),
  }
}

export type IdleClock = ReturnType<typeof idleClock>
