import { type AttributeValue, type DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb'
import type { Envelope } from '../../functions/aws/envelope.ts'
import { MARK } from './server.ts'

export type RawItem = Readonly<Record<string, AttributeValue>>

/** What the items of one connection say, read past the adapters. */
export interface TableFacts {
  readonly status: string
  readonly epoch: number
  readonly fence: number
  readonly generation: number
  readonly tokenFence: number
  /** Only a consent helps. */
  readonly needsConsent: boolean
}

export async function scan(client: DynamoDBClient, table: string): Promise<readonly RawItem[]> {
  const { Items = [] } = await client.send(new ScanCommand({ TableName: table, ConsistentRead: true }))
  return Items
}

/** The refresh token of a connection, opened. */
export async function storedRefreshToken(
  items: readonly RawItem[],
  key: string,
  envelope: Envelope,
): Promise<string | undefined> {
  const state = items.find(({ pk, sk }) => pk?.S === key && sk?.S === 'STATE')
  if (!state?.refreshToken?.S) return undefined
  const [epoch, fence] = [Number(state.refreshEpoch?.N), Number(state.refreshFence?.N)]
  return (await envelope.open(state.refreshToken.S, { key, use: 'refresh', epoch, fence }))?.reveal()
}

/** Undefined when there is nothing of it. */
export function factsOf(items: readonly RawItem[], key: string): TableFacts | undefined {
  const find = (sk: string) => items.find((item) => item.pk?.S === key && item.sk?.S === sk)
  const state = find('STATE')
  if (!state) return undefined
  const number = (name: string) => Number(state[name]?.N ?? 0)
  const failure = JSON.parse(state.failure?.S ?? '{}')
  return {
    status: state.status?.S ?? '',
    epoch: number('epoch'),
    fence: number('fence'),
    generation: number('generation'),
    tokenFence: Number(find('TOKEN')?.fence?.N ?? 0),
    needsConsent: 'code' in failure && !('credentialVersion' in failure),
  }
}

const GRANT = ['refreshToken', 'refreshEpoch', 'refreshFence', 'generation', 'unconfirmedSends', 'grantEnd']

/** What is in the items of a connection, but for the refresh token: that a late writer may still save. */
export const allButTheGrant = (items: readonly RawItem[], key: string): string =>
  JSON.stringify(
    items
      .filter(({ pk, sk }) => pk?.S === key && (sk?.S === 'STATE' || sk?.S === 'TOKEN'))
      .map((item) => Object.entries(item).filter(([name]) => !GRANT.includes(name)))
      .map((entries) => entries.sort(([a], [b]) => (a < b ? -1 : 1)))
      .sort(),
  )

/** MARK in plain text, and in base64 wherever it begins. */
const SPELLINGS = [MARK, ...[0, 1, 2].map(inBase64)]

function inBase64(bytesBefore: number): string {
  const text = Buffer.from(`${'.'.repeat(bytesBefore)}${MARK}`).toString('base64')
  return text.slice(Math.ceil((bytesBefore * 8) / 6), Math.floor(((bytesBefore + MARK.length) * 8) / 6))
}

export function hasPlainSecret(items: readonly RawItem[]): boolean {
  const text = JSON.stringify(items)
  return SPELLINGS.some((spelling) => text.includes(spelling))
}

/** Limits by the beginning of their item's name, and how much of each may be taken. */
const LIMITS = { 'REFRESH#': 1, 'REFRESH-HOUR#': 30, 'OBTAINED#': 120 }

/** The items in which more is taken than their limit allows. */
export const overdrawn = (items: readonly RawItem[]): readonly string[] =>
  items.flatMap(({ pk, sk, ids }) => {
    if (!pk?.S?.endsWith('#ALLOWANCE')) return []
    const limit = Object.entries(LIMITS).find(([name]) => sk?.S?.startsWith(name))
    return limit && (ids?.SS?.length ?? 0) > limit[1] ? [`${sk?.S}: ${ids?.SS?.length}`] : []
  })

export const hasStoredToken = (items: readonly RawItem[]): boolean =>
  items.some(({ sk, sealed, refreshToken }) => sk?.S === 'TOKEN' || sealed || refreshToken)
