import { newState } from '../core/store.ts'
import type { Directory } from '../keeper/directory.ts'
import { type Connection, connectionOf, keyOf } from '../kit/connection.ts'
import { date, type Item, number, S, text } from './dynamo-item.ts'
import { isKnown, READ, stateOf } from './dynamo-row.ts'
import { dynamoTable, type TableOptions } from './dynamo-table.ts'

/** Nothing sealed, and nothing that only its holder needs. */
const GLANCE = READ.filter((name) => !['sk', 'sealed', 'scope', 'context', 'credentialVersion'].includes(name))

/** Which connections there are, from the index of all names, and how they are, many rows at a time. */
export function dynamoDirectory(options: TableOptions): Directory {
  const table = dynamoTable(options)
  return {
    async page(vendor, { after, limit = Number.POSITIVE_INFINITY } = {}) {
      const connections: Connection[] = []
      let from: Item | undefined
      do {
        const { items, next } = await table.query({
          IndexName: 'names',
          KeyConditionExpression: after === undefined ? 'vendor = :vendor' : 'vendor = :vendor AND pk > :after',
          ExpressionAttributeValues: {
            ':vendor': S(vendor.id),
            ...(after !== undefined && { ':after': S(keyOf({ vendor, name: after })) }),
          },
          ...(Number.isFinite(limit) && { Limit: limit - connections.length }),
          ...(from && { ExclusiveStartKey: from }),
        })
        connections.push(...items.map((item) => connectionOf(vendor, text(item, 'pk'))))
        from = next
      } while (from && connections.length < limit)
      return connections
    },

    async glance(connections) {
      const keys = connections.flatMap((connection) =>
        // Where tokens stay in memory there is none to ask for.
        (connection.vendor.tokens.storage === 'table' ? ['STATE', 'TOKEN'] : ['STATE']).map((sk) => ({
          pk: keyOf(connection),
          sk,
        })),
      )
      const items = await table.getAll(keys, GLANCE)
      return connections.map((connection) => {
        const state = items.get(`${keyOf(connection)} STATE`)
        const item = items.get(`${keyOf(connection)} TOKEN`)
        const token = item && tokenOf(item)
        return {
          connection,
          exists: isKnown(state),
          state: state ? stateOf(state, token) : newState,
          ...(token && { token }),
        }
      })
    },
  }
}

const tokenOf = (item: Item) => ({
  accessToken: { issuedAt: date(item, 'issuedAt'), expiresAt: date(item, 'expiresAt') },
  refreshAt: date(item, 'refreshAt'),
  fence: number(item, 'fence'),
  epoch: number(item, 'epoch'),
})
