const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const UNITS: Readonly<Record<string, number>> = { s: 1, m: MINUTE, h: HOUR, d: DAY, y: 365 * DAY }

/** More than the whole life of any token. */
const MOST_SECONDS = 5 * 365 * DAY

export const durationHelp = 'a number with its unit, 45s, 10m, 12h, 30d or 1y (365 days): forward only, 5y at most'

/** Returns `30d` in seconds; undefined for anything that is not a step forward of at most five years. */
export function secondsOfDuration(text: string): number | undefined {
  const [, digits, unit = ''] = /^(\d{1,9})([smhdy])$/.exec(text) ?? []
  const seconds = Number(digits) * (UNITS[unit] ?? Number.NaN)
  return seconds > 0 && seconds <= MOST_SECONDS ? seconds : undefined
}
