import * as z from 'zod/mini'
import { DAY_SECONDS, secondsAfter } from '../../functions/kit/time.ts'
import { UsageError } from './command.ts'
import { type CredentialForm, statesItsEnd } from './credential-forms.ts'

type Document = Readonly<Record<string, unknown>>

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
export function withEnd(document: Document, given: string | undefined, now: Date): Document {
  const { expires_on: own = 'never', ...rest } = document
  const end = given ?? endDateGiven(own, now)
  return end === 'never' ? rest : { ...rest, expires_on: end }
}

/**
 * Throws UsageError when a person has written an end that is more than a year away, and nothing but that says when the
 * credentials end: nobody would be reminded in time of one that ends a year or ten before.
 */
export function checkYear(form: CredentialForm | undefined, document: Document, now: Date): void {
  const { expires_on: end } = document
  const furthest = dayOf(secondsAfter(now, FURTHEST_DAYS * DAY_SECONDS))
  if (typeof end !== 'string' || end <= furthest || statesItsEnd(form, document)) return
  throw new UsageError(
    `the last day of the credentials, ${end}, is more than a year away: is the year mistyped? ` +
      `If it is right, give a day up to ${furthest}, and the next one when you are reminded`,
  )
}

export const dayOf = (instant: Date): string => instant.toISOString().slice(0, 10)
