import type { Combination } from './combination.ts'
import type { Deviation, Server } from './server.ts'

/** Where a server does not do what the RFC says, what it does instead has to stay what it is. */
export const deviationOf = ({ deviations }: Server, name: string, combination: Combination): Deviation | undefined =>
  deviations.find(({ check, on = () => true }) => check === name && on(combination))
