import * as z from 'zod/mini'
import { ENV } from '../../functions/environment.ts'
import type { Shell } from './command.ts'

/** Enough for a clock on this computer. */
const TIMEOUT_MS = 1000

const clock = z.object({ ahead_seconds: z.number().check(z.nonnegative(), z.maximum(Number.MAX_SAFE_INTEGER)) })

/**
 * Returns how far the clock of a machine on this laptop has been moved ahead, for the dates that people read; requests
 * are signed in real time. 0 where there is no such clock: a machine in the cloud, simulators elsewhere, or none that
 * answers within a second.
 */
export async function secondsAhead({ environment, http }: Pick<Shell, 'environment' | 'http'>): Promise<number> {
  const { [ENV.simulatorUrl]: simulator, VENDOMAT_URL: machine } = environment
  if (!simulator || !isBeside(simulator, machine)) return 0
  try {
    const answer = await http(`${simulator.replace(/\/+$/, '')}/_control/clock`, {
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    return clock.parse(await answer.json()).ahead_seconds
  } catch {
    return 0
  }
}

/** The environment may name the simulators of a laptop and a machine elsewhere. */
function isBeside(simulator: string, machine: string | undefined): boolean {
  if (!machine || !URL.canParse(machine) || !URL.canParse(simulator)) return false
  return new URL(machine).hostname === new URL(simulator).hostname
}
