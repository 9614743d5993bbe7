import { CHECKS, type Check, type Row } from './checks.ts'
import { clientOf, oddClientOf, otherClientOf } from './client.ts'
import { COMBINATIONS, type Combination } from './combination.ts'
import type { Deviation, Running, Server } from './server.ts'

export const offeredBy = (server: Server): readonly Combination[] =>
  COMBINATIONS.filter((combination) => server.missing(combination) === undefined)

export const checksOf = (row: Omit<Row, 'running'>): readonly Check[] => CHECKS.filter(({ isFor }) => isFor(row))

/** With the clients of every combination that it offers. */
export const started = (server: Server): Promise<Running> =>
  server.start(offeredBy(server).flatMap((combination) => CLIENTS.map((of) => of(combination))))

const CLIENTS = [clientOf, oddClientOf, otherClientOf]

export interface Seen {
  readonly observed: string
  readonly expected: string
  readonly deviation?: Deviation
}

/**
 * What comes of a check, and what has to. Where the server does not do what the RFC says, what it does instead has to stay as it
 * is, and what a description can say about it has to help.
 */
export async function seen(check: Check, row: Row): Promise<Seen> {
  const { name, expected, observe } = check
  const deviation = row.server.deviations.find(({ check, on = () => true }) => check === name && on(row.combination))
  const observed = await observe(row)
  if (!deviation) return { observed, expected }
  const { mendedBy: changes } = deviation
  if (!changes) return { observed, expected: deviation.observed, deviation }
  const mended = await observe({ ...row, changes })
  return { observed: `${observed}, then ${mended}`, expected: `${deviation.observed}, then ${expected}`, deviation }
}
