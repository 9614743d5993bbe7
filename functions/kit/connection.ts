import type { Vendor } from './vendor.ts'

/** One account at a vendor: what a person connects and a caller names. Its credentials are one secret. */
export interface Connection {
  readonly vendor: Vendor
  readonly name: string
}

/** What a connection may be called. */
export const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/

/** `accelo/hq`: what people and callers read, and the end of its secret's name and of its path in the API. */
export const labelOf = ({ vendor, name }: Connection): string => `${vendor.id}/${name}`

/** `accelo#hq`: the partition key of its items, and its name in logs. No message to people has it. */
export const keyOf = ({ vendor, name }: Connection): string => `${vendor.id}#${name}`

/** The name of the connection in a key. */
export const nameIn = (key: string): string => key.slice(key.indexOf('#') + 1)

/** The connection of a vendor that a key names. */
export const connectionOf = (vendor: Vendor, key: string): Connection => ({ vendor, name: nameIn(key) })
