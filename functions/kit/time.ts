export const DAY_SECONDS = 24 * 60 * 60

/** An instant that does not come: the end of a token that has none, the next turn of a connection that rests. */
export const NEVER = new Date(8.64e15)

export const isNever = (instant: Date): boolean => instant.getTime() === NEVER.getTime()

export const secondsBetween = (from: Date, to: Date): number => (to.getTime() - from.getTime()) / 1000

export const secondsAfter = (from: Date, seconds: number): Date => new Date(from.getTime() + seconds * 1000)

export const earlier = (a: Date, b: Date): Date => (a < b ? a : b)

/** As people and RFC 3339 write an instant: to the second, in UTC. */
export const rfc3339 = (instant: Date): string => `${instant.toISOString().slice(0, 19)}Z`

/** One answer of the table: what its `Date` header says, and when we asked and heard, on our own clock. */
export interface ClockSample {
  readonly date: Date
  readonly sentAt: Date
  readonly receivedAt: Date
}

/**
 * The table's time on our own clock, so that processes whose clocks differ agree on when a lease or a token ends. The
 * header cuts the table's time to whole seconds (RFC 9110 section 5.6.7), and it was that time somewhere between asking
 * and hearing. So each answer gives bounds for how far we are off; what lies within them stays as it is.
 */
export function tableClock(local: () => Date) {
  let offsetMs = 0
  return {
    now: (): Date => new Date(local().getTime() + offsetMs),
    learn({ date, sentAt, receivedAt }: ClockSample): void {
      const least = date.getTime() - receivedAt.getTime()
      const most = date.getTime() + 1000 - sentAt.getTime()
      offsetMs = Math.min(Math.max(offsetMs, least), most)
    },
  }
}
