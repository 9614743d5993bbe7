import * as z from 'zod/mini'
import { VendingError } from './errors.ts'

/** The last day of credentials that do not say themselves when they end. Any vendor's document may have it. */
export const endDate = z.optional(z.iso.date('must be a date like 2027-01-31'))

const document = z.object({ expires_on: endDate })

/** The end that a person has written into the credentials, if it is a date. */
export function statedEnd(credentials: unknown): Date | undefined {
  const day = document.safeParse(credentials).data?.expires_on
  return day === undefined ? undefined : endOfDay(day)
}

/** The same for who can say that it is none: throws `configuration`. */
export function checkedEnd(credentials: unknown): Date | undefined {
  if (document.safeParse(credentials).success) return statedEnd(credentials)
  throw new VendingError('configuration', '"expires_on" of the credentials must be a date like 2027-01-31')
}

export const endOfDay = (day: string): Date => new Date(`${day}T23:59:59Z`)
