import { randomUUID } from 'node:crypto'
import {
  type Consent,
  type ConsentStore,
  EXCHANGE_WITHIN_SECONDS,
  MOST_OPEN,
  type PublicConsent,
  type PublicConsents,
} from '../consent/store.ts'
import { keyOf } from '../kit/connection.ts'
import { Secret } from '../kit/secret.ts'
import { secondsAfter } from '../kit/time.ts'
import { date, type Item, instant, readBack, S, seconds, text } from './dynamo-item.ts'
import { type Change, dynamoTable, type TableOptions } from './dynamo-table.ts'
import type { Envelope } from './jwe-envelope.ts'

export interface DynamoConsentsOptions extends TableOptions {
  readonly envelope: Envelope
  /** Hears of a consent that does not open: it was not sealed by us, or for another connection or state. */
  readonly onUnsealable: (key: string) => void
}

/** Where the hashes of the open consents of a connection stand, the newest first. */
const PLACES = Array.from({ length: MOST_OPEN }, (_, index) => `open${index + 1}`)

/**
 * Consents, sealed. The item of a consent is one that the public function may write, so it is believed only as far as its
 * seal goes, and whether the consent is still open stands in an item that this function may not write.
 */
export function dynamoConsents({ envelope, onUnsealable, ...options }: DynamoConsentsOptions): ConsentStore {
  const table = dynamoTable(options)

  async function opened(key: string, stateHash: string, item: Item): Promise<Consent | undefined> {
    const record = await envelope.open(item.sealed?.S ?? '', { key, use: 'consent', id: stateHash })
    if (!record) onUnsealable(key)
    return record && consentIn(record)
  }

  return {
    async beginConsent(connection, consent) {
      const { stateHash, through, authorizationUrl, endsAt } = consent
      const { vendor, name } = connection
      const key = keyOf(connection)
      const seal = await envelope.sealer(key)
      const sealed = await seal(recordOf(consent), { key, use: 'consent', id: stateHash })
      const ttl = seconds(secondsAfter(endsAt, EXCHANGE_WITHIN_SECONDS))
      const isPublic = through === 'callback'
      await table.update(flowsOf(vendor.id), stateHash, {
        set: [
          ...['sealed = :sealed', '#ttl = :ttl'],
          isPublic && '#connection = :key, authorizationUrl = :page, #until = :until',
        ],
        values: {
          ':sealed': S(sealed),
          ':ttl': ttl,
          ':key': S(key),
          ':page': S(authorizationUrl),
          ':until': instant(endsAt),
        },
      })
      await table.update(openOf(vendor.id), name, {
        // What stands on the right is what was there before: all move up by one, and the last falls out.
        set: [
          ...PLACES.map((place, index) => `${place} = ${index === 0 ? ':hash' : placed(index - 1)}`),
          '#ttl = :ttl',
        ],
        // Sent again by the SDK, it finds itself.
        condition: `NOT (${PLACES.map((place) => `${place} = :hash`).join(' OR ')})`,
        values: { ':hash': S(stateHash), ':none': S('none'), ':ttl': ttl },
      })
    },

    async endConsent(connection, { stateHash, through, now }) {
      const { vendor, name } = connection
      const item = await table.get(flowsOf(vendor.id), stateHash)
      const consent = item && (await opened(keyOf(connection), stateHash, item))
      if (!consent || consent.through !== through || !isInTime(consent, item, now)) return undefined
      const ended = { ':hash': S(stateHash), ':ended': S(randomUUID()) }
      // In this order, as one that begins meanwhile moves it up by one.
      for (const place of PLACES) {
        const condition = `${place} = :hash OR ${place} = :ended`
        const done = await table.update(openOf(vendor.id), name, {
          set: [`${place} = :ended`],
          condition,
          values: ended,
        })
        if (done) return consent
      }
      return undefined
    },
  }
}

type Written = Omit<Consent, 'codeVerifier'> & { readonly codeVerifier?: string }

/** All of a consent, as it is sealed. */
const recordOf = ({ codeVerifier, ...consent }: Consent): Secret =>
  new Secret(JSON.stringify({ ...consent, codeVerifier: codeVerifier?.reveal() }))

function consentIn(record: Secret): Consent {
  const { codeVerifier, ...consent } = readBack<Written>(record.reveal())
  return { ...consent, ...(codeVerifier && { codeVerifier: new Secret(codeVerifier) }) }
}

/** All of the table that the hosted callback may touch, and nothing to open a seal with. */
export function dynamoPublicConsents(options: TableOptions): PublicConsents {
  const table = dynamoTable(options)

  /** Takes a consent one step on, for one of those who try. Sent again by the SDK, the step finds its own id. */
  async function step(
    vendorId: string,
    stateHash: string,
    { set, condition, values }: { set: string; condition: string; values: NonNullable<Change['values']> },
  ): Promise<PublicConsent | undefined> {
    const item = await table.update(flowsOf(vendorId), stateHash, {
      set: [set, 'writeId = :id'],
      condition: `(${condition}) OR writeId = :id`,
      values: { ...values, ':id': S(randomUUID()) },
      returns: 'ALL_NEW',
    })
    return item && { stateHash, key: text(item, 'connection'), authorizationUrl: text(item, 'authorizationUrl') }
  }

  return {
    bindConsent: (vendorId, { stateHash, bind, now }) =>
      step(vendorId, stateHash, {
        set: '#bind = :bind',
        condition: 'attribute_not_exists(#bind) AND #until > :now',
        values: { ':bind': S(bind), ':now': instant(now) },
      }),

    takeConsent: (vendorId, { stateHash, bind, now }) =>
      step(vendorId, stateHash, {
        set: 'taken = :now',
        condition: '#bind = :bind AND #until > :now AND attribute_not_exists(taken)',
        values: { ':bind': S(bind), ':now': instant(now) },
      }),
  }
}

/** When it was taken the public function says; how long it may last at most says the seal. */
function isInTime({ through, endsAt }: Consent, item: Item, now: Date): boolean {
  if (through === 'api') return endsAt > now
  const since = secondsAfter(now, -EXCHANGE_WITHIN_SECONDS)
  return endsAt > since && item.taken !== undefined && date(item, 'taken') > since
}

const placed = (index: number): string => `if_not_exists(${PLACES[index]}, :none)`

const flowsOf = (vendorId: string): string => `${vendorId}#FLOW`
const openOf = (vendorId: string): string => `${vendorId}#OPEN`
