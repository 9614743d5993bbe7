import * as z from 'zod/mini'
import { UsageError } from './command.ts'

const date = z.iso.date()

/** The last day of credentials as a person gives it: `YYYY-MM-DD`, today or later, or `never`. Throws UsageError. */
export function endDateGiven(given: unknown, now: Date): string {
  if (given === 'never') return given
  const day = date.safeParse(given).data
  // The message does not repeat it: a secret may stand in its place by mistake.
  if (day === undefined) throw new UsageError('the last day of the credentials is a date like 2027-01-31, or never')
  if (day < now.toISOString().slice(0, 10)) throw new UsageError(`the last day of the credentials, ${day}, is over`)
  return day
}

/** The document with the end that was given, else with its own. Throws UsageError. */
export function withEnd(document: object, given: string | undefined, now: Date): object {
  const { expires_on: own = 'never', ...rest }: { readonly expires_on?: unknown } = document
  const end = given ?? endDateGiven(own, now)
  return end === 'never' ? rest : { ...rest, expires_on: end }
}
