import {
  type AttributeValue,
  type DynamoDBClient,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb'
import { storeUnavailable } from './unavailable.ts'

export type Item = Record<string, AttributeValue>

export const S = (value: string): AttributeValue.SMember => ({ S: value })
export const N = (value: number): AttributeValue.NMember => ({ N: String(value) })

export function text(item: Item, name: string): string {
  const value = item[name]?.S
  if (value === undefined) throw new Error(`item without ${name}`)
  return value
}

export function number(item: Item, name: string): number {
  const value = item[name]?.N
  if (value === undefined) throw new Error(`item without ${name}`)
  return Number(value)
}

export const date = (item: Item, name: string): Date => new Date(number(item, name))

/** What `ttl` wants; rounded up, so that nothing is swept away before its end. */
export const seconds = (instant: Date): number => Math.ceil(instant.getTime() / 1000)

type Change = Omit<UpdateItemCommandInput, 'TableName' | 'Key'>

/** Writes to one table. Answers the item after the write, or undefined when the condition did not hold. */
export function updater(client: DynamoDBClient, table: string) {
  return async (pk: string, sk: string, change: Change): Promise<Item | undefined> => {
    const command = new UpdateItemCommand({ TableName: table, Key: { pk: S(pk), sk: S(sk) }, ...change })
    try {
      const { Attributes } = await client.send(command)
      return Attributes ?? {}
    } catch (error) {
      if (error instanceof Error && error.name === 'ConditionalCheckFailedException') return undefined
      throw storeUnavailable('the table', error)
    }
  }
}
