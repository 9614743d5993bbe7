import { FAILURES, VendingError } from './errors.ts'
import type { Runtime } from './runtime.ts'
import type { State } from './store.ts'
import { DAY_SECONDS, freshness, NEVER, secondsAfter, secondsBetween } from './token.ts'
import { vend } from './vend.ts'
import type { Vendor } from './vendor.ts'

/** What came of one look at all that was due. */
export interface Sweep {
  readonly due: number
  readonly renewed: number
  readonly failed: number
}

const MINUTE_SECONDS = 60
const HOUR_SECONDS = 60 * MINUTE_SECONDS
/** A connection that nobody has asked for in so long rests until somebody does. */
const REST_AFTER_SECONDS = 14 * DAY_SECONDS
const AT_ONCE = 10
const MOST = 500
/** No renewal is begun that could not end in the time left: a vendor's answer and the commit. */
const RENEWAL_SECONDS = 18

/**
 * Renews what is due, ahead of need: the same `vend`, called by the schedule, under the same lease, so that it may run
 * twice, late, or beside another. When tokens are due is spread by their connections' names (`refreshAt`).
 * `endsAt` is when the function has to be done; what is left over is still due in a minute.
 */
export async function renewDue(vendor: Vendor, runtime: Runtime, endsAt: Date): Promise<Sweep> {
  const keys = [...(await runtime.store.due(vendor.id, runtime.now(), MOST))]
  const sweep = { due: keys.length, renewed: 0, failed: 0 }
  const work = async () => {
    for (let key = keys.shift(); key !== undefined; key = keys.shift()) {
      if (secondsBetween(runtime.now(), endsAt) < RENEWAL_SECONDS) return
      const outcome = await keep(vendor, key, runtime)
      if (outcome !== 'left') sweep[outcome] += 1
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return sweep
}

async function keep(vendor: Vendor, key: string, runtime: Runtime): Promise<'renewed' | 'failed' | 'left'> {
  const now = runtime.now()
  const postpone = (until: Date) => runtime.store.postpone(key, { now, until })
  const { state } = await runtime.store.read(key)
  if (state.status !== 'active' || rests(vendor, state, now)) {
    await postpone(NEVER)
    return 'left'
  }
  try {
    const ask = { vendor, connection: key.slice(vendor.id.length + 1), minTtlSeconds: 0, ahead: true } as const
    const { source, token } = await vend(ask, runtime)
    if (source === 'vendor') return 'renewed'
    const fit = freshness(token.accessToken, { refreshAt: token.refreshAt, minTtlSeconds: 0, now })
    // Somebody else was first or is at it, or the vendor is left alone for now; a stored token is looked at daily.
    const soonest = secondsAfter(now, MINUTE_SECONDS)
    const latest = secondsAfter(now, DAY_SECONDS)
    await postpone(fit === 'fresh' ? earlier(token.refreshAt, latest) : soonest)
    return source === 'stale' ? 'failed' : 'left'
  } catch (error) {
    if (!(error instanceof VendingError)) throw error
    const lasting = FAILURES[error.code].remember === 'latch' || !FAILURES[error.code].retryable
    await postpone(secondsAfter(now, lasting ? HOUR_SECONDS : MINUTE_SECONDS))
    return 'failed'
  }
}

/** A grant that is not used dies, so it never rests. */
function rests({ tokens }: Vendor, { askedAt, keepWarm }: State, now: Date): boolean {
  if (tokens.rotates || keepWarm || !askedAt) return false
  return secondsBetween(askedAt, now) > REST_AFTER_SECONDS
}

const earlier = (a: Date, b: Date): Date => (a < b ? a : b)
