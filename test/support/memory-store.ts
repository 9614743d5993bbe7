import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import {
  type Consent,
  type ConsentStore,
  EXCHANGE_WITHIN_SECONDS,
  MOST_OPEN,
  type PublicConsent,
  type PublicConsents,
} from '../../functions/consent/store.ts'
import type { Allowance, Limit } from '../../functions/core/allowance.ts'
import type { Registry } from '../../functions/core/store.ts'
import {
  type CachedToken,
  type Forgotten,
  type Lease,
  newState,
  type Outcome,
  type Reading,
  type Row,
  type State,
  type Stop,
  type TokenStore,
} from '../../functions/core/store.ts'
import type { Directory } from '../../functions/keeper/directory.ts'
import type { Round, Rounds } from '../../functions/keeper/round.ts'
import { type Connection, keyOf } from '../../functions/kit/connection.ts'
import type { Matter, Notified } from '../../functions/kit/reminders.ts'
import type { Secret } from '../../functions/kit/secret.ts'
import { secondsBetween } from '../../functions/kit/time.ts'
import type { Vendor } from '../../functions/kit/vendor.ts'
import type { NoticeLedger, Subject } from '../../functions/notices/ledger.ts'

interface Held {
  readonly connection: Connection
  readonly state: State
  readonly leaseId?: string | undefined
  readonly refreshToken?: Secret | undefined
  readonly generation: number
  readonly sweepAt?: Date
  readonly forgotten?: true | undefined
  /** The last revoke, and what it took. */
  readonly stopped?: { readonly by: Stop; readonly forgotten: Forgotten }
}

/** A state whose optional members may be taken away by setting them to undefined. */
type Change = { readonly [member in keyof State]?: State[member] | undefined }

/** A table that forgets: what the tests of the engine run on, and the plainest statement of what the ports promise. */
export function memoryTable() {
  const rows = new Map<string, Held>()
  const cached = new Map<string, CachedToken>()
  const find = (connection: Connection): Held =>
    rows.get(keyOf(connection)) ?? { connection, state: newState, generation: 0 }
  const keep = (row: Held, change: Change = {}): void => {
    rows.set(keyOf(row.connection), { ...row, state: changed(row.state, change) })
  }
  const read = (connection: Connection): Row => {
    const { state } = find(connection)
    const token = cached.get(keyOf(connection))
    const { lease, ...rest } = state
    return {
      exists: rows.has(keyOf(connection)) && !find(connection).forgotten,
      state: lease && token?.fence !== state.fence ? state : rest,
      ...(token && { token }),
    }
  }

  return {
    tokens: tokensIn({ find, keep, rows, read }, cached),
    registry: registryIn(find, keep, rows),
    directory: directoryIn(rows, read),
    ledger: ledgerIn(find, keep),
    rounds: memoryRounds(),
    allowance: memoryAllowance(),
    consents: memoryConsents(),
  }
}

type Find = (connection: Connection) => Held
type Keep = (row: Held, change?: Change) => void
type Rows = ReadonlyMap<string, Held>
type Read = (connection: Connection) => Row

interface Tables {
  readonly find: Find
  readonly keep: Keep
  readonly rows: Rows
  readonly read: Read
}

function tokensIn({ find, keep, rows, read }: Tables, cached: Map<string, CachedToken>): TokenStore {
  const isOpen = ({ state }: Held, epoch: number): boolean => state.epoch === epoch && state.status === 'active'
  const isHeld = (row: Held, { id, epoch }: Lease): boolean => row.leaseId === id && isOpen(row, epoch)
  const without = (sends: State['unconfirmedSends'], id: string): State['unconfirmedSends'] =>
    someOf(new Set([...(sends ?? [])].filter((send) => send !== id)))

  function recordUnderLease(lease: Lease, outcome: Outcome): 'recorded' | 'superseded' {
    const { refreshToken, success, failure, unconfirmed } = outcome
    const row = find(lease.connection)
    const isUsed = row.generation === lease.generation
    const grantEnds = !success && failure !== undefined && failure.credentialVersion === undefined
    const renewed = refreshToken && { refreshToken, generation: lease.generation + 1 }
    const ends = success?.grantEnd && { grantEnd: success.grantEnd }
    const own = {
      unconfirmedSends: unconfirmed ? row.state.unconfirmedSends : without(row.state.unconfirmedSends, lease.id),
    }
    if (!isHeld(row, lease) || (grantEnds && !isUsed)) {
      const isNewest = renewed && isUsed && row.state.epoch === lease.epoch
      const kept = isNewest ? { ...row, ...renewed } : row
      const sends = isNewest && { unconfirmedSends: undefined, ...ends }
      if (row.leaseId === lease.id) keep({ ...kept, leaseId: undefined }, { ...own, ...sends, lease: undefined })
      else if (isNewest) keep(kept, { unconfirmedSends: undefined, ...ends })
      return 'superseded'
    }
    const isSettled = renewed || success || grantEnds
    const forgotten = (grantEnds || success?.newGrant) && { refreshToken: undefined }
    keep(
      { ...row, ...sweepOf(row, outcome), ...forgotten, ...renewed, ...(!success && { leaseId: undefined }) },
      {
        ...remembered(row.state, outcome),
        ...(isSettled ? { unconfirmedSends: undefined } : own),
        ...(!success && { lease: undefined }),
        ...(renewed && !success && !failure && { failure: undefined }),
      },
    )
    return 'recorded'
  }

  function recordReading({ connection, epoch }: Reading, outcome: Outcome): 'recorded' | 'superseded' {
    const row = find(connection)
    if (!isOpen(row, epoch)) return 'superseded'
    const change = remembered(row.state, outcome)
    if (Object.keys(change).length > 0) keep({ ...row, ...sweepOf(row, outcome) }, change)
    return 'recorded'
  }

  return {
    read: async (connection) => read(connection),

    async acquire(connection, seen, { policy, now, until }) {
      const row = find(connection)
      const { status, epoch, fence } = row.state
      if (status !== 'active' || status !== seen.status || epoch !== seen.epoch || fence !== seen.fence)
        return undefined
      const id = randomUUID()
      keep({ ...row, leaseId: id }, { fence: fence + 1, lease: { since: now, until } })
      const { refreshToken, generation } = row
      const held = { generation, ...(refreshToken && { refreshToken }) }
      return { connection, policy, id, fence: fence + 1, epoch, since: now, until, ...held }
    },

    async noteSend(lease) {
      const row = find(lease.connection)
      if (!isHeld(row, lease)) return undefined
      const unconfirmedSends = new Set([...(row.state.unconfirmedSends ?? []), lease.id])
      keep(row, { unconfirmedSends })
      return unconfirmedSends.size
    },

    async record(under, outcome) {
      return 'id' in under ? recordUnderLease(under, outcome) : recordReading(under, outcome)
    },

    async put({ connection, fence }, token) {
      const key = keyOf(connection)
      if ((cached.get(key)?.fence ?? 0) > fence) return false
      cached.set(key, token)
      return true
    },

    async stop(connection, stop) {
      const row = find(connection)
      if (stop.kind === 'disable') {
        keep({ ...row, forgotten: undefined }, { status: 'disabled' })
        return {}
      }
      // Sent again, it says what it took the first time.
      if (row.stopped?.by === stop) return row.stopped.forgotten
      const { failure, refusedVersions = [] } = stop
      const forgotten = {
        ...(row.refreshToken && { refreshToken: row.refreshToken }),
        ...(row.state.lease && { leasedUntil: row.state.lease.until }),
      }
      keep(
        { ...row, leaseId: undefined, refreshToken: undefined, stopped: { by: stop, forgotten } },
        {
          epoch: row.state.epoch + 1,
          ...{ lease: undefined, unconfirmedSends: undefined, grantEnd: undefined },
          ...(failure && { failure }),
          refusedVersions: someOf(new Set([...(row.state.refusedVersions ?? []), ...refusedVersions])),
        },
      )
      return forgotten
    },

    async enable(connection) {
      if (rows.has(keyOf(connection)) && !find(connection).forgotten) keep(find(connection), { status: 'active' })
    },
  }
}

/** What an outcome says of the credentials. */
function remembered({ refusedVersions = new Set() }: State, { success, failure, refusedVersion }: Outcome): Change {
  const refused = refusedVersion !== undefined && { refusedVersions: new Set([...refusedVersions, refusedVersion]) }
  if (!success) return { ...(failure && { failure }), ...refused }
  const { credentialVersion, at, usualSeconds, used, checked, ends, grantEnd } = success
  return {
    failure: undefined,
    refusedVersions: someOf(new Set([...refusedVersions].filter((version) => version !== credentialVersion))),
    ...{ provenVersion: credentialVersion, succeededAt: at, grantEnd },
    ...(usualSeconds !== undefined && { usualSeconds }),
    ...(used && { usedAt: at }),
    ...(checked && { checked }),
    ...(ends && { ends: ends === 'never' ? undefined : ends }),
  }
}

function sweepOf({ sweepAt }: Held, { success, failure }: Outcome): Pick<Held, 'sweepAt'> {
  const next = success?.sweepAt ?? sweepAt ?? success?.at ?? failure?.since
  return next ? { sweepAt: next } : {}
}

/** The connections of a vendor that have a turn, and when. */
const known = (rows: Rows, { id }: Vendor) =>
  [...rows.values()].flatMap(({ connection, sweepAt }) =>
    sweepAt && connection.vendor.id === id ? [{ connection, sweepAt }] : [],
  )

function directoryIn(rows: Rows, read: Read): Directory {
  return {
    async page(vendor, { after = '', limit } = {}) {
      return known(rows, vendor)
        .map(({ connection }) => connection)
        .filter(({ name }) => name > after)
        .sort((a, b) => (a.name < b.name ? -1 : 1))
        .slice(0, limit)
    },

    async glance(connections) {
      return connections.map((connection) => {
        const { token, ...row } = read(connection)
        if (!token) return { connection, ...row }
        const { refreshAt, fence, epoch, accessToken } = token
        const { issuedAt, expiresAt } = accessToken
        return { connection, ...row, token: { refreshAt, fence, epoch, accessToken: { issuedAt, expiresAt } } }
      })
    },
  }
}

function registryIn(find: Find, keep: Keep, rows: Rows): Registry {
  return {
    async register(connection, { sweepAt, wakes, reopens, ends, owner, keepWarm, acknowledged, acknowledgedGrant }) {
      const row = find(connection)
      if (row.forgotten && !reopens) return
      keep(
        { ...row, forgotten: undefined, sweepAt: wakes ? sweepAt : (row.sweepAt ?? sweepAt) },
        {
          ...(row.forgotten && { status: 'active' }),
          ...(owner !== undefined && { owner }),
          ...(keepWarm !== undefined && { keepWarm: keepWarm || undefined }),
          ...(acknowledged && { acknowledged }),
          ...(acknowledgedGrant && { acknowledgedGrant }),
          ...(ends && { ends: ends === 'never' ? undefined : ends }),
        },
      )
    },

    async due(vendor, now, limit) {
      return known(rows, vendor)
        .filter(({ sweepAt }) => sweepAt <= now)
        .sort((a, b) => a.sweepAt.getTime() - b.sweepAt.getTime())
        .slice(0, limit)
        .map(({ connection }) => connection)
    },

    async postpone(connection, { now, until }) {
      const row = find(connection)
      if (row.sweepAt && row.sweepAt <= now) keep({ ...row, sweepAt: until })
    },

    async forget(connection) {
      const { sweepAt: _, ...row } = find(connection)
      const { status, epoch, fence, refusedVersions } = row.state
      if (status !== 'disabled') return false
      keep({ ...row, forgotten: true, state: { status, epoch, fence, ...(refusedVersions && { refusedVersions }) } })
      return true
    },

    async touch(connection, now) {
      if (rows.has(keyOf(connection))) keep(find(connection), { usedAt: now })
    },
  }
}

function ledgerIn(find: Find, keep: Keep): NoticeLedger {
  const ofVendors = new Map<string, Notified>()
  const nameOf = ({ vendor, all }: Exclude<Subject, Connection>, matter: string): string =>
    `${vendor.id} ${all} ${matter}`
  const last = (subject: Subject, matter: Matter): Notified | undefined =>
    'all' in subject ? ofVendors.get(nameOf(subject, matter)) : find(subject).state.notified?.[matter]
  return {
    last: async (subject, matter) => last(subject, matter),
    async replace(subject, matter, { seen, next }) {
      if (!isDeepStrictEqual(last(subject, matter), seen)) return false
      if ('all' in subject) {
        ofVendors.set(nameOf(subject, matter), next)
        return true
      }
      const row = find(subject)
      keep(row, { notified: { ...row.state.notified, [matter]: next } })
      return true
    },
  }
}

function memoryRounds(): Rounds {
  const rounds = new Map<string, Round>()
  return {
    last: async ({ id }) => rounds.get(id),
    async replace({ id }, { seen, next }) {
      if (rounds.get(id)?.id !== seen?.id) return false
      rounds.set(id, next)
      return true
    },
  }
}

function memoryAllowance(): Allowance {
  interface Used {
    readonly window: number
    readonly ids: ReadonlySet<string>
    readonly until?: Date
  }
  const used = new Map<string, Used>()
  const nameOf = ({ id }: Vendor, { name }: Limit): string => `${id} ${name}`

  /** What is used of the stretch that `now` is in, or of a later one if that has begun. */
  function present(vendor: Vendor, limit: Limit, now: Date): Used {
    const windowMs = limit.windowSeconds * 1000
    const window = Math.floor(now.getTime() / windowMs) * windowMs
    const item = used.get(nameOf(vendor, limit))
    return item && item.window >= window ? item : { ...item, window, ids: new Set() }
  }

  return {
    async take(vendor, limit, { id, now }) {
      const item = present(vendor, limit, now)
      if (item.until && item.until > now) return undefined
      const ids = new Set([...item.ids, id])
      if (ids.size > limit.most && !item.ids.has(id)) return undefined
      used.set(nameOf(vendor, limit), { ...item, ids })
      return ids.size
    },

    async giveBack(vendor, limit, { id }) {
      const item = used.get(nameOf(vendor, limit))
      if (item)
        used.set(nameOf(vendor, limit), { ...item, ids: new Set([...item.ids].filter((other) => other !== id)) })
    },

    async use(vendor, limit, now) {
      const { ids, until } = present(vendor, limit, now)
      return { taken: ids.size, ...(until && until > now && { blockedUntil: until }) }
    },

    async block(vendor, limit, until) {
      const item = used.get(nameOf(vendor, limit)) ?? { window: 0, ids: new Set<string>() }
      if (!item.until || item.until < until) used.set(nameOf(vendor, limit), { ...item, until })
    },
  }
}

function memoryConsents(): ConsentStore & PublicConsents {
  interface Kept {
    readonly consent: Consent
    readonly key: string
    readonly bind?: string
    readonly taken?: Date
  }
  const consents = new Map<string, Kept>()
  /** Hashes of the states, the newest first. */
  const open = new Map<string, readonly string[]>()
  const shown = ({ consent: { stateHash, authorizationUrl }, key }: Kept): PublicConsent => ({
    ...{ stateHash, key, authorizationUrl },
  })
  return {
    async beginConsent(connection, consent) {
      const key = keyOf(connection)
      consents.set(`${connection.vendor.id} ${consent.stateHash}`, { consent, key })
      open.set(key, [consent.stateHash, ...(open.get(key) ?? [])].slice(0, MOST_OPEN))
    },

    async endConsent(connection, { stateHash, through, now }) {
      const key = keyOf(connection)
      const kept = consents.get(`${connection.vendor.id} ${stateHash}`)
      if (!kept || kept.key !== key || kept.consent.through !== through) return undefined
      const { consent, bind, taken } = kept
      const isHere = through === 'api' ? consent.endsAt > now : bind && taken && isRecent(taken, now)
      if (!isHere || !open.get(key)?.includes(stateHash)) return undefined
      open.set(
        key,
        [...(open.get(key) ?? [])].map((hash) => (hash === stateHash ? 'ended' : hash)),
      )
      return consent
    },

    async bindConsent(vendorId, { stateHash, bind, now }) {
      const kept = consents.get(`${vendorId} ${stateHash}`)
      if (kept?.consent.through !== 'callback' || kept.bind || kept.consent.endsAt <= now) return undefined
      consents.set(`${vendorId} ${stateHash}`, { ...kept, bind })
      return shown(kept)
    },

    async takeConsent(vendorId, { stateHash, bind, now }) {
      const kept = consents.get(`${vendorId} ${stateHash}`)
      if (!kept || kept.bind !== bind || kept.taken || kept.consent.endsAt <= now) return undefined
      consents.set(`${vendorId} ${stateHash}`, { ...kept, taken: now })
      return shown(kept)
    },
  }
}

const isRecent = (taken: Date, now: Date): boolean => secondsBetween(taken, now) < EXCHANGE_WITHIN_SECONDS

const someOf = <T>(set: ReadonlySet<T>): ReadonlySet<T> | undefined => (set.size > 0 ? set : undefined)

/** A member that is set to undefined is taken away: a state with `failure: undefined` is not one without failure. */
function changed(state: State, change: Change): State {
  const all = Object.entries({ ...state, ...change }).filter(([, value]) => value !== undefined)
  // `status`, `epoch` and `fence` come from `state`, and no change takes them away.
  return Object.fromEntries(all) as unknown as State
}
