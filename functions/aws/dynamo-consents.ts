import { randomUUID } from 'node:crypto'
import { type Consent, type ConsentStore, EXCHANGE_WITHIN_SECONDS } from '../consent/store.ts'
import { keyOf } from '../kit/connection.ts'
import { secondsAfter } from '../kit/time.ts'
import { date, type Item, instant, S, seconds, text } from './dynamo-item.ts'
import { type Change, dynamoTable, type TableOptions } from './dynamo-table.ts'

/** Consents under way, and nothing else of the table: all that the hosted callback may touch. */
export function dynamoConsents(options: TableOptions): ConsentStore {
  const table = dynamoTable(options)

  /** Takes a consent one step on, for one of those who try. Sent again by the SDK, the step finds its own id. */
  async function step(
    vendorId: string,
    stateHash: string,
    { set, condition, values }: { set: string; condition: string; values: NonNullable<Change['values']> },
  ): Promise<Consent | undefined> {
    const item = await table.update(flowsOf(vendorId), stateHash, {
      set: [set, 'writeId = :id'],
      condition: `(${condition}) OR writeId = :id`,
      values: { ...values, ':id': S(randomUUID()) },
      returns: 'ALL_NEW',
    })
    return item && consentOf(stateHash, item)
  }

  return {
    async beginConsent(vendorId, { stateHash, key, redirectUri, expiresAt, authorizationUrl }) {
      await table.update(flowsOf(vendorId), stateHash, {
        set: [
          ...['#connection = :key', 'redirectUri = :uri', '#until = :until', '#ttl = :ttl'],
          authorizationUrl !== undefined && 'authorizationUrl = :page',
        ],
        values: {
          ':key': S(key),
          ':uri': S(redirectUri),
          ':until': instant(expiresAt),
          ':ttl': seconds(expiresAt),
          ':page': authorizationUrl === undefined ? undefined : S(authorizationUrl),
        },
      })
    },

    bindConsent: (vendorId, { stateHash, bind, now }) =>
      step(vendorId, stateHash, {
        set: '#bind = :bind',
        condition: `attribute_exists(authorizationUrl) AND attribute_not_exists(#bind)
          AND #until > :now AND attribute_not_exists(taken)`,
        values: { ':bind': S(bind), ':now': instant(now) },
      }),

    takeConsent: (vendorId, { stateHash, now, ...by }) =>
      step(vendorId, stateHash, {
        set: 'taken = :now',
        condition: `#until > :now AND attribute_not_exists(taken) AND ${
          'bind' in by
            ? '#bind = :by AND attribute_exists(authorizationUrl)'
            : '#connection = :by AND attribute_not_exists(authorizationUrl)'
        }`,
        values: { ':by': S('bind' in by ? by.bind : keyOf(by.connection)), ':now': instant(now) },
      }),

    markExchanged: (vendorId, { stateHash, connection, now }) =>
      step(vendorId, stateHash, {
        set: 'exchanged = :now',
        condition: `#connection = :key AND attribute_exists(#bind) AND taken > :recently
          AND attribute_not_exists(exchanged)`,
        values: {
          ':key': S(keyOf(connection)),
          ':now': instant(now),
          ':recently': instant(secondsAfter(now, -EXCHANGE_WITHIN_SECONDS)),
        },
      }),
  }
}

function consentOf(stateHash: string, item: Item): Consent {
  const authorizationUrl = item.authorizationUrl?.S
  const bind = item.bind?.S
  return {
    stateHash,
    key: text(item, 'connection'),
    redirectUri: text(item, 'redirectUri'),
    expiresAt: date(item, 'until'),
    ...(authorizationUrl !== undefined && { authorizationUrl }),
    ...(bind !== undefined && { bind }),
  }
}

const flowsOf = (vendorId: string): string => `${vendorId}#FLOW`
