import * as z from 'zod/mini'
import { DAY_SECONDS, isNever, secondsAfter } from '../../functions/kit/time.ts'
import type { Vendor } from '../../functions/kit/vendor.ts'
import { type Shell, UsageError } from './command.ts'
import { dayOf, heldBy } from './trial.ts'

const date = z.iso.date()
/** A year, and a day for zones and leap years: what is further away is usually a year that was mistyped. */
const FURTHEST_DAYS = 366

/** The last day of credentials as a person gives it: `YYYY-MM-DD`, today or later, or `never`. Throws UsageError. */
export function endDateGiven(given: unknown, now: Date): string {
  if (given === 'never') return given
  const day = date.safeParse(given).data
  // The message does not repeat it: a secret may stand in its place by mistake.
  if (day === undefined) throw new UsageError('the last day of the credentials is a date like 2027-01-31, or never')
  if (day < dayOf(now)) throw new UsageError(`the last day of the credentials, ${day}, is over`)
  return day
}

/** The document with the end that was given, else with its own. Throws UsageError. */
export function withEnd(document: object, given: string | undefined, now: Date): object {
  const { expires_on: own = 'never', ...rest }: { readonly expires_on?: unknown } = document
  const end = given ?? endDateGiven(own, now)
  return end === 'never' ? rest : { ...rest, expires_on: end }
}

/**
 * Throws UsageError when a person has written an end that is more than a year away, and nothing but that says when the
 * credentials end: nobody would be reminded in time of one that ends a year or ten before.
 */
export async function checkYear(vendor: Vendor, document: object, shell: Shell): Promise<void> {
  const { expires_on: end, ...rest }: { readonly expires_on?: unknown } = document
  const furthest = dayOf(secondsAfter(shell.now(), FURTHEST_DAYS * DAY_SECONDS))
  if (typeof end !== 'string' || end <= furthest) return
  const held = await heldBy(vendor, rest, shell)
  if (held && !isNever(held.accessToken.expiresAt)) return
  throw new UsageError(
    `the last day of the credentials, ${end}, is more than a year away: is the year mistyped? ` +
      `If it is right, give a day up to ${furthest}, and the next one when you are reminded`,
  )
}
