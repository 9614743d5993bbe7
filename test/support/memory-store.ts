import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { Secret } from '../../functions/core/secret.ts'
import {
  type Consent,
  EXCHANGE_WITHIN_SECONDS,
  type FailureWindow,
  newState,
  type Row,
  type State,
  type StoredToken,
  type TokenStore,
} from '../../functions/core/store.ts'
import { secondsBetween } from '../../functions/core/token.ts'

interface Held {
  readonly state: State
  readonly leaseId?: string
  readonly refreshToken?: Secret
  readonly generation: number
  readonly token?: StoredToken
}

const nothing: Held = { state: newState, generation: 0 }

/** The store that forgets: what the tests of the engine run on, and the plainest statement of what a store must do. */
export function memoryStore(): TokenStore {
  const rows = new Map<string, Held>()
  const permits = new Map<string, number>()
  const stops = new Map<string, Date>()
  const consents = new Map<string, Consent & { readonly taken?: Date; readonly exchanged?: true }>()
  const mints = new Map<string, number>()
  /** When the keeper must look at each connection that is known. */
  const due = new Map<string, Date>()
  const held = (key: string): Held => rows.get(key) ?? nothing
  const holds = (id: string, key: string): boolean => held(key).leaseId === id
  const windowOf = (vendorId: string, { of = '', startsAt }: FailureWindow): string =>
    `${vendorId} ${of} ${startsAt.toISOString()}`

  return {
    async read(key): Promise<Row> {
      const { state, token } = held(key)
      return { state, ...(token && { token }) }
    },

    async acquire(key, seen, { now, until }) {
      const { state, refreshToken, generation, token } = held(key)
      if (
        state.status === 'disabled' ||
        state.status !== seen.status ||
        state.fence !== seen.fence ||
        state.epoch !== seen.epoch
      )
        return undefined
      const fence = state.fence + 1
      const id = randomUUID()
      const kept = { ...(refreshToken && { refreshToken }), generation }
      rows.set(key, {
        ...kept,
        ...(token && { token }),
        leaseId: id,
        state: { ...state, fence, lease: { since: now, until } },
      })
      return { key, id, fence, epoch: state.epoch, until, ...kept }
    },

    async intend(lease) {
      if (!holds(lease.id, lease.key)) return undefined
      const row = held(lease.key)
      const inDoubt = (row.state.inDoubt ?? 0) + 1
      rows.set(lease.key, { ...row, state: { ...row.state, inDoubt } })
      return inDoubt
    },

    async commit(lease, { refreshToken, newGrant, asked, credentialVersion, usualSeconds, now, dueAt }) {
      const row = held(lease.key)
      if (row.state.epoch !== lease.epoch) return 'revoked'
      const renewed = refreshToken && { refreshToken, generation: lease.generation + 1 }
      if (!holds(lease.id, lease.key)) {
        if (renewed && row.generation === lease.generation) rows.set(lease.key, { ...row, ...renewed })
        return 'superseded'
      }
      const { failure: _, inDoubt: __, disproved: ___, ...state } = row.state
      const { refreshToken: old, ...rest } = row
      rows.set(lease.key, {
        ...rest,
        ...(old && !newGrant && { refreshToken: old }),
        ...renewed,
        state: {
          ...state,
          ...(newGrant && { status: 'active' }),
          provenVersion: credentialVersion,
          usualSeconds,
          succeededAt: now,
          ...(asked && { askedAt: now }),
        },
      })
      due.set(lease.key, dueAt)
      return 'committed'
    },

    async put(lease, token) {
      const row = held(lease.key)
      if (row.token && row.token.fence >= lease.fence) return false
      rows.set(lease.key, { ...row, token })
      return true
    },

    async fail(lease, failure, grant) {
      if (!holds(lease.id, lease.key)) return grant !== 'rejected'
      const { leaseId: _, ...row } = held(lease.key)
      if (grant === 'rejected' && row.generation !== lease.generation) return false
      const { inDoubt, ...state } = withoutLease(row.state)
      rows.set(lease.key, {
        ...row,
        state: {
          ...state,
          ...(grant === 'in doubt' && inDoubt !== undefined && { inDoubt }),
          ...(grant === 'rejected' && { status: 'reconnect' }),
          failure,
        },
      })
      return true
    },

    async release(lease, refreshToken) {
      if (!holds(lease.id, lease.key)) return
      const { leaseId: _, ...row } = held(lease.key)
      const { inDoubt, ...state } = withoutLease(row.state)
      const doubt = inDoubt !== undefined && !refreshToken && { inDoubt }
      rows.set(lease.key, { ...row, state: { ...state, ...doubt } })
    },

    async revoke(key, after = {}) {
      const { leaseId: _, refreshToken: __, ...row } = held(key)
      const { inDoubt: ___, ...state } = withoutLease(row.state)
      rows.set(key, {
        ...row,
        state: { ...state, epoch: row.state.epoch + 1, ...after, ...(after.failure && { disproved: true }) },
      })
    },

    async note(key, outcome, proven) {
      const row = held(key)
      if ('code' in outcome) {
        rows.set(key, { ...row, state: { ...row.state, failure: outcome, ...(proven && { disproved: true }) } })
        return
      }
      const { failure: _, disproved: __, ...state } = row.state
      const { succeededAt, credentialVersion: provenVersion, checked } = outcome
      rows.set(key, { ...row, state: { ...state, succeededAt, provenVersion, ...(checked && { checked }) } })
    },

    async countMint(key, { now, stop }) {
      const hour = `${key} ${now.toISOString().slice(0, 13)}`
      const count = (mints.get(hour) ?? 0) + 1
      if (count > stop) return undefined
      mints.set(hour, count)
      return count
    },

    async register(key, { owner, keepWarm, acknowledged, ends, dueAt, wakes }) {
      if (wakes || !due.has(key)) due.set(key, dueAt)
      const row = held(key)
      const { ends: before, ...state } = row.state
      const given = {
        ...(owner !== undefined && { owner }),
        ...(keepWarm !== undefined && { keepWarm }),
        ...(acknowledged && { acknowledged }),
        ...(ends === undefined ? before && { ends: before } : ends !== 'never' && { ends }),
      }
      rows.set(key, { ...row, state: { ...state, ...given } })
    },

    async list(vendorId) {
      return [...due.keys()].filter((key) => key.startsWith(`${vendorId}#`)).sort()
    },

    async due(vendorId, now, limit) {
      const keys = [...due].filter(([key, at]) => key.startsWith(`${vendorId}#`) && at <= now)
      return keys
        .sort(([, a], [, b]) => a.getTime() - b.getTime())
        .slice(0, limit)
        .map(([key]) => key)
    },

    async postpone(key, { now, until }) {
      const at = due.get(key)
      if (at && at <= now) due.set(key, until)
    },

    async touch(key, now) {
      const row = rows.get(key)
      if (row) rows.set(key, { ...row, state: { ...row.state, askedAt: now } })
    },

    async beginConsent(vendorId, consent) {
      consents.set(`${vendorId} ${consent.stateHash}`, consent)
    },

    async bindConsent(vendorId, { stateHash, bind, now }) {
      const consent = consents.get(`${vendorId} ${stateHash}`)
      if (!consent?.authorizationUrl || consent.bind || consent.taken || consent.expiresAt <= now) return undefined
      const bound = { ...consent, bind }
      consents.set(`${vendorId} ${stateHash}`, bound)
      return bound
    },

    async takeConsent(vendorId, { stateHash, now, ...by }) {
      const consent = consents.get(`${vendorId} ${stateHash}`)
      if (!consent || consent.taken || consent.expiresAt <= now) return undefined
      const hosted = consent.authorizationUrl !== undefined
      if ('bind' in by ? !hosted || consent.bind !== by.bind : hosted || consent.key !== by.key) return undefined
      consents.set(`${vendorId} ${stateHash}`, { ...consent, taken: now })
      return consent
    },

    async markExchanged(vendorId, { stateHash, key, now }) {
      const { taken, exchanged, ...consent } = consents.get(`${vendorId} ${stateHash}`) ?? {}
      if (!taken || exchanged || !('bind' in consent) || consent.key !== key) return undefined
      if (secondsBetween(taken, now) >= EXCHANGE_WITHIN_SECONDS) return undefined
      consents.set(`${vendorId} ${stateHash}`, { ...consent, taken, exchanged: true })
      return consent
    },

    async setStatus(key, status) {
      const row = held(key)
      rows.set(key, { ...row, state: { ...row.state, status } })
    },

    async tell(key, matter, { seen, next }) {
      const row = held(key)
      if (!isDeepStrictEqual(row.state.told?.[matter], seen)) return false
      rows.set(key, { ...row, state: { ...row.state, told: { ...row.state.told, [matter]: next } } })
      return true
    },

    async stoppedUntil(vendorId, now) {
      const until = stops.get(vendorId)
      return until && until > now ? until : undefined
    },

    async stop(vendorId, until) {
      stops.set(vendorId, until)
    },

    async take(vendorId, window) {
      const taken = permits.get(windowOf(vendorId, window)) ?? 0
      if (taken >= window.limit) return false
      permits.set(windowOf(vendorId, window), taken + 1)
      return true
    },

    async giveBack(vendorId, window) {
      const taken = permits.get(windowOf(vendorId, window)) ?? 0
      if (taken > 0) permits.set(windowOf(vendorId, window), taken - 1)
    },
  }
}

function withoutLease({ lease: _, ...state }: State): State {
  return state
}
