import { randomUUID } from 'node:crypto'
import { keyOf } from '../kit/connection.ts'
import type { Matter, Notified } from '../kit/reminders.ts'
import type { NoticeLedger, Subject } from '../notices/ledger.ts'
import { S } from './dynamo-item.ts'
import { notifiedOf } from './dynamo-row.ts'
import { dynamoTable, INITIAL, initial, type TableOptions } from './dynamo-table.ts'

/** Which notices went out: those of a connection in its STATE, those of a vendor as a whole in items of their own. */
export function dynamoLedger(options: TableOptions): NoticeLedger {
  const table = dynamoTable(options)
  return {
    async last(subject, matter) {
      const item = await table.get(...addressOf(subject))
      return item && notifiedOf(item)[matter]
    },

    async replace(subject, matter, { seen, next }) {
      const name = ATTRIBUTE[matter]
      const done = await table.update(...addressOf(subject), {
        set: [...('all' in subject ? [] : Object.values(INITIAL)), `${name} = :next`, 'noticeId = :id'],
        // Sent again by the SDK it finds its own id: then nobody else was first.
        condition: `${seen ? `${name} = :seen` : `attribute_not_exists(${name})`} OR noticeId = :id`,
        values: { ...initial, ':id': S(randomUUID()), ':next': textOf(next), ':seen': seen && textOf(seen) },
      })
      return done !== undefined
    },
  }
}

const ATTRIBUTE = {
  end: 'notifiedEnd',
  grant: 'notifiedGrant',
  trouble: 'notifiedTrouble',
} as const satisfies Record<Matter, string>

const addressOf = (subject: Subject): [pk: string, sk: string] =>
  'all' in subject ? [`${subject.vendor.id}#ALL`, subject.all.toUpperCase()] : [keyOf(subject), 'STATE']

/** Spelled always alike, since it is compared. */
const textOf = ({ mark, at, sent }: Notified) => S(JSON.stringify({ mark, at, sent }))
