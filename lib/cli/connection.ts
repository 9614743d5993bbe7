import * as z from 'zod/mini'
import { NAME } from '../../functions/kit/connection.ts'
import { UsageError } from './command.ts'

export interface ConnectionName {
  readonly vendor: string
  readonly connection: string
}

/** The one vendor and the one connection that a command line names. Throws UsageError. */
export function connectionNamed(positionals: readonly string[]): ConnectionName {
  const [vendor, connection, ...rest] = positionals
  if (!vendor || !connection || rest.length > 0) throw new UsageError('name a vendor and a connection')
  checkNames(vendor, connection)
  return { vendor, connection }
}

/** Throws UsageError: another text could become another path of the API. */
export function checkNames(...names: string[]): void {
  if (!names.every((name) => NAME.test(name))) throw new UsageError('names consist of a-z, 0-9 and "-"')
}

/** What the machine reports of a connection. It holds no token. */
export const connectionState = z.looseObject({
  vendor: z.string(),
  connection: z.string(),
  /** 'ok' and others; a newer machine may know more of them. */
  state: z.string(),
  owner: z.optional(z.string()),
  /** When the machine renews it next, if it will. */
  renews_at: z.optional(z.iso.datetime({ offset: true })),
  /** The version of the secret that is in use, if it is known. */
  secret_version: z.optional(z.string()),
  expires_at: z.optional(z.iso.datetime({ offset: true })),
  days_left: z.optional(z.number()),
  credential_ends_at: z.optional(z.iso.datetime({ offset: true })),
  next_notice_at: z.optional(z.iso.datetime({ offset: true })),
  acknowledged: z.optional(z.looseObject({ by: z.string(), at: z.string(), note: z.optional(z.string()) })),
  checked: z.optional(z.looseObject({ at: z.string(), result: z.string() })),
  last_failure: z.optional(
    z.looseObject({ code: z.string(), detail: z.string(), since: z.string(), next_try_at: z.optional(z.string()) }),
  ),
  next_action: z.string(),
})
export type ConnectionState = z.output<typeof connectionState>

/** The state of a connection, and what is to be done about it. */
export const stateInWords = ({ state, next_action }: ConnectionState): string =>
  `state: ${state.replaceAll('_', ' ')}\nnext step: ${next_action}`
