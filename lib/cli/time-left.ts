const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** '40 min', '5 h', '29 days': one unit, rounded down: there is never less time than it says. */
export function inWords(seconds: number): string {
  if (seconds < 2 * MINUTE) return `${Math.floor(seconds)} s`
  if (seconds < 2 * HOUR) return `${Math.floor(seconds / MINUTE)} min`
  if (seconds < 2 * DAY) return `${Math.floor(seconds / HOUR)} h`
  return `${Math.floor(seconds / DAY)} days`
}

/** '5 h' before the instant, '5 h ago' after it. */
export function timeLeft(until: Date, now: Date): string {
  const seconds = (until.getTime() - now.getTime()) / 1000
  return seconds >= 0 ? inWords(seconds) : `${inWords(-seconds)} ago`
}
