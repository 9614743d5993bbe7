import type { Facts, Registry } from '../core/store.ts'
import { type Connection, connectionOf, keyOf } from '../kit/connection.ts'
import { BOOL, type Item, instant, json, S, text } from './dynamo-item.ts'
import { FORGOTTEN } from './dynamo-row.ts'
import { type Change, dynamoTable, INITIAL, initial, type TableOptions } from './dynamo-table.ts'

/** What people note in the STATE of each connection, and the index `due` of whose turn comes when. */
export function dynamoRegistry(options: TableOptions): Registry {
  const table = dynamoTable(options)

  const updateState = (connection: Connection, change: Change): Promise<Item | undefined> =>
    table.update(keyOf(connection), 'STATE', change)

  return {
    async register(connection, facts) {
      const change = registering(connection, facts)
      const done = await updateState(connection, { ...change, condition: NOT_FORGOTTEN })
      if (done || !facts.reopens) return
      // Sent again by the SDK, it does not reopen what has been stopped or forgotten since.
      const { stopId } = (await table.get(keyOf(connection), 'STATE')) ?? {}
      if (!stopId) return
      await updateState(connection, {
        ...change,
        set: ['#status = :active', ...change.set.filter((clause) => clause !== INITIAL.status)],
        condition: '#status = :forgotten AND stopId = :seen',
        values: { ...change.values, ':seen': stopId },
      })
    },

    async forget({ vendor, name }) {
      const done = await updateState(
        { vendor, name },
        {
          set: ['#status = :forgotten'],
          remove: ['vendor', 'sweepAt', ...NOTED, ...(vendor.tokens.storage === 'table' ? NOTED_OF_GRANT : [])],
          condition: '#status IN (:disabled, :forgotten)',
          values: { ':disabled': S('disabled'), ':forgotten': S(FORGOTTEN) },
        },
      )
      return done !== undefined
    },

    // Page by page, since an answer of DynamoDB ends at 1 MB.
    async due(vendor, now, limit) {
      const connections: Connection[] = []
      let from: Item | undefined
      do {
        const { items, next } = await table.query({
          IndexName: 'due',
          KeyConditionExpression: 'vendor = :vendor AND sweepAt <= :now',
          ExpressionAttributeValues: { ':vendor': S(vendor.id), ':now': instant(now) },
          Limit: limit - connections.length,
          ...(from && { ExclusiveStartKey: from }),
        })
        connections.push(...items.map((item) => connectionOf(vendor, text(item, 'pk'))))
        from = next
      } while (from && connections.length < limit)
      return connections
    },

    async postpone(connection, { now, until }) {
      await updateState(connection, {
        set: ['sweepAt = :until'],
        condition: 'sweepAt <= :now',
        values: { ':now': instant(now), ':until': instant(until) },
      })
    },

    async touch(connection, now) {
      await updateState(connection, {
        set: ['usedAt = :now'],
        condition: 'attribute_exists(pk)',
        values: { ':now': instant(now) },
      })
    },
  }
}

const NOT_FORGOTTEN = 'attribute_not_exists(#status) OR #status <> :forgotten'

/** All that is known of a connection beside what holds off late writers and refused tokens: status, epoch, fence, versions. */
const NOTED = [
  ...['#owner', 'keepWarm', 'acknowledged', 'ends', 'failure', 'checked', 'usualSeconds'],
  ...['provenVersion', 'succeededAt', 'usedAt', 'notifiedEnd', 'notifiedTrouble'],
]

/** Where tokens stay in memory nothing of a grant is ever written, nor may it be. */
const NOTED_OF_GRANT = ['grantEnd', 'acknowledgedGrant', 'notifiedGrant']

function registering(
  { vendor }: Connection,
  { owner, keepWarm, acknowledged, acknowledgedGrant, ends, sweepAt, wakes }: Facts,
) {
  return {
    set: [
      ...Object.values(INITIAL),
      'vendor = :vendor',
      owner !== undefined && '#owner = :owner',
      keepWarm !== undefined && 'keepWarm = :warm',
      acknowledged && 'acknowledged = :acknowledged',
      acknowledgedGrant && 'acknowledgedGrant = :ofGrant',
      ends && ends !== 'never' && 'ends = :ends',
      wakes ? 'sweepAt = :sweep' : 'sweepAt = if_not_exists(sweepAt, :sweep)',
    ],
    remove: [ends === 'never' && 'ends'],
    values: {
      ...initial,
      ':forgotten': S(FORGOTTEN),
      ':vendor': S(vendor.id),
      ':sweep': instant(sweepAt),
      ':owner': owner === undefined ? undefined : S(owner),
      ':warm': keepWarm === undefined ? undefined : BOOL(keepWarm),
      ':acknowledged': acknowledged && json(acknowledged),
      ':ofGrant': acknowledgedGrant && json(acknowledgedGrant),
      ':ends': ends && ends !== 'never' ? json(ends) : undefined,
    },
  } satisfies Change
}
