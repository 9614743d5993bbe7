import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { Consent, ConsentStore } from '../core/store.ts'
import { EXCHANGE_WITHIN_SECONDS } from '../core/store.ts'
import { date, type Item, N, S, seconds, text, updater } from './dynamo-item.ts'

/** Consents under way, and nothing else of the table: all that the hosted callback may touch. */
export function dynamoConsents(client: DynamoDBClient, table: string): ConsentStore {
  const update = updater(client, table)
  return {
    async beginConsent(vendorId, { stateHash, key, redirectUri, expiresAt, authorizationUrl }) {
      await update(flowsOf(vendorId), stateHash, {
        UpdateExpression: `SET #connection = :key, redirectUri = :uri, #until = :until, #ttl = :ttl
          ${authorizationUrl === undefined ? '' : ', authorizationUrl = :page'}`,
        ExpressionAttributeNames: { '#connection': 'connection', '#until': 'until', '#ttl': 'ttl' },
        ExpressionAttributeValues: {
          ':key': S(key),
          ':uri': S(redirectUri),
          ':until': N(expiresAt.getTime()),
          ':ttl': N(seconds(expiresAt)),
          ...(authorizationUrl !== undefined && { ':page': S(authorizationUrl) }),
        },
      })
    },

    async bindConsent(vendorId, { stateHash, bind, now }) {
      const item = await update(flowsOf(vendorId), stateHash, {
        UpdateExpression: 'SET #bind = :bind',
        ConditionExpression: `attribute_exists(authorizationUrl) AND attribute_not_exists(#bind)
          AND #until > :now AND attribute_not_exists(taken)`,
        ExpressionAttributeNames: { '#bind': 'bind', '#until': 'until' },
        ExpressionAttributeValues: { ':bind': S(bind), ':now': N(now.getTime()) },
        ReturnValues: 'ALL_NEW',
      })
      return item && consentOf(stateHash, item)
    },

    async takeConsent(vendorId, { stateHash, now, ...by }) {
      const whose =
        'bind' in by
          ? { condition: '#of = :of AND attribute_exists(authorizationUrl)', name: 'bind', value: by.bind }
          : { condition: '#of = :of AND attribute_not_exists(authorizationUrl)', name: 'connection', value: by.key }
      const item = await update(flowsOf(vendorId), stateHash, {
        UpdateExpression: 'SET taken = :now',
        ConditionExpression: `${whose.condition} AND #until > :now AND attribute_not_exists(taken)`,
        ExpressionAttributeNames: { '#of': whose.name, '#until': 'until' },
        ExpressionAttributeValues: { ':of': S(whose.value), ':now': N(now.getTime()) },
        ReturnValues: 'ALL_NEW',
      })
      return item && consentOf(stateHash, item)
    },

    async markExchanged(vendorId, { stateHash, key, now }) {
      const item = await update(flowsOf(vendorId), stateHash, {
        UpdateExpression: 'SET exchanged = :now',
        ConditionExpression: `#connection = :key AND attribute_exists(#bind) AND taken > :recently
          AND attribute_not_exists(exchanged)`,
        ExpressionAttributeNames: { '#connection': 'connection', '#bind': 'bind' },
        ExpressionAttributeValues: {
          ':key': S(key),
          ':now': N(now.getTime()),
          ':recently': N(now.getTime() - EXCHANGE_WITHIN_SECONDS * 1000),
        },
        ReturnValues: 'ALL_NEW',
      })
      return item && consentOf(stateHash, item)
    },
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
