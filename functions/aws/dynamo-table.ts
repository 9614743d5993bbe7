import { setTimeout as pause } from 'node:timers/promises'
import {
  type AttributeValue,
  BatchGetItemCommand,
  type BatchGetItemCommandInput,
  type ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  type QueryCommandInput,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import { type Item, N, S, text } from './dynamo-item.ts'
import { storeUnavailable } from './unavailable.ts'

/*
 * The table, item by item. Instants are milliseconds since 1970, but for `ttl`, which DynamoDB wants in seconds.
 * Only UpdateItem writes, and every write that matters has a condition; that is where correctness comes from. The SDK
 * sends a write again when its answer is lost: `leaseId`, `stopId`, `noticeId`, `writeId` and the ids in sets are there so
 * that the second of two counts for nothing.
 *
 *   pk                sk           attributes
 *   accelo#hq         STATE        status (active, disabled, forgotten), epoch, fence, leaseId, leaseSince, leaseUntil,
 *                                  usualSeconds, failure (JSON), provenVersion, refusedVersions, succeededAt, usedAt,
 *                                  owner, keepWarm, stopId, noticeId;
 *                                  ends, notifiedEnd, notifiedTrouble, acknowledged, checked, grantEnd, notifiedGrant,
 *                                  acknowledgedGrant (JSON each); refreshToken (sealed), refreshEpoch, refreshFence, generation, unconfirmedSends (string set); vendor
 *                                  and sweepAt, the keys of index `due`. NEVER a ttl: a fence that starts again lets a late
 *                                  writer win, and a lost refresh token needs a person.
 *   accelo#hq         TOKEN        sealed, issuedAt, expiresAt, refreshAt, scope, context (JSON), fingerprint, fence,
 *                                  epoch, credentialVersion; ttl = expiry. DynamoDB may delete days late: readers compare.
 *   accelo#ALLOWANCE  <limit>      window (when it began), ids (string set: what is taken in it), until (blocked); ttl.
 *   accelo#ALL        FAILING      notifiedTrouble, noticeId: notices about the vendor as a whole.
 *   accelo#ALL        SWEEP        the same, of its sweep.
 *   accelo#ALL        CHECK        round (JSON), roundId: how far the daily check has come.
 *   netrex#FLOW       <hash of     sealed, ttl. A consent under way. Through the hosted callback also connection, until,
 *                     state>       authorizationUrl, bind (hash of the cookie), taken and writeId: the public function may
 *                                  write any item of this partition, and no other.
 *   netrex#OPEN       hq           open1, open2, open3 (hashes of states, the newest first); ttl.
 *
 * Connections are lower case, so ALLOWANCE, ALL, FLOW and OPEN are none. LeadingKeys `accelo#*` covers all of it. Index `names` has
 * every STATE with a vendor in the order of its pk, and is written to when that vendor is first noted and when
 * the connection is forgotten, never else.
 */

export interface TableOptions {
  readonly client: DynamoDBClient
  readonly table: string
}

/** The most keys that one call may name. */
const MOST_KEYS = 100
/** Seconds before what DynamoDB left unread is asked for again. */
const PAUSES = [0.05, 0.1, 0.2, 0.4]

type Clause = string | false | undefined

/** An update, clause by clause; clauses that are false are left out. Every attribute may be written with a `#`. */
export interface Change {
  readonly set?: readonly Clause[]
  readonly remove?: readonly Clause[]
  readonly add?: readonly Clause[]
  readonly delete?: readonly Clause[]
  readonly condition?: string
  /** What clauses and condition may name; what they do not name is not sent, which DynamoDB would refuse. */
  readonly values?: Readonly<Record<`:${string}`, AttributeValue | undefined>>
  readonly returns?: 'ALL_NEW' | 'ALL_OLD' | 'UPDATED_NEW' | undefined
  /** What a refused write answers that was sent more than once: its own first sending may be what refuses it. */
  readonly ifRepeated?: () => Promise<Item | undefined>
}

/** Clauses and values that make a STATE that is not there yet one that is as good as none. */
export const INITIAL = {
  status: '#status = if_not_exists(#status, :active)',
  epoch: 'epoch = if_not_exists(epoch, :zero)',
  fence: 'fence = if_not_exists(fence, :zero)',
} as const
export const initial = { ':active': S('active'), ':zero': N(0) }

/** Reads and writes of one table. All of them throw `store_unavailable` when it does not answer. */
export function dynamoTable({ client, table }: TableOptions) {
  return {
    /** Returns the attributes asked for by `returns`, or undefined when the condition did not hold. */
    async update(pk: string, sk: string, change: Change): Promise<Item | undefined> {
      const command = new UpdateItemCommand({ TableName: table, Key: { pk: S(pk), sk: S(sk) }, ...inputOf(change) })
      try {
        const { Attributes = {} } = await client.send(command)
        return Attributes
      } catch (error) {
        if (!isRefused(error)) throw storeUnavailable('the table', error)
        const isRepeated = error.$metadata.attempts !== 1
        return isRepeated ? change.ifRepeated?.() : undefined
      }
    },

    /** Strongly consistent. */
    async get(pk: string, sk: string): Promise<Item | undefined> {
      const command = new GetItemCommand({ TableName: table, Key: { pk: S(pk), sk: S(sk) }, ConsistentRead: true })
      const { Item } = await client.send(command).catch(unavailable)
      return Item
    },

    /**
     * The items of some partitions, by `<pk> <sk>`; what is not there is left out. Strongly consistent. What DynamoDB had no
     * room for (16 MB, or a busy partition) is asked for again.
     */
    async getAll(keys: readonly { readonly pk: string; readonly sk: string }[], attributes: readonly string[]) {
      const found = new Map<string, Item>()
      const names = ['pk', 'sk', ...attributes]
      const projected = {
        ConsistentRead: true,
        ProjectionExpression: names.map((name) => `#${name}`).join(', '),
        ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
      }
      async function get(
        asked: BatchGetItemCommandInput['RequestItems'],
        [seconds, ...pauses]: number[],
      ): Promise<void> {
        const { Responses, UnprocessedKeys = {} } = await client
          .send(new BatchGetItemCommand({ RequestItems: asked }))
          .catch(unavailable)
        for (const item of Responses?.[table] ?? []) found.set(`${text(item, 'pk')} ${text(item, 'sk')}`, item)
        if (Object.keys(UnprocessedKeys).length === 0) return
        if (seconds === undefined)
          throw storeUnavailable('the table', new Error('it left items unread again and again'))
        await pause(seconds * 1000)
        return get(UnprocessedKeys, pauses)
      }
      const batches = Array.from({ length: Math.ceil(keys.length / MOST_KEYS) }, (_, i) =>
        keys.slice(i * MOST_KEYS, (i + 1) * MOST_KEYS).map(({ pk, sk }) => ({ pk: S(pk), sk: S(sk) })),
      )
      await Promise.all(batches.map((Keys) => get({ [table]: { Keys, ...projected } }, PAUSES)))
      return found
    },

    async query(
      input: Omit<QueryCommandInput, 'TableName'>,
    ): Promise<{ readonly items: readonly Item[]; readonly next?: Item }> {
      const command = new QueryCommand({ TableName: table, ...input })
      const { Items: items = [], LastEvaluatedKey: next } = await client.send(command).catch(unavailable)
      return { items, ...(next && { next }) }
    },
  }
}

export type DynamoTable = ReturnType<typeof dynamoTable>

function inputOf({ condition, values = {}, returns, ...clauses }: Omit<Change, 'ifRepeated'>) {
  const UpdateExpression = (['set', 'remove', 'add', 'delete'] as const)
    .flatMap((word) => {
      const given = (clauses[word] ?? []).filter(Boolean)
      return given.length === 0 ? [] : [`${word.toUpperCase()} ${given.join(', ')}`]
    })
    .join(' ')
  const named = `${UpdateExpression} ${condition ?? ''}`
  const names = [...new Set(named.match(/#\w+/g))].map((name) => [name, name.slice(1)])
  const used = new Set<string>(named.match(/:\w+/g))
  const sent = Object.entries(values).flatMap(([name, value]) =>
    value && used.has(name) ? [[name, value] as const] : [],
  )
  return {
    UpdateExpression,
    ...(condition !== undefined && { ConditionExpression: condition }),
    ...(names.length > 0 && { ExpressionAttributeNames: Object.fromEntries(names) }),
    ...(sent.length > 0 && { ExpressionAttributeValues: Object.fromEntries(sent) }),
    ...(returns && { ReturnValues: returns }),
  }
}

const isRefused = (error: unknown): error is ConditionalCheckFailedException =>
  error instanceof Error && error.name === 'ConditionalCheckFailedException'

const unavailable = (error: unknown): never => {
  throw storeUnavailable('the table', error)
}
