import { randomUUID } from 'node:crypto'
import type { Secret } from '../functions/core/secret.ts'
import {
  type FailureWindow,
  newState,
  type Row,
  type State,
  type StoredToken,
  type TokenStore,
} from '../functions/core/store.ts'

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
  const held = (key: string): Held => rows.get(key) ?? nothing
  const holds = (id: string, key: string): boolean => held(key).leaseId === id
  const windowOf = (vendorId: string, { startsAt }: FailureWindow): string => `${vendorId} ${startsAt.toISOString()}`

  return {
    async read(key): Promise<Row> {
      const { state, token } = held(key)
      return { state, ...(token && { token }) }
    },

    async acquire(key, seen, { now, until }) {
      const { state, refreshToken, generation, token } = held(key)
      if (state.status !== 'active' || state.fence !== seen.fence || state.epoch !== seen.epoch) return undefined
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

    async commit(lease, { refreshToken, credentialVersion, usualSeconds }) {
      const row = held(lease.key)
      if (row.state.epoch !== lease.epoch) return 'revoked'
      const renewed = refreshToken && { refreshToken, generation: lease.generation + 1 }
      if (!holds(lease.id, lease.key)) {
        if (renewed && row.generation === lease.generation) rows.set(lease.key, { ...row, ...renewed })
        return 'superseded'
      }
      const { failure: _, ...state } = row.state
      rows.set(lease.key, { ...row, ...renewed, state: { ...state, provenVersion: credentialVersion, usualSeconds } })
      return 'committed'
    },

    async put(lease, token) {
      const row = held(lease.key)
      if (row.token && row.token.fence >= lease.fence) return false
      rows.set(lease.key, { ...row, token })
      return true
    },

    async fail(lease, failure) {
      if (!holds(lease.id, lease.key)) return
      const { leaseId: _, ...row } = held(lease.key)
      rows.set(lease.key, { ...row, state: { ...withoutLease(row.state), failure } })
    },

    async release(lease) {
      if (!holds(lease.id, lease.key)) return
      const { leaseId: _, ...row } = held(lease.key)
      rows.set(lease.key, { ...row, state: withoutLease(row.state) })
    },

    async revoke(key) {
      const { leaseId: _, refreshToken: __, ...row } = held(key)
      rows.set(key, { ...row, state: { ...withoutLease(row.state), epoch: row.state.epoch + 1 } })
    },

    async setStatus(key, status) {
      const row = held(key)
      rows.set(key, { ...row, state: { ...row.state, status } })
    },

    async notice(key, mark) {
      const row = held(key)
      if (row.state.noticed === mark) return false
      rows.set(key, { ...row, state: { ...row.state, noticed: mark } })
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
