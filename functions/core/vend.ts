import { type Ask, keyOf, refuseTheImpossible, served, stale, suits, type Vended, works } from './ask.ts'
import { isFailure, VendingError } from './errors.ts'
import { asError } from './failure.ts'
import { recall, share } from './memory.ts'
import { mint } from './memory-token.ts'
import { renew } from './renew.ts'
import type { Runtime } from './runtime.ts'
import type { HeldToken, Row, State } from './store.ts'
import { DAY_SECONDS, secondsBetween } from './token.ts'

/** A caller without anything to serve waits this long for the holder of the lease. */
const WAIT_SECONDS = 6

/**
 * Gives a token that is fresh now: from our own copy, the table, or the vendor, in this order.
 *
 *  fresh    served
 *  ageing   one caller takes the lease and renews, everybody else is served at once;
 *           when renewing fails the ageing token is served with a warning
 *  expired  one caller takes the lease and renews, everybody else waits for it and at last hears `busy`
 *
 * A caller whose token was refused by the vendor's API gets any other that works, without a vendor call; the current one
 * is treated as expired for who reports it, and for nobody else. Never an expired token, and never one from before a
 * revoke. Throws VendingError.
 */
export async function vend(ask: Ask, runtime: Runtime): Promise<Vended> {
  const key = keyOf(ask)
  const now = runtime.now()
  const copy = recall(runtime.memory, key, now)
  const fit = copy && suits(copy, ask, now)
  if (copy && fit === 'fresh') return served(copy)
  // With an ageing token in hand nobody waits for a flight; with none, all in this process share one.
  if (fit === 'ageing') return look(ask, runtime)
  return share(runtime.memory, `${key} for ${ask.minTtlSeconds} not ${ask.rejected}`, () => look(ask, runtime))
}

async function look(ask: Ask, runtime: Runtime): Promise<Vended> {
  const wait = { from: runtime.now(), pauses: 0 }
  try {
    return await lookAndWait(ask, wait, runtime)
  } finally {
    if (wait.pauses > 0) runtime.measure({ kind: 'lease_wait', seconds: secondsBetween(wait.from, runtime.now()) })
  }
}

async function lookAndWait(ask: Ask, wait: { readonly from: Date; pauses: number }, runtime: Runtime): Promise<Vended> {
  const key = keyOf(ask)
  for (;;) {
    const row = await runtime.store.read(key)
    const { state } = row
    await noteAsked(ask, state, runtime)
    if (state.status === 'disabled') throw new VendingError('connection_disabled', `${key} is disabled`)
    if (ask.vendor.tokens.keep === 'memory') return mint(ask, state, runtime)

    const held = await stillMeant(row, ask, runtime)
    const now = runtime.now()
    const fit = held ? suits(held, ask, now) : 'expired'
    if (held) runtime.memory.copies.set(key, { token: held, checkedAt: now })
    if (state.status === 'reconnect') return whileItLasts(held, ask, state, now)
    if (held && fit === 'fresh') return served(held)
    if (held && fit === 'ageing' && ask.rejected !== undefined) return served(held)
    refuseTheImpossible(ask, held)

    try {
      const renewed = await renew({ ask, row, held }, runtime)
      if (renewed === 'look again') continue
      if (renewed !== 'leased') return renewed
    } catch (error) {
      if (held && works(fit) && isFailure(error, 'store_unavailable')) return stale(held, ask, now, error.message)
      throw error
    }
    if (held && fit === 'ageing') return served(held)

    const left = WAIT_SECONDS - secondsBetween(wait.from, runtime.now())
    if (left <= 0 && held && fit === 'short') return stale(held, ask, now, 'another caller is still renewing it')
    if (left <= 0) throw new VendingError('busy', `another caller is renewing ${key}`, { retryAfterSeconds: 2 })
    wait.pauses += 1
    await runtime.sleep(Math.min(left, pauseSeconds(state, runtime)))
  }
}

/** What nobody asks for is not renewed for ever. Told to the day, so that it costs a write a day; and not told is no harm. */
async function noteAsked(ask: Ask, { askedAt }: State, { store, now }: Runtime): Promise<void> {
  if (ask.ahead || (askedAt && secondsBetween(askedAt, now()) < DAY_SECONDS)) return
  await store.touch(keyOf(ask), now()).catch((error: unknown) => {
    if (!isFailure(error, 'store_unavailable')) throw error
  })
}

/** The token of the row, unless a revoke or newer credentials have overruled it. */
async function stillMeant({ state, token }: Row, { vendor, connection }: Ask, runtime: Runtime) {
  if (!token || token.epoch !== state.epoch) return undefined
  const known = runtime.credentials.known(vendor.id, connection)
  if (known === undefined || known === token.credentialVersion) return token
  // Either of the two is out of date: only the secret itself can tell which.
  const { version } = await runtime.credentials.read(vendor.id, connection, 0)
  return version === token.credentialVersion ? token : undefined
}

/** The grant is dead, but the last token it gave works until its end: with a warning, in time to connect again. */
function whileItLasts(held: HeldToken | undefined, ask: Ask, { failure }: State, now: Date): Vended {
  const detail = failure?.detail ?? `the grant of ${keyOf(ask)} has been revoked`
  if (held && works(suits(held, ask, now))) {
    return served(held, [
      { code: 'reconnect_needed', detail: `a person has to connect again before this token ends: ${detail}` },
    ])
  }
  throw failure ? asError(failure, now) : new VendingError('grant_rejected', detail)
}

/**
 * How long to wait for the holder of the lease: the vendor's usual time, counted from the start of the lease, then 12 %
 * of what has gone by. Measured against fixed and exponential pauses this wakes soonest for the fewest reads.
 */
function pauseSeconds({ lease, usualSeconds = 0.2 }: State, { now, random }: Runtime): number {
  const elapsed = lease ? secondsBetween(lease.since, now()) : 0
  const rest = lease ? usualSeconds * (0.95 + random() * 0.15) - elapsed : 0
  return Math.max(0.01, rest > 0 ? rest : elapsed * 0.12 * (0.8 + random() * 0.4))
}
