import type { Round, Rounds } from '../keeper/round.ts'
import { json, readBack, S, text } from './dynamo-item.ts'
import { dynamoTable, type TableOptions } from './dynamo-table.ts'

/** How far the daily checks have come: an item for each vendor. */
export function dynamoRounds(options: TableOptions): Rounds {
  const table = dynamoTable(options)
  return {
    async last({ id }) {
      const item = await table.get(`${id}#ALL`, 'CHECK')
      return item && readBack<Round>(text(item, 'round'))
    },

    async replace({ id }, { seen, next }) {
      const done = await table.update(`${id}#ALL`, 'CHECK', {
        set: ['round = :round', 'roundId = :next'],
        // Sent again by the SDK it finds its own id.
        condition: `${seen ? 'roundId = :seen' : 'attribute_not_exists(roundId)'} OR roundId = :next`,
        values: { ':round': json(next), ':next': S(next.id), ':seen': seen && S(seen.id) },
      })
      return done !== undefined
    },
  }
}
