import { randomUUID } from 'node:crypto'
import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import type { Lease, Outcome, Reading, TokenStore } from '../core/store.ts'
import { type Connection, keyOf } from '../kit/connection.ts'
import type { Secret } from '../kit/secret.ts'
import { date, type Item, instant, json, N, number, S, SS, seconds } from './dynamo-item.ts'
import { rowReader } from './dynamo-row.ts'
import { type Change, dynamoTable, INITIAL, initial, type TableOptions } from './dynamo-table.ts'
import type { Envelope, Seal } from './jwe-envelope.ts'

export interface DynamoTokensOptions extends TableOptions {
  readonly envelope: Envelope
  /** Hears of a sealed value that does not open: damage, or a row that was copied. */
  readonly onUnsealable: (key: string) => void
  /** Of a token that has ended by then no value is opened. @default every token is opened */
  readonly now?: (() => Date) | undefined
}

const LEASE = ['leaseId', 'leaseSince', 'leaseUntil']
const OPEN = 'epoch = :epoch AND #status = :active'
const HELD = `leaseId = :id AND ${OPEN}`
/** Of a stop that the SDK sends again: it must not stop what a person has connected or enabled since. */
const NOT_REPEATED = 'attribute_not_exists(stopId) OR stopId <> :stop'
const SAME_GENERATION = '(attribute_not_exists(generation) OR generation = :used)'

/** State and token of each connection. A token is written under a lease only, which a vendor whose tokens stay in memory has not. */
export function dynamoTokens({ envelope, onUnsealable, now, ...options }: DynamoTokensOptions): TokenStore {
  const table = dynamoTable(options)
  /** The data key that the holder of a lease seals with. */
  const seals = new WeakMap<Lease, Seal>()

  const sealFor = async (lease: Lease): Promise<Seal> =>
    seals.get(lease) ?? (await envelope.sealer(keyOf(lease.connection)))

  const updateState = (connection: Connection, change: Change): Promise<Item | undefined> =>
    table.update(keyOf(connection), 'STATE', change)

  async function openRefreshToken(key: string, item: Item): Promise<Secret | undefined> {
    const sealed = item.refreshToken?.S
    if (sealed === undefined) return undefined
    const [epoch, fence] = [number(item, 'refreshEpoch'), number(item, 'refreshFence')]
    const refreshToken = await envelope.open(sealed, { key, use: 'refresh', epoch, fence })
    if (!refreshToken) onUnsealable(key)
    return refreshToken
  }

  /**
   * What a new refresh token changes, and the end of its grant. It is bound to the lease it came under, whichever holds the
   * connection by now.
   */
  async function grantOf(lease: Lease, refreshToken: Secret, { success }: Outcome) {
    const { connection, epoch, fence, generation } = lease
    const seal = await sealFor(lease)
    return {
      set: ['refreshToken = :refresh', 'refreshEpoch = :epoch', 'refreshFence = :fence', 'generation = :next'],
      values: {
        ':refresh': S(await seal(refreshToken, { key: keyOf(connection), use: 'refresh', epoch, fence })),
        ':fence': N(fence),
        ':next': N(generation + 1),
        ':grant': success?.grantEnd && json(success.grantEnd),
      },
    }
  }

  /** Whatever the status is: a lease that has come to nothing must not keep the next one waiting. */
  async function giveBack(connection: Connection, id: string, sent?: 'unconfirmed'): Promise<void> {
    await updateState(connection, {
      remove: LEASE,
      delete: [!sent && 'unconfirmedSends :own'],
      condition: 'leaseId = :id',
      values: { ':id': S(id), ':own': SS(id) },
    })
  }

  async function recordUnderLease(lease: Lease, outcome: Outcome): Promise<'recorded' | 'superseded'> {
    const { connection, id } = lease
    const { refreshToken, success, failure, unconfirmed } = outcome
    const grant = refreshToken && (await grantOf(lease, refreshToken, outcome))
    const grantEnds = !success && failure !== undefined && failure.credentialVersion === undefined
    const settled = grant || success || grantEnds
    const remembered = rememberedOf(connection, outcome)
    const values = { ':id': S(id), ':own': SS(id), ':epoch': N(lease.epoch), ':used': N(lease.generation) }
    const done = await updateState(connection, {
      set: [...remembered.set, ...(grant?.set ?? [])],
      remove: [
        ...remembered.remove,
        ...(success ? [] : LEASE),
        !grant && (grantEnds || success?.newGrant) && 'refreshToken',
        settled && 'unconfirmedSends',
        // Whatever it was, it was not about this refresh token.
        grant && !success && !failure && 'failure',
      ],
      add: remembered.add,
      delete: [...remembered.delete, !settled && !unconfirmed && 'unconfirmedSends :own'],
      condition: grantEnds ? `${HELD} AND ${SAME_GENERATION}` : HELD,
      values: { ...values, ...remembered.values, ...grant?.values, ':active': S('active') },
    })
    if (done) return 'recorded'
    if (grant) {
      await updateState(connection, {
        set: [...grant.set, success?.grantEnd && 'grantEnd = :grant'],
        remove: ['unconfirmedSends'],
        condition: `epoch = :epoch AND ${SAME_GENERATION}`,
        values: { ...values, ...grant.values },
      })
    }
    await giveBack(connection, id, unconfirmed && 'unconfirmed')
    return 'superseded'
  }

  async function recordReading({ connection, epoch }: Reading, outcome: Outcome): Promise<'recorded' | 'superseded'> {
    const { set, values, ...rest } = rememberedOf(connection, outcome)
    if (set.length === 0) return 'recorded'
    const done = await updateState(connection, {
      ...rest,
      set: [...Object.values(INITIAL), ...set],
      condition: epoch === 0 ? `attribute_not_exists(pk) OR (${OPEN})` : OPEN,
      values: { ...initial, ...values, ':epoch': N(epoch) },
    })
    return done ? 'recorded' : 'superseded'
  }

  return {
    read: rowReader({ query: table.query, envelope, onUnsealable, now }),

    async acquire(connection, seen, { policy, now, until }) {
      if (seen.status !== 'active') return undefined
      const key = keyOf(connection)
      const id = randomUUID()
      const unseen = seen.fence === 0 && seen.epoch === 0 ? 'attribute_not_exists(pk) OR ' : ''
      const item = await updateState(connection, {
        set: [
          ...['fence = :next', 'epoch = :epoch', '#status = :active', 'vendor = :vendor'],
          ...['leaseId = :id', 'leaseSince = :now', 'leaseUntil = :until'],
        ],
        condition: `${unseen}(fence = :fence AND ${OPEN})`,
        values: {
          ':fence': N(seen.fence),
          ':next': N(seen.fence + 1),
          ':epoch': N(seen.epoch),
          ':active': S('active'),
          ':vendor': S(connection.vendor.id),
          ':id': S(id),
          ':now': instant(now),
          ':until': instant(until),
        },
        returns: 'ALL_NEW',
        ifRepeated: () => table.get(key, 'STATE'),
      })
      if (item?.leaseId?.S !== id) return undefined
      try {
        const refreshToken = await openRefreshToken(key, item)
        const lease = {
          ...{ connection, policy, id, since: now, until },
          fence: number(item, 'fence'),
          epoch: number(item, 'epoch'),
          generation: Number(item.generation?.N ?? 0),
          ...(refreshToken && { refreshToken }),
        }
        seals.set(lease, await envelope.sealer(key))
        return lease
      } catch (error) {
        // What failed first is what the caller hears: a lease that cannot be given back either ends by itself.
        await giveBack(connection, id).catch(() => {})
        throw error
      }
    },

    async noteSend({ connection, id, epoch }) {
      const item = await updateState(connection, {
        add: ['unconfirmedSends :own'],
        condition: HELD,
        values: { ':own': SS(id), ':id': S(id), ':epoch': N(epoch), ':active': S('active') },
        returns: 'UPDATED_NEW',
      })
      return item && (item.unconfirmedSends?.SS ?? []).length
    },

    record: (under, outcome) => ('id' in under ? recordUnderLease(under, outcome) : recordReading(under, outcome)),

    async put(lease, { accessToken, refreshAt, credentialVersion }) {
      const { value, issuedAt, expiresAt, scope, context } = accessToken
      const { connection, epoch, fence } = lease
      const key = keyOf(connection)
      const seal = await sealFor(lease)
      const done = await table.update(key, 'TOKEN', {
        set: [
          ...['sealed = :sealed', 'fingerprint = :fingerprint', 'issuedAt = :issued', 'expiresAt = :expires'],
          ...['refreshAt = :refresh', 'context = :context', 'fence = :fence', 'epoch = :epoch'],
          ...['credentialVersion = :version', '#ttl = :ttl', scope !== undefined && '#scope = :scope'],
        ],
        remove: [scope === undefined && '#scope'],
        // Its own fence is there when the SDK sends it again.
        condition: 'attribute_not_exists(pk) OR fence <= :fence',
        values: {
          ':sealed': S(await seal(value, { key, use: 'access', epoch, fence })),
          ':fingerprint': S(value.fingerprint),
          ':issued': instant(issuedAt),
          ':expires': instant(expiresAt),
          ':refresh': instant(refreshAt),
          ':context': json(context),
          ':fence': N(fence),
          ':epoch': N(epoch),
          ':version': S(credentialVersion),
          ':ttl': seconds(expiresAt),
          ':scope': scope === undefined ? undefined : S(scope),
        },
      })
      return done !== undefined
    },

    async stop(connection, stop) {
      if (stop.kind === 'disable') {
        await updateState(connection, {
          set: ['#status = :disabled', INITIAL.epoch, INITIAL.fence, 'stopId = :stop'],
          condition: NOT_REPEATED,
          values: { ...initial, ':disabled': S('disabled'), ':stop': S(randomUUID()) },
        })
        return {}
      }
      const { failure } = stop
      const { refusedVersions = [] } = stop
      const hasStored = connection.vendor.tokens.storage === 'table'
      // What a first sending has taken, the second does not answer any more.
      const seen = hasStored ? await table.get(keyOf(connection), 'STATE') : undefined
      const before = await updateState(connection, {
        set: [...[INITIAL.status, INITIAL.fence, 'stopId = :stop', failure && 'failure = :failure']],
        remove: hasStored ? [...LEASE, 'refreshToken', 'unconfirmedSends', 'grantEnd'] : [],
        add: ['epoch :one', refusedVersions.length > 0 && 'refusedVersions :refused'],
        condition: NOT_REPEATED,
        values: {
          ...initial,
          ':one': N(1),
          ':stop': S(randomUUID()),
          ':failure': failure && json(failure),
          ':refused': refusedVersions.length > 0 ? SS(...refusedVersions) : undefined,
        },
        returns: hasStored ? 'ALL_OLD' : undefined,
        ifRepeated: async () => seen,
      })
      // It is forgotten by now; the vendor's part is done as well as it can be.
      const refreshToken = before && (await openRefreshToken(keyOf(connection), before).catch(() => undefined))
      return {
        ...(refreshToken && { refreshToken }),
        ...(before?.leaseUntil && { leasedUntil: date(before, 'leaseUntil') }),
      }
    },

    async enable(connection) {
      const key = keyOf(connection)
      let item = await table.get(key, 'STATE')
      // It undoes what it has read: sent again by the SDK, it does not undo what another has stopped since.
      for (let tries = 0; tries < 3 && item?.status?.S === 'disabled'; tries++) {
        await updateState(connection, {
          set: ['#status = :active'],
          condition: `#status = :disabled AND ${item.stopId ? 'stopId = :seen' : 'attribute_not_exists(stopId)'}`,
          values: { ':active': S('active'), ':disabled': S('disabled'), ':seen': item.stopId },
        })
        item = await table.get(key, 'STATE')
      }
    },
  }
}

/** The clauses for what an outcome says of the credentials; what becomes of the lease and its refresh token is not here. */
function rememberedOf({ vendor }: Connection, { success, failure, refusedVersion }: Outcome) {
  const refused = refusedVersion === undefined ? undefined : SS(refusedVersion)
  if (success) {
    const { credentialVersion, at, usualSeconds, sweepAt, used, checked, ends, grantEnd } = success
    const hasStored = vendor.tokens.storage === 'table'
    return {
      set: [
        ...['vendor = :vendor', 'provenVersion = :version', 'succeededAt = :at'],
        sweepAt ? 'sweepAt = :sweep' : 'sweepAt = if_not_exists(sweepAt, :at)',
        usualSeconds !== undefined && 'usualSeconds = :usual',
        used && 'usedAt = :at',
        checked && 'checked = :checked',
        ends && ends !== 'never' && 'ends = :ends',
        grantEnd && 'grantEnd = :grant',
      ],
      remove: ['failure', ends === 'never' && 'ends', hasStored && !grantEnd && 'grantEnd'],
      add: [],
      delete: ['refusedVersions :works'],
      values: {
        ':vendor': S(vendor.id),
        ':version': S(credentialVersion),
        ':at': instant(at),
        ':sweep': sweepAt && instant(sweepAt),
        ':usual': usualSeconds === undefined ? undefined : N(usualSeconds),
        ':checked': checked && json(checked),
        ':ends': ends && ends !== 'never' ? json(ends) : undefined,
        ':grant': grantEnd && json(grantEnd),
        ':works': SS(credentialVersion),
      },
    }
  }
  const values: Record<`:${string}`, AttributeValue | undefined> = { ':refused': refused }
  const add = [refused && 'refusedVersions :refused']
  if (!failure) return { set: [], remove: [], add, delete: [], values }
  return {
    set: ['failure = :failure', 'vendor = :vendor', 'sweepAt = if_not_exists(sweepAt, :since)'],
    remove: [],
    add,
    delete: [],
    values: {
      ...values,
      ':failure': json(failure),
      ':vendor': S(vendor.id),
      ':since': instant(failure.since),
    },
  }
}
