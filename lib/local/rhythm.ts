/** When a schedule calls: each minute, or once a day. */
export type Rhythm = { readonly every: 'minute' } | DailyRhythm

export interface DailyRhythm {
  readonly every: 'day'
  /** The first moment after `instant` at which it calls. */
  after(instant: Date): Date
}

/** A time of day on the clocks of a time zone. */
interface WallTime {
  readonly hour: number
  readonly minute: number
  readonly timeZone: string
}

const DAY_MS = 24 * 3600 * 1000

/** Reads an expression of EventBridge Scheduler. Throws for others than these two, and for unknown time zones. */
export function rhythmOf(expression: string, timeZone: string): Rhythm {
  if (expression === 'rate(1 minute)') return { every: 'minute' }
  const [, minute, hour] = /^cron\((\d{1,2}) (\d{1,2}) \* \* \? \*\)$/.exec(expression) ?? []
  if (hour === undefined || Number(minute) > 59 || Number(hour) > 23) {
    throw new Error(
      `a schedule of ${expression} is not known here: only rate(1 minute) and a daily cron(MINUTE HOUR * * ? *) are`,
    )
  }
  return daily({ hour: Number(hour), minute: Number(minute), timeZone })
}

/**
 * Source: EventBridge Scheduler User Guide, "Daylight saving time": a time that the spring leaves out is skipped that
 * day, and one that the autumn has twice is met once.
 */
function daily({ hour, minute, timeZone }: WallTime): DailyRhythm {
  const wallClock = wallClockOf(timeZone)

  /** The first instant at which the clocks show this. `shown` is written as if the zone were UTC. */
  function instantOf(shown: number): number | undefined {
    // A day before and a day after, the zone is on either side of any change in between.
    const offsets = [-DAY_MS, DAY_MS].map((away) => wallClock(shown + away) - (shown + away))
    const instants = offsets.map((offset) => shown - offset).filter((instant) => wallClock(instant) === shown)
    return instants.length > 0 ? Math.min(...instants) : undefined
  }

  return {
    every: 'day',
    after(instant) {
      const today = Math.floor(wallClock(instant.getTime()) / DAY_MS) * DAY_MS
      for (let day = today; ; day += DAY_MS) {
        const at = instantOf(day + (hour * 60 + minute) * 60_000)
        if (at !== undefined && at > instant.getTime()) return new Date(at)
      }
    },
  }
}

/** What clocks of the zone show at an instant, written as if the zone were UTC, in whole seconds. */
function wallClockOf(timeZone: string): (instant: number) => number {
  const format = new Intl.DateTimeFormat('en', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  return (instant) => {
    const shown = new Map(format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]))
    const part = (type: Intl.DateTimeFormatPartTypes) => shown.get(type) ?? 0
    const [year, month, day] = [part('year'), part('month'), part('day')]
    return Date.UTC(year, month - 1, day, part('hour'), part('minute'), part('second'))
  }
}
