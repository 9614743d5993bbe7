import * as z from 'zod/mini'
import { UsageError } from './command.ts'

/** The last day of credentials as a person gives it: `YYYY-MM-DD`, today or later, or `never`. Throws UsageError. */
export function endDateGiven(text: string, now: Date): string {
  if (text === 'never') return text
  if (!z.iso.date().safeParse(text).success)
    throw new UsageError(`"${text}" is no date like 2027-01-31, and not "never"`)
  if (text < now.toISOString().slice(0, 10)) throw new UsageError(`${text} is over`)
  return text
}
