import { aboutOf, tellTrouble, tellWorks } from '../notices/trouble.ts'
import {
  type Ask,
  credentialsFor,
  keyOf,
  refuseTheImpossible,
  served,
  staleOr,
  suits,
  type Vended,
  works,
} from './ask.ts'
import { takeRefreshPermit } from './budget.ts'
import { call } from './call.ts'
import { statedEnd } from './credential-end.ts'
import { FAILURES, VendingError } from './errors.ts'
import { bars, remember } from './failure.ts'
import { share } from './memory.ts'
import type { Credentials, Runtime } from './runtime.ts'
import type { HeldToken, State } from './store.ts'
import { dueAt, refreshAt, secondsBetween } from './token.ts'

/** A process needs two tokens an hour. Many more means that processes come and go, or that callers refuse what they get. */
const MINTS_PER_HOUR = { alarm: 30, stop: 120 }

/**
 * Vends where nothing may be written down: every process obtains its own token and keeps it in its memory, under the same
 * rules of freshness, failure and revoke. There is no lease, and so nothing that a store would take a token with.
 */
export async function mint(ask: Ask, state: State, runtime: Runtime): Promise<Vended> {
  const key = keyOf(ask)
  const credentials = await credentialsFor(ask, state, runtime)
  const now = runtime.now()
  const copy = runtime.memory.copies.get(key)?.token
  const held = copy?.epoch === state.epoch && copy.credentialVersion === credentials.version ? copy : undefined
  const fit = held ? suits(held, ask, now) : 'expired'
  if (held) runtime.memory.copies.set(key, { token: held, checkedAt: now })
  if (held && fit === 'fresh') return served(held)
  if (held && fit === 'ageing' && (ask.rejected !== undefined || runtime.memory.flights.has(`mint ${key}`)))
    return served(held)
  refuseTheImpossible(ask, held)
  if (state.failure && bars(state.failure, credentials.version, now)) return staleOr(state.failure, held, ask, now)
  return share(runtime.memory, `mint ${key}`, () => obtain({ ask, state, held, credentials }, runtime))
}

interface Minting {
  readonly ask: Ask
  readonly state: State
  readonly held: HeldToken | undefined
  readonly credentials: Credentials
}

async function obtain({ ask, state, held, credentials }: Minting, runtime: Runtime): Promise<Vended> {
  const key = keyOf(ask)
  if (held && suits(held, ask, runtime.now()) === 'refused') await takeRefreshPermit(ask, runtime)
  await countMint(ask, state, runtime)
  const outcome = await call({ ask, state, credentials }, runtime)
  if (outcome === 'lease lost') throw new Error('a lease was lost that nobody held')
  const now = runtime.now()
  if ('error' in outcome) {
    const { error } = outcome
    if (!(error instanceof VendingError) || FAILURES[error.code].remember === 'nothing') throw error
    const failure = remember(error, {
      before: state.failure,
      credentialVersion: outcome.credentials.version,
      held: held !== undefined && works(suits(held, ask, now)),
      now,
      random: runtime.random(),
    })
    await runtime.store.note(key, failure)
    if (state.provenVersion === undefined) await runtime.store.register(key, { dueAt: now })
    await tellTrouble(ask, { ...state, failure }, runtime, held)
    return staleOr(failure, held, ask, now)
  }
  const { issued } = outcome
  const token: HeldToken = {
    accessToken: issued.accessToken,
    refreshAt: refreshAt(issued.accessToken, ask.vendor.tokens, key),
    fence: state.fence,
    epoch: state.epoch,
    credentialVersion: outcome.credentials.version,
  }
  if (!state.succeededAt) {
    await runtime.store.register(key, { dueAt: dueAt(token) })
    await runtime.store.touch(key, now)
  }
  await runtime.store.note(key, { succeededAt: now, credentialVersion: outcome.credentials.version })
  runtime.memory.copies.set(key, { token, checkedAt: now })
  const { version, document } = outcome.credentials
  await tellWorks(ask, state, { version, endsAt: statedEnd(document) }, runtime)
  refuseTheImpossible(ask, token)
  return { token, source: 'vendor', warnings: issued.warnings ?? [] }
}

async function countMint(ask: Ask, state: State, runtime: Runtime): Promise<void> {
  const now = runtime.now()
  const count = await runtime.store.countMint(keyOf(ask), { now, stop: MINTS_PER_HOUR.stop })
  if (count === undefined) {
    const hour = 3600 - (secondsBetween(new Date(0), now) % 3600)
    throw new VendingError(
      'vendor_paused',
      `${keyOf(ask)} has obtained ${MINTS_PER_HOUR.stop} tokens this hour, which is its limit`,
      {
        retryAfterSeconds: Math.ceil(hour),
      },
    )
  }
  if (count !== MINTS_PER_HOUR.alarm) return
  const sent = await runtime.notify({ kind: 'minting', ...aboutOf(ask, state), count })
  runtime.measure({ kind: 'notice', sent })
}
