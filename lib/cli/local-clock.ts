import * as z from 'zod/mini'
import { ENV } from '../../functions/environment.ts'
import type { Shell } from './command.ts'

/** It is on this computer, or it is not there. */
const TIMEOUT_MS = 1000

const clock = z.object({ ahead_seconds: z.number().check(z.nonnegative(), z.maximum(Number.MAX_SAFE_INTEGER)) })

/**
 * How far the clock of a machine on this laptop has been moved ahead: what is still good there may be long over there.
 * 0 where there is no such clock: a machine in the cloud, simulators of somebody else, or none that answers within a
 * second. Only dates that people read are shifted; requests are signed in real time.
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

/** Who has the simulators of a laptop in the environment may call a machine elsewhere all the same. */
function isBeside(simulator: string, machine: string | undefined): boolean {
  if (!machine || !URL.canParse(machine) || !URL.canParse(simulator)) return false
  return new URL(machine).hostname === new URL(simulator).hostname
}
