import type { Runtime } from '../core/runtime.ts'
import { secondsAfter, secondsBetween } from '../kit/time.ts'

interface Pool {
  /** How many are worked on side by side. */
  readonly atOnce: number
  /** Seconds that one may take: none is begun with less of the function's time left. */
  readonly secondsEach: number
  /** Starts per second, evenly in time. @default as many as there are */
  readonly perSecond?: number
}

/**
 * Does `work` for each item and returns those that were not begun, for want of time. Work that throws ends nobody else's;
 * what was thrown first is thrown again when all have ended, so that nothing runs on behind the answer of the function.
 */
export async function forEach<T>(
  items: readonly T[],
  { atOnce, secondsEach, perSecond = Number.POSITIVE_INFINITY }: Pool,
  work: (item: T) => Promise<void>,
  runtime: Runtime,
): Promise<readonly T[]> {
  const waiting = [...items]
  const thrown: unknown[] = []
  const turn = turns(perSecond, runtime)
  const worker = async () => {
    while (waiting.length > 0) {
      await turn()
      const item = runtime.timeLeft() < secondsEach ? undefined : waiting.shift()
      if (item === undefined) return
      try {
        await work(item)
      } catch (error) {
        thrown.push(error)
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, waiting.length) }, worker))
  if (thrown.length > 0) throw thrown[0]
  return waiting
}

/** Lets its callers through one by one, evenly in time. */
function turns(perSecond: number, { now, sleep }: Runtime): () => Promise<void> {
  let next = now()
  return async () => {
    const at = next > now() ? next : now()
    next = secondsAfter(at, 1 / perSecond)
    if (at > now()) await sleep(secondsBetween(now(), at))
  }
}
