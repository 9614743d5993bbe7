import type { Runtime } from '../core/runtime.ts'
import { secondsAfter, secondsBetween } from '../kit/time.ts'

interface Pool {
  /** How many are worked on side by side, at least one; a function is asked before each begins, with how many wait. */
  readonly atOnce: number | ((waiting: number) => number)
  /** Seconds that one may take: none is begun with less of the function's time left. */
  readonly secondsEach: number
  /** Starts per second, evenly in time. @default as many as there are */
  readonly perSecond?: number
  /** None is begun any more once it says so. @default all are, in time */
  readonly isOver?: () => boolean
}

/**
 * Does `work` for each item and returns those that were not begun, for want of time. Work that throws ends nobody else's;
 * what was thrown first is thrown again when all have ended, so that nothing runs on behind the answer of the function.
 */
export async function forEach<T>(
  items: readonly T[],
  { atOnce, secondsEach, perSecond = Number.POSITIVE_INFINITY, isOver = () => false }: Pool,
  work: (item: T) => Promise<void>,
  runtime: Pick<Runtime, 'timeLeft' | 'now' | 'sleep'>,
): Promise<readonly T[]> {
  const lanes = typeof atOnce === 'number' ? () => atOnce : atOnce
  const turn = turns(perSecond, runtime)
  const running = new Set<Promise<void>>()
  const thrown: unknown[] = []
  let begun = 0
  for (const item of items) {
    while (running.size >= lanes(items.length - begun)) await Promise.race(running)
    await turn()
    if (runtime.timeLeft() < secondsEach || isOver()) break
    begun += 1
    const one = work(item)
      .catch((error: unknown) => void thrown.push(error))
      .finally(() => running.delete(one))
    running.add(one)
  }
  await Promise.all(running)
  if (thrown.length > 0) throw thrown[0]
  return items.slice(begun)
}

/** Lets its callers through one by one, evenly in time. */
function turns(perSecond: number, { now, sleep }: Pick<Runtime, 'now' | 'sleep'>): () => Promise<void> {
  let next = now()
  return async () => {
    const at = next > now() ? next : now()
    next = secondsAfter(at, 1 / perSecond)
    if (at > now()) await sleep(secondsBetween(now(), at))
  }
}
