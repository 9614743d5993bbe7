import { type Allowance, type Limit, windowEnd, windowStart } from '../core/allowance.ts'
import { secondsAfter } from '../kit/time.ts'
import type { Vendor } from '../kit/vendor.ts'
import { date, instant, N, number, S, SS, seconds } from './dynamo-item.ts'
import { dynamoTable, type TableOptions } from './dynamo-table.ts'

const UNBLOCKED = '(attribute_not_exists(#until) OR #until <= :now)'

/**
 * One item per limit. The ids of what is taken stand in a set, so that a write which is sent twice counts once; a new
 * stretch begins by replacing the set:
 *
 *   window    12:00          13:00
 *   ids       a, b ──────►   c          until: set by block(), and left alone by a new stretch
 */
export function dynamoAllowance(options: TableOptions): Allowance {
  const table = dynamoTable(options)
  /** The stretch of each limit that this process took part in last: it need not be begun. */
  const joined = new Map<string, number>()

  /** A process whose clock is a little behind counts in the stretch that has begun already. */
  const join = (vendor: Vendor, limit: Limit, permit: { readonly id: string; readonly now: Date }) =>
    table.update(partitionOf(vendor), limit.name, {
      add: ['#ids :set'],
      condition: `#window >= :window AND ${UNBLOCKED}
        AND (attribute_not_exists(#ids) OR size(#ids) < :most OR contains(#ids, :id))`,
      values: valuesOf(limit, permit),
      returns: 'UPDATED_NEW',
    })

  const begin = (vendor: Vendor, limit: Limit, permit: { readonly id: string; readonly now: Date }) =>
    table.update(partitionOf(vendor), limit.name, {
      set: ['#window = :window', '#ids = :set', '#ttl = :ttl'],
      condition: `(attribute_not_exists(#window) OR #window < :window) AND ${UNBLOCKED}`,
      values: valuesOf(limit, permit),
      returns: 'UPDATED_NEW',
    })

  return {
    async take(vendor, limit, permit) {
      if (limit.most < 1) return undefined
      const name = `${partitionOf(vendor)} ${limit.name}`
      // Somebody else may begin the stretch between joining and beginning it.
      const writes = joined.get(name) === windowOf(limit, permit.now) ? [join, begin, join] : [begin, join]
      for (const write of writes) {
        const item = await write(vendor, limit, permit)
        if (!item) continue
        joined.set(name, windowOf(limit, permit.now))
        return item.ids?.SS?.length
      }
      return undefined
    },

    async giveBack(vendor, limit, { id }) {
      await table.update(partitionOf(vendor), limit.name, {
        delete: ['#ids :set'],
        condition: 'contains(#ids, :id)',
        values: { ':set': SS(id), ':id': S(id) },
      })
    },

    async use(vendor, limit, now) {
      const item = await table.get(partitionOf(vendor), limit.name)
      const present = item?.window !== undefined && number(item, 'window') >= windowOf(limit, now)
      const until = item?.until && date(item, 'until')
      return {
        taken: present ? (item.ids?.SS?.length ?? 0) : 0,
        ...(until && until > now && { blockedUntil: until }),
      }
    },

    async block(vendor, limit, until) {
      await table.update(partitionOf(vendor), limit.name, {
        set: ['#until = :until', '#ttl = :ttl'],
        // A shorter block does not end a longer one.
        condition: 'attribute_not_exists(#until) OR #until < :until',
        // The stretch under way has begun by now, so it ends before this too.
        values: { ':until': instant(until), ':ttl': seconds(secondsAfter(until, limit.windowSeconds)) },
      })
    },
  }
}

const partitionOf = (vendor: Vendor): string => `${vendor.id}#ALLOWANCE`

/** When the stretch began that `now` is in. */
const windowOf = (limit: Limit, now: Date): number => windowStart(limit, now).getTime()

function valuesOf(limit: Limit, { id, now }: { readonly id: string; readonly now: Date }) {
  const window = windowOf(limit, now)
  return {
    ':window': N(window),
    ':now': instant(now),
    ':id': S(id),
    ':set': SS(id),
    ':most': N(limit.most),
    ':ttl': seconds(windowEnd(limit, now)),
  }
}
