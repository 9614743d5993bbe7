import type { AttributeValue } from '@aws-sdk/client-dynamodb'

export type Item = Readonly<Record<string, AttributeValue>>

export const S = (value: string): AttributeValue.SMember => ({ S: value })
export const N = (value: number): AttributeValue.NMember => ({ N: String(value) })
export const SS = (...values: string[]): AttributeValue.SSMember => ({ SS: values })
export const BOOL = (value: boolean): AttributeValue.BOOLMember => ({ BOOL: value })
export const instant = (value: Date): AttributeValue.NMember => N(value.getTime())
export const json = (value: object): AttributeValue.SMember => S(JSON.stringify(value))

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

/** What `ttl` wants; rounded up, so that nothing is deleted before its end. */
export const seconds = (instant: Date): AttributeValue.NMember => N(Math.ceil(instant.getTime() / 1000))

/** JSON that `json` wrote, which is why it has the type it had then; of its members these are instants. */
const INSTANTS = ['at', 'since', 'until', 'endsAt', 'stated']
export const readBack = <T>(text: string): T =>
  JSON.parse(text, (name, value) => (INSTANTS.includes(name) && typeof value === 'string' ? new Date(value) : value))
