import * as z from 'zod/mini'
import { CONNECTION } from '../../functions/api/answers.ts'
import { NAME } from '../../functions/kit/connection.ts'
import { UsageError } from './command.ts'

export interface ConnectionName {
  readonly vendor: string
  readonly connection: string
}

/** What a command takes that is about one connection. */
export const ONE_CONNECTION = { '<vendor>': '', '<connection>': '' } as const

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
