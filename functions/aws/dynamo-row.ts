import type { QueryCommandInput } from '@aws-sdk/client-dynamodb'
import type { Failure } from '../core/failure.ts'
import { type CachedToken, newState, type State, type TokenStore } from '../core/store.ts'
import { keyOf } from '../kit/connection.ts'
import type { Notified } from '../kit/reminders.ts'
import { Secret } from '../kit/secret.ts'
import { date, type Item, number, readBack, S, text } from './dynamo-item.ts'
import type { Envelope } from './jwe-envelope.ts'

export interface RowReaderOptions {
  readonly query: (input: Omit<QueryCommandInput, 'TableName'>) => Promise<{ readonly items: readonly Item[] }>
  readonly envelope: Pick<Envelope, 'open'>
  /** Hears of a sealed value that does not open: damage, or a row that was copied. */
  readonly onUnsealable: (key: string) => void
  /** Of a token that has ended by then no value is opened. @default every token is opened */
  readonly now?: (() => Date) | undefined
}

/** Reads state and token of a connection with one query: all that a table hit does of the table. */
export function rowReader({ query, envelope, onUnsealable, now }: RowReaderOptions): TokenStore['read'] {
  async function openValue(key: string, item: Item): Promise<Secret | undefined> {
    if (now && date(item, 'expiresAt') <= now()) return new EndedToken(text(item, 'fingerprint'))
    const [epoch, fence] = [number(item, 'epoch'), number(item, 'fence')]
    const value = await envelope.open(text(item, 'sealed'), { key, use: 'access', epoch, fence })
    if (!value) onUnsealable(key)
    return value
  }

  async function openToken(key: string, item: Item): Promise<CachedToken | undefined> {
    const fence = number(item, 'fence')
    const epoch = number(item, 'epoch')
    const value = await openValue(key, item)
    if (!value) return undefined
    const scope = item.scope?.S
    const accessToken = {
      value,
      issuedAt: date(item, 'issuedAt'),
      expiresAt: date(item, 'expiresAt'),
      ...(scope !== undefined && { scope }),
      context: JSON.parse(text(item, 'context')),
    }
    return {
      policy: 'table',
      accessToken,
      refreshAt: date(item, 'refreshAt'),
      fence,
      epoch,
      credentialVersion: text(item, 'credentialVersion'),
    }
  }

  return async (connection) => {
    const key = keyOf(connection)
    const { items } = await query({
      ConsistentRead: true,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': S(key) },
      ...EVERYTHING_BUT_THE_REFRESH_TOKEN,
    })
    const state = items.find((item) => item.sk?.S === 'STATE')
    const token = items.find((item) => item.sk?.S === 'TOKEN')
    const opened = token && (await openToken(key, token))
    return {
      exists: isKnown(state),
      state: state ? stateOf(state, opened) : newState,
      ...(opened && { token: opened }),
    }
  }
}

/** The value of a token that has ended. Nobody may have it any more, so no key is fetched for it. */
class EndedToken extends Secret {
  readonly #fingerprint: string

  constructor(fingerprint: string) {
    super('')
    this.#fingerprint = fingerprint
  }

  override get fingerprint(): string {
    return this.#fingerprint
  }

  override reveal(): never {
    throw new Error('a token that has ended was not opened')
  }
}

/** A vend has no use for the refresh token: only the holder of a lease ever sees it. */
export const READ = [
  ...['sk', 'status', 'epoch', 'fence', 'leaseSince', 'leaseUntil', 'usualSeconds', 'failure', 'provenVersion'],
  ...['refusedVersions', 'unconfirmedSends', 'succeededAt', 'checked', 'ends', 'acknowledged', 'notifiedEnd'],
  ...['notifiedTrouble', 'owner', 'usedAt', 'keepWarm', 'grantEnd', 'acknowledgedGrant', 'notifiedGrant'],
  ...['sealed', 'issuedAt', 'expiresAt', 'refreshAt', 'scope', 'context', 'credentialVersion', 'fingerprint'],
]
const EVERYTHING_BUT_THE_REFRESH_TOKEN = {
  ProjectionExpression: READ.map((name) => `#${name}`).join(', '),
  ExpressionAttributeNames: Object.fromEntries(READ.map((name) => [`#${name}`, name])),
}

/** The status of a forgotten connection, which no write of an active one and no `enable` goes together with. */
export const FORGOTTEN = 'forgotten'

export const isKnown = (item: Item | undefined): boolean => item !== undefined && text(item, 'status') !== FORGOTTEN

/** A lease is over when the token obtained under it is there, although nothing has removed its attributes. */
export function stateOf(item: Item, token: Pick<CachedToken, 'fence'> | undefined): State {
  const fence = number(item, 'fence')
  const notified = notifiedOf(item)
  const { provenVersion, refusedVersions, owner } = item
  return {
    status: text(item, 'status') === 'active' ? 'active' : 'disabled',
    epoch: number(item, 'epoch'),
    fence,
    ...(item.leaseUntil &&
      token?.fence !== fence && { lease: { since: date(item, 'leaseSince'), until: date(item, 'leaseUntil') } }),
    ...(item.failure && { failure: readBack<Failure>(text(item, 'failure')) }),
    ...(item.usualSeconds && { usualSeconds: number(item, 'usualSeconds') }),
    ...(provenVersion && { provenVersion: text(item, 'provenVersion') }),
    ...(refusedVersions?.SS && { refusedVersions: new Set(refusedVersions.SS) }),
    ...(item.unconfirmedSends?.SS && { unconfirmedSends: new Set(item.unconfirmedSends.SS) }),
    ...(item.succeededAt && { succeededAt: date(item, 'succeededAt') }),
    ...(item.checked && { checked: readBack(text(item, 'checked')) }),
    ...(item.ends && { ends: readBack(text(item, 'ends')) }),
    ...(item.acknowledged && { acknowledged: readBack(text(item, 'acknowledged')) }),
    ...(item.grantEnd && { grantEnd: readBack(text(item, 'grantEnd')) }),
    ...(item.acknowledgedGrant && { acknowledgedGrant: readBack(text(item, 'acknowledgedGrant')) }),
    ...(Object.keys(notified).length > 0 && { notified }),
    ...(owner && { owner: text(item, 'owner') }),
    ...(item.usedAt && { usedAt: date(item, 'usedAt') }),
    ...(item.keepWarm?.BOOL && { keepWarm: true }),
  }
}

/** The last notice of each matter, of a STATE or a vendor's own item. */
export const notifiedOf = (item: Item): NonNullable<State['notified']> => ({
  ...(item.notifiedEnd?.S && { end: readBack<Notified>(item.notifiedEnd.S) }),
  ...(item.notifiedGrant?.S && { grant: readBack<Notified>(item.notifiedGrant.S) }),
  ...(item.notifiedTrouble?.S && { trouble: readBack<Notified>(item.notifiedTrouble.S) }),
})
