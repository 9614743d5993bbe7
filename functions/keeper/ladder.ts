import type { CredentialLife } from '../kit/reminders.ts'
import { DAY_SECONDS, secondsAfter, secondsBetween } from '../kit/time.ts'

/** Days before the end. After it: daily for a week, then weekly. */
const STEPS_DAYS = [60, 30, 14, 7, 3, 1, 0]
const WEEK_DAYS = 7

/** Where on the ladder a credential stands. */
export interface Rung {
  /** Days before the end at which this notice is due; negative after it. */
  readonly step: number
  /** From today's date to that of the end; negative after it. */
  readonly daysLeft: number
  /** The first moment of the day on which the next notice is due. */
  readonly nextAt: Date
}

/**
 * The tightest step that has come, if any: so the next check makes up for a day without one, with one notice.
 * Days are calendar days in UTC, so that it does not matter at which hour of its day a credential ends. A step as long
 * as the credential's whole life, or longer, is none: it would be due on the day the credential was made.
 *
 *    60        30       14     7   3  1 0        -1 -2 … -7          -14         -21
 *  ───┼─────────┼────────┼─────┼───┼──┼─┼─ end ───┼──┼────┼───────────┼───────────┼──►
 */
export function rungAt({ since, until }: CredentialLife, now: Date): Rung | undefined {
  const days = daysLeft(until, now)
  const step = days < 0 ? stepAfter(-days) : stepBefore(days)
  if (step === undefined || step * DAY_SECONDS >= secondsBetween(since, until)) return undefined
  return { step, daysLeft: days, nextAt: secondsAfter(dayOf(until), -next(step) * DAY_SECONDS) }
}

export const daysLeft = (until: Date, now: Date): number => secondsBetween(dayOf(now), dayOf(until)) / DAY_SECONDS

const stepBefore = (daysLeft: number): number | undefined => STEPS_DAYS.findLast((days) => daysLeft <= days)

const stepAfter = (days: number): number => -(days <= WEEK_DAYS ? days : days - (days % WEEK_DAYS))

function next(step: number): number {
  if (step > 0) return STEPS_DAYS.find((days) => days < step) ?? 0
  return step > -WEEK_DAYS ? step - 1 : step - WEEK_DAYS
}

const dayOf = (instant: Date): Date => new Date(instant.toISOString().slice(0, 10))
