import type { Runtime } from '../core/runtime.ts'
import { secondsBetween } from '../kit/time.ts'

/** A sweep begins no renewal any more when the next one is about to; what it has begun ends. */
const BEGIN_SECONDS = 55
/**
 * A vendor sees no more renewals side by side than have all that are due done in a quarter of the minute: no burst of what
 * can be done one after another, and one that becomes four times as slow is done with in the minute all the same. Four it
 * sees at least, so that the function does not spend its time waiting for one at a time.
 */
const DONE_IN_SECONDS = 15
const SIDE_BY_SIDE = { least: 4, most: 64 }
/** What a renewal is taken to last before the first has been measured. */
const FIRST_GUESS_SECONDS = 0.5

/** How fast a sweep goes, by how long its own renewals take. */
export function paceFrom({ now }: Pick<Runtime, 'now'>) {
  const startedAt = now()
  let usualSeconds = FIRST_GUESS_SECONDS
  const elapsed = () => secondsBetween(startedAt, now())
  return {
    /** How many to have under way when so many wait. */
    lanes(waiting: number): number {
      const seconds = Math.max(1, DONE_IN_SECONDS - elapsed())
      const wanted = Math.ceil((waiting * usualSeconds) / seconds)
      return Math.min(Math.max(wanted, SIDE_BY_SIDE.least), SIDE_BY_SIDE.most)
    },

    isOver: (): boolean => elapsed() >= BEGIN_SECONDS,

    async measured<T>(renewal: Promise<T>): Promise<T> {
      const from = now()
      const outcome = await renewal
      usualSeconds += (secondsBetween(from, now()) - usualSeconds) / 10
      return outcome
    },
  }
}
