import * as z from 'zod/mini'
import { CONNECTION } from '../../functions/api/answers.ts'
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

/** What the machine reports of a connection. A newer machine may know more states than this command. */
export const connectionState = z.looseObject({ ...CONNECTION.shape, state: z.string() })
export type ConnectionState = z.output<typeof connectionState>

/** The state of a connection, and what is to be done about it. */
export const stateInWords = ({ state, next_action }: ConnectionState): string =>
  `state: ${state.replaceAll('_', ' ')}\nnext step: ${next_action}`
