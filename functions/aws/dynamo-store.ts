import { randomUUID } from 'node:crypto'
import { type DynamoDBClient, GetItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb'
import type { Failure } from '../core/failure.ts'
import {
  type FailureWindow,
  type Lease,
  type Matter,
  newState,
  type State,
  type StoredToken,
  type TokenStore,
  type Told,
} from '../core/store.ts'
import { dynamoConsents } from './dynamo-consents.ts'
import { date, type Item, N, number, S, seconds, text, updater } from './dynamo-item.ts'
import type { Envelope, Seal } from './envelope.ts'
import { storeUnavailable } from './unavailable.ts'

/*
 * The table, item by item. Instants are milliseconds since 1970, but for `ttl`, which DynamoDB wants in seconds.
 * Only UpdateItem writes, and every write that matters has a condition; that is where correctness comes from.
 *
 *   pk             sk               attributes
 *   accelo#hq      STATE            status, epoch, fence, leaseId, leaseSince, leaseUntil, usualSeconds, failure (JSON),
 *                                   provenVersion, disproved, succeededAt, askedAt, owner, keepWarm; ends, toldEnd, toldTrouble,
 *                                   acknowledged, checked (JSON each); mintHour, mints; refreshToken (sealed),
 *                                   refreshEpoch, refreshFence, generation, sends (how often it was sent without a definite
 *                                   answer); vendor and dueAt, the keys of index `due`. NEVER a ttl: a fence that starts again
 *                                   lets a late writer win, and a lost refresh token needs a person.
 *   accelo#hq      TOKEN            sealed, issuedAt, expiresAt, refreshAt, scope, context (JSON), fingerprint, fence,
 *                                   epoch, credentialVersion; ttl = expiry. DynamoDB may delete days late: readers compare.
 *   accelo#BUDGET  PERMITS#<start>  taken; ttl. Refused credentials of this vendor in one window.
 *   accelo#BUDGET  REFRESH#hq#<start>  taken; ttl. Renewals forced by callers whose token was refused.
 *   accelo#BUDGET  STOP             until; ttl. The vendor told everybody to stop.
 *   netrex#FLOW    <hash of state>  connection, redirectUri, until, taken; ttl. A consent under way. Through the hosted
 *                                   callback also authorizationUrl, bind (hash of the cookie) and exchanged.
 *
 * Connections are lower case, so BUDGET and FLOW are none. LeadingKeys `accelo#*` covers all of it.
 */

/** Makes a STATE that is not there yet one that is as good as none. */
const EXISTING =
  'fence = if_not_exists(fence, :zero), epoch = if_not_exists(epoch, :zero), #status = if_not_exists(#status, :active)'
const existing = () => ({ ':zero': N(0), ':active': S('active') })

const HOUR_MS = 60 * 60 * 1000

export interface DynamoStoreOptions {
  readonly client: DynamoDBClient
  readonly table: string
  readonly envelope: Envelope
  /** Hears of a sealed value that does not open: damage, or a row that was copied. */
  readonly onUnsealable: (key: string) => void
  /** The vendor's tokens are never written down; then its role may not even name an attribute that could hold one. */
  readonly memoryOnly?: boolean
}

export function dynamoStore({
  client,
  table,
  envelope,
  onUnsealable,
  memoryOnly = false,
}: DynamoStoreOptions): TokenStore {
  /** The data key a lease will seal with. */
  const seals = new WeakMap<Lease, Seal>()

  const sealFor = async (lease: Lease): Promise<Seal> => seals.get(lease) ?? envelope.sealer(lease.key)

  const update = updater(client, table)

  async function get(pk: string, sk: string): Promise<Item | undefined> {
    const command = new GetItemCommand({ TableName: table, Key: { pk: S(pk), sk: S(sk) }, ConsistentRead: true })
    const { Item } = await client.send(command).catch(unavailable)
    return Item
  }

  async function openToken(key: string, item: Item): Promise<StoredToken | undefined> {
    const fence = number(item, 'fence')
    const epoch = number(item, 'epoch')
    const value = await envelope.open(text(item, 'sealed'), { key, use: 'access', epoch, fence })
    if (!value) {
      onUnsealable(key)
      return undefined
    }
    const scope = item.scope?.S
    const accessToken = {
      value,
      issuedAt: date(item, 'issuedAt'),
      expiresAt: date(item, 'expiresAt'),
      ...(scope !== undefined && { scope }),
      context: JSON.parse(text(item, 'context')),
    }
    return {
      keep: 'table',
      accessToken,
      refreshAt: date(item, 'refreshAt'),
      fence,
      epoch,
      credentialVersion: text(item, 'credentialVersion'),
    }
  }

  async function leaseOf(key: string, id: string, until: Date, item: Item): Promise<Lease> {
    const sealed = item.refreshToken?.S
    const refreshToken =
      sealed &&
      (await envelope.open(sealed, {
        key,
        use: 'refresh',
        epoch: number(item, 'refreshEpoch'),
        fence: number(item, 'refreshFence'),
      }))
    if (sealed && !refreshToken) onUnsealable(key)
    return {
      key,
      id,
      until,
      fence: number(item, 'fence'),
      epoch: number(item, 'epoch'),
      generation: Number(item.generation?.N ?? 0),
      ...(refreshToken && { refreshToken }),
    }
  }

  return {
    ...dynamoConsents(client, table),

    async read(key) {
      const command = new QueryCommand({
        TableName: table,
        ConsistentRead: true,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': S(key) },
        ...EVERYTHING_BUT_THE_REFRESH_TOKEN,
      })
      const { Items = [] } = await client.send(command).catch(unavailable)
      const state = Items.find((item) => item.sk?.S === 'STATE')
      const token = Items.find((item) => item.sk?.S === 'TOKEN')
      const opened = token && (await openToken(key, token))
      return { state: state ? stateOf(state) : newState, ...(opened && { token: opened }) }
    },

    async acquire(key, seen, { now, until }) {
      if (seen.status === 'disabled') return undefined
      const id = randomUUID()
      const unseen = seen.fence === 0 && seen.epoch === 0 ? 'attribute_not_exists(pk) OR ' : ''
      const item =
        (await update(key, 'STATE', {
          UpdateExpression: `SET fence = :next, epoch = :epoch, #status = :status, vendor = :vendor,
            leaseId = :id, leaseSince = :now, leaseUntil = :until`,
          ConditionExpression: `${unseen}(fence = :fence AND epoch = :epoch AND #status = :status)`,
          ExpressionAttributeNames: { '#status': 'status' },
          ExpressionAttributeValues: {
            ':fence': N(seen.fence),
            ':next': N(seen.fence + 1),
            ':epoch': N(seen.epoch),
            ':status': S(seen.status),
            ':vendor': S(vendorOf(key)),
            ':id': S(id),
            ':now': N(now.getTime()),
            ':until': N(until.getTime()),
          },
          ReturnValues: 'ALL_NEW',
        })) ?? (await get(key, 'STATE'))
      // A write whose answer was lost is sent again by the SDK and then finds its own mark in its way.
      if (item?.leaseId?.S !== id) return undefined
      const lease = await leaseOf(key, id, until, item)
      try {
        seals.set(lease, await envelope.sealer(key))
        return lease
      } catch (error) {
        await this.release(lease)
        throw error
      }
    },

    async intend(lease) {
      const item = await update(lease.key, 'STATE', {
        UpdateExpression: 'ADD sends :one',
        ConditionExpression: 'leaseId = :id',
        ExpressionAttributeValues: { ':id': S(lease.id), ':one': N(1) },
        ReturnValues: 'UPDATED_NEW',
      })
      return item && number(item, 'sends')
    },

    async commit(lease, { refreshToken, newGrant, asked, credentialVersion, usualSeconds, now, dueAt }) {
      const seal = refreshToken && (await sealFor(lease))
      const sealed = seal && (await seal(refreshToken, { ...lease, use: 'refresh' }))
      const renewed = sealed === undefined ? undefined : renewedGrant(sealed, lease)
      const done = await update(lease.key, 'STATE', {
        UpdateExpression: `SET provenVersion = :version, usualSeconds = :usual, succeededAt = :now, dueAt = :due
          ${asked ? ', askedAt = :now' : ''} ${newGrant ? ', #status = :active' : ''} ${renewed ? `, ${renewed.set}` : ''}
          REMOVE failure, disproved, sends ${newGrant && !renewed ? ', refreshToken' : ''}`,
        ConditionExpression: 'leaseId = :id AND epoch = :epoch',
        ...(newGrant && { ExpressionAttributeNames: { '#status': 'status' } }),
        ExpressionAttributeValues: {
          ':id': S(lease.id),
          ':epoch': N(lease.epoch),
          ':version': S(credentialVersion),
          ':usual': N(usualSeconds),
          ':now': N(now.getTime()),
          ':due': N(dueAt.getTime()),
          ...(newGrant && { ':active': S('active') }),
          ...renewed?.values,
        },
      })
      if (done) return 'committed'
      if (renewed) {
        await update(lease.key, 'STATE', {
          UpdateExpression: `SET ${renewed.set}`,
          ConditionExpression: 'epoch = :epoch AND (attribute_not_exists(generation) OR generation = :used)',
          ExpressionAttributeValues: { ...renewed.values, ':epoch': N(lease.epoch), ':used': N(lease.generation) },
        })
      }
      const state = await get(lease.key, 'STATE')
      return state && number(state, 'epoch') === lease.epoch ? 'superseded' : 'revoked'
    },

    async put(lease, { accessToken, refreshAt, credentialVersion }) {
      const { value, issuedAt, expiresAt, scope, context } = accessToken
      const seal = await sealFor(lease)
      const done = await update(lease.key, 'TOKEN', {
        UpdateExpression: `SET sealed = :sealed, fingerprint = :fingerprint, issuedAt = :issued, expiresAt = :expires,
          refreshAt = :refresh, context = :context, fence = :fence, epoch = :epoch, credentialVersion = :version,
          #ttl = :ttl ${scope === undefined ? 'REMOVE #scope' : ', #scope = :scope'}`,
        ConditionExpression: 'attribute_not_exists(pk) OR fence < :fence',
        ExpressionAttributeNames: { '#ttl': 'ttl', '#scope': 'scope' },
        ExpressionAttributeValues: {
          ':sealed': S(await seal(value, { ...lease, use: 'access' })),
          ':fingerprint': S(value.fingerprint),
          ':issued': N(issuedAt.getTime()),
          ':expires': N(expiresAt.getTime()),
          ':refresh': N(refreshAt.getTime()),
          ':context': S(JSON.stringify(context)),
          ':fence': N(lease.fence),
          ':epoch': N(lease.epoch),
          ':version': S(credentialVersion),
          ':ttl': N(seconds(expiresAt)),
          ...(scope !== undefined && { ':scope': S(scope) }),
        },
      })
      return done !== undefined
    },

    async fail(lease, failure, grant) {
      const rejected = grant === 'rejected'
      const done = await update(lease.key, 'STATE', {
        UpdateExpression: `SET failure = :failure ${rejected ? ', #status = :reconnect' : ''}
          REMOVE leaseId, leaseSince, leaseUntil ${grant === 'in doubt' ? '' : ', sends'}`,
        ConditionExpression: rejected
          ? 'leaseId = :id AND (attribute_not_exists(generation) OR generation = :used)'
          : 'leaseId = :id',
        ...(rejected && { ExpressionAttributeNames: { '#status': 'status' } }),
        ExpressionAttributeValues: {
          ':id': S(lease.id),
          ':failure': S(JSON.stringify(failure)),
          ...(rejected && { ':reconnect': S('reconnect'), ':used': N(lease.generation) }),
        },
      })
      return done !== undefined || !rejected
    },

    async release(lease, refreshToken) {
      await update(lease.key, 'STATE', {
        UpdateExpression: `REMOVE leaseId, leaseSince, leaseUntil ${refreshToken ? ', sends' : ''}`,
        ConditionExpression: 'leaseId = :id',
        ExpressionAttributeValues: { ':id': S(lease.id) },
      })
    },

    async revoke(key, { status, failure } = {}) {
      await update(key, 'STATE', {
        UpdateExpression: `SET fence = if_not_exists(fence, :zero),
            #status = ${status ? ':status' : 'if_not_exists(#status, :active)'}
            ${failure ? ', failure = :failure, disproved = :yes' : ''}
          ${memoryOnly ? '' : 'REMOVE leaseId, leaseSince, leaseUntil, refreshToken, sends'} ADD epoch :one`,
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: {
          ':zero': N(0),
          ':one': N(1),
          ...(status ? { ':status': S(status) } : { ':active': S('active') }),
          ...(failure && { ':failure': S(JSON.stringify(failure)), ':yes': { BOOL: true } }),
        },
      })
    },

    async note(key, outcome, proven) {
      if ('code' in outcome) {
        await update(key, 'STATE', {
          UpdateExpression: `SET ${EXISTING}, failure = :failure ${proven ? ', disproved = :yes' : ''}`,
          ExpressionAttributeNames: { '#status': 'status' },
          ExpressionAttributeValues: {
            ...existing(),
            ':failure': S(JSON.stringify(outcome)),
            ...(proven && { ':yes': { BOOL: true } }),
          },
        })
        return
      }
      const { succeededAt, credentialVersion, checked } = outcome
      await update(key, 'STATE', {
        UpdateExpression: `SET ${EXISTING}, succeededAt = :now, provenVersion = :version
          ${checked ? ', checked = :checked' : ''} REMOVE failure, disproved`,
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: {
          ...existing(),
          ':now': N(succeededAt.getTime()),
          ':version': S(credentialVersion),
          ...(checked && { ':checked': S(JSON.stringify(checked)) }),
        },
      })
    },

    async countMint(key, { now, stop }) {
      const hour = N(Math.floor(now.getTime() / HOUR_MS))
      const first = await update(key, 'STATE', {
        UpdateExpression: `SET ${EXISTING}, mintHour = :hour, mints = :one`,
        ConditionExpression: 'attribute_not_exists(mintHour) OR mintHour < :hour',
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: { ...existing(), ':hour': hour, ':one': N(1) },
      })
      if (first) return 1
      const next = await update(key, 'STATE', {
        UpdateExpression: 'ADD mints :one',
        ConditionExpression: 'mints < :stop',
        ExpressionAttributeValues: { ':one': N(1), ':stop': N(stop) },
        ReturnValues: 'UPDATED_NEW',
      })
      return next && number(next, 'mints')
    },

    async register(key, { owner, keepWarm, acknowledged, ends, dueAt, wakes }) {
      const changes = [
        owner !== undefined && '#owner = :owner',
        keepWarm !== undefined && 'keepWarm = :warm',
        acknowledged && 'acknowledged = :acknowledged',
        ends && ends !== 'never' && 'ends = :ends',
        `dueAt = ${wakes ? ':due' : 'if_not_exists(dueAt, :due)'}`,
      ].filter(Boolean)
      await update(key, 'STATE', {
        UpdateExpression: `SET ${[EXISTING, 'vendor = :vendor', ...changes].join(', ')}
          ${ends === 'never' ? 'REMOVE ends' : ''}`,
        ExpressionAttributeNames: { '#status': 'status', ...(owner !== undefined && { '#owner': 'owner' }) },
        ExpressionAttributeValues: {
          ...existing(),
          ':vendor': S(vendorOf(key)),
          ':due': N(dueAt.getTime()),
          ...(owner !== undefined && { ':owner': S(owner) }),
          ...(keepWarm !== undefined && { ':warm': { BOOL: keepWarm } }),
          ...(acknowledged && { ':acknowledged': S(JSON.stringify(acknowledged)) }),
          ...(ends && ends !== 'never' && { ':ends': S(JSON.stringify(ends)) }),
        },
      })
    },

    async due(vendorId, now, limit) {
      const command = new QueryCommand({
        TableName: table,
        IndexName: 'due',
        KeyConditionExpression: 'vendor = :vendor AND dueAt <= :now',
        ExpressionAttributeValues: { ':vendor': S(vendorId), ':now': N(now.getTime()) },
        Limit: limit,
      })
      const { Items = [] } = await client.send(command).catch(unavailable)
      return Items.map((item) => text(item, 'pk'))
    },

    async postpone(key, { now, until }) {
      await update(key, 'STATE', {
        UpdateExpression: 'SET dueAt = :until',
        ConditionExpression: 'dueAt <= :now',
        ExpressionAttributeValues: { ':now': N(now.getTime()), ':until': N(until.getTime()) },
      })
    },

    async touch(key, now) {
      await update(key, 'STATE', {
        UpdateExpression: 'SET askedAt = :now',
        ConditionExpression: 'attribute_exists(pk)',
        ExpressionAttributeValues: { ':now': N(now.getTime()) },
      })
    },

    async list(vendorId) {
      const keys: string[] = []
      let from: Item | undefined
      do {
        const command: QueryCommand = new QueryCommand({
          TableName: table,
          IndexName: 'due',
          KeyConditionExpression: 'vendor = :vendor',
          ExpressionAttributeValues: { ':vendor': S(vendorId) },
          ...(from && { ExclusiveStartKey: from }),
        })
        const { Items = [], LastEvaluatedKey } = await client.send(command).catch(unavailable)
        keys.push(...Items.map((item) => text(item, 'pk')))
        from = LastEvaluatedKey
      } while (from)
      return keys.sort()
    },

    async setStatus(key, status) {
      await update(key, 'STATE', {
        UpdateExpression:
          'SET #status = :status, fence = if_not_exists(fence, :zero), epoch = if_not_exists(epoch, :zero)',
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: { ':status': S(status), ':zero': N(0) },
      })
    },

    async tell(key, matter, { seen, next }) {
      const name = TOLD[matter]
      const done = await update(key, 'STATE', {
        UpdateExpression: `SET ${EXISTING}, ${name} = :next`,
        ConditionExpression: seen ? `${name} = :seen` : `attribute_not_exists(${name})`,
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: {
          ...existing(),
          ':next': S(toldText(next)),
          ...(seen && { ':seen': S(toldText(seen)) }),
        },
      })
      return done !== undefined
    },

    async stoppedUntil(vendorId, now) {
      const item = await get(budgetOf(vendorId), 'STOP')
      const until = item && date(item, 'until')
      return until && until > now ? until : undefined
    },

    async stop(vendorId, until) {
      await update(budgetOf(vendorId), 'STOP', {
        UpdateExpression: 'SET #until = :until, #ttl = :ttl',
        ExpressionAttributeNames: { '#until': 'until', '#ttl': 'ttl' },
        ExpressionAttributeValues: { ':until': N(until.getTime()), ':ttl': N(seconds(until)) },
      })
    },

    async take(vendorId, window) {
      const done = await update(budgetOf(vendorId), permitsOf(window), {
        UpdateExpression: 'SET #ttl = :ttl ADD taken :one',
        ConditionExpression: 'attribute_not_exists(taken) OR taken < :limit',
        ExpressionAttributeNames: { '#ttl': 'ttl' },
        ExpressionAttributeValues: { ':one': N(1), ':limit': N(window.limit), ':ttl': N(seconds(window.endsAt)) },
      })
      return done !== undefined
    },

    async giveBack(vendorId, window) {
      await update(budgetOf(vendorId), permitsOf(window), {
        UpdateExpression: 'ADD taken :less',
        ConditionExpression: 'taken > :zero',
        ExpressionAttributeValues: { ':less': N(-1), ':zero': N(0) },
      })
    },
  }
}

/** A vend has no use for the refresh token: only the holder of a lease ever sees it. */
const READ = [
  ...[
    'sk',
    'status',
    'epoch',
    'fence',
    'leaseSince',
    'leaseUntil',
    'usualSeconds',
    'failure',
    'provenVersion',
    'disproved',
    'owner',
    'succeededAt',
    'askedAt',
    'keepWarm',
    'sends',
    'ends',
    'toldEnd',
    'toldTrouble',
    'acknowledged',
    'checked',
  ],
  ...['sealed', 'issuedAt', 'expiresAt', 'refreshAt', 'scope', 'context', 'credentialVersion'],
]
const EVERYTHING_BUT_THE_REFRESH_TOKEN = {
  ProjectionExpression: READ.map((name) => `#${name}`).join(', '),
  ExpressionAttributeNames: Object.fromEntries(READ.map((name) => [`#${name}`, name])),
}

function stateOf(item: Item): State {
  const provenVersion = item.provenVersion?.S
  const owner = item.owner?.S
  return {
    status: statusOf(text(item, 'status')),
    epoch: number(item, 'epoch'),
    fence: number(item, 'fence'),
    ...(item.leaseUntil && { lease: { since: date(item, 'leaseSince'), until: date(item, 'leaseUntil') } }),
    ...(item.failure && { failure: readBack<Failure>(text(item, 'failure')) }),
    ...(item.usualSeconds && { usualSeconds: number(item, 'usualSeconds') }),
    ...(provenVersion !== undefined && { provenVersion }),
    ...(item.disproved?.BOOL && { disproved: true }),
    ...(owner !== undefined && { owner }),
    ...(item.succeededAt && { succeededAt: date(item, 'succeededAt') }),
    ...(item.askedAt && { askedAt: date(item, 'askedAt') }),
    ...(item.keepWarm?.BOOL && { keepWarm: true }),
    ...(item.sends && { inDoubt: number(item, 'sends') }),
    ...(item.ends && { ends: readBack(text(item, 'ends')) }),
    ...((item.toldEnd || item.toldTrouble) && { told: toldOf(item) }),
    ...(item.acknowledged && { acknowledged: readBack(text(item, 'acknowledged')) }),
    ...(item.checked && { checked: readBack(text(item, 'checked')) }),
  }
}

const TOLD = { end: 'toldEnd', trouble: 'toldTrouble' } as const satisfies Record<Matter, string>

/** Spelled always alike, since it is compared. */
const toldText = ({ mark, at, sent }: Told): string => JSON.stringify({ mark, at, sent })

const toldOf = (item: Item): NonNullable<State['told']> => ({
  ...(item.toldEnd && { end: readBack<Told>(text(item, 'toldEnd')) }),
  ...(item.toldTrouble && { trouble: readBack<Told>(text(item, 'toldTrouble')) }),
})

/** JSON that this file wrote, which is why it has the type it had then; of its members these are instants. */
const INSTANTS = ['at', 'since', 'until', 'endsAt']
const readBack = <T>(json: string): T =>
  JSON.parse(json, (name, value) => (INSTANTS.includes(name) && typeof value === 'string' ? new Date(value) : value))

const statusOf = (text: string): State['status'] => (text === 'disabled' || text === 'reconnect' ? text : 'active')

/** What a new refresh token changes. It is bound to the lease it came under, whichever holds the connection by now. */
const renewedGrant = (sealed: string, { generation, fence }: Lease) => ({
  set: 'refreshToken = :refresh, refreshEpoch = :epoch, refreshFence = :fence, generation = :next',
  values: { ':refresh': S(sealed), ':fence': N(fence), ':next': N(generation + 1) },
})

const budgetOf = (vendorId: string): string => `${vendorId}#BUDGET`
const permitsOf = ({ of = 'PERMITS', startsAt }: FailureWindow): string => `${of}#${startsAt.getTime()}`
const vendorOf = (key: string): string => key.slice(0, key.indexOf('#'))

const unavailable = (error: unknown): never => {
  throw storeUnavailable('the table', error)
}
