import { type Connection, keyOf } from './ask.ts'
import { VendingError } from './errors.ts'
import type { Runtime } from './runtime.ts'
import type { FailureWindow } from './store.ts'
import { secondsAfter, secondsBetween } from './token.ts'

/** How often callers that report refused tokens may have a connection renewed. */
const REFRESHES = [
  { of: 'REFRESH', limit: 1, windowSeconds: 60 },
  { of: 'REFRESH-HOUR', limit: 30, windowSeconds: 3600 },
]

/** Throws `refresh_rate_limited` when the reports of refused tokens have had their share of renewals. */
export async function takeRefreshPermit({ vendor, connection }: Connection, { store, now }: Runtime): Promise<void> {
  for (const { of, limit, windowSeconds } of REFRESHES) {
    const window = windowAt(now(), windowSeconds, limit, `${of}#${connection}`)
    if (await store.take(vendor.id, window)) continue
    throw new VendingError(
      'refresh_rate_limited',
      `${keyOf({ vendor, connection })} was renewed ${limit} times in ${windowSeconds} s because its token was refused`,
      { retryAfterSeconds: Math.ceil(secondsBetween(now(), window.endsAt)) },
    )
  }
}

/** The fixed window that `now` falls into. */
export function windowAt(now: Date, seconds: number, limit: number, of?: string): FailureWindow {
  const startsAt = new Date(Math.floor(now.getTime() / (seconds * 1000)) * seconds * 1000)
  return { startsAt, endsAt: secondsAfter(startsAt, seconds), limit, ...(of !== undefined && { of }) }
}
