import { ENV } from '../../functions/environment.ts'
import { type Shell, UsageError } from './command.ts'

/** The page of a vendor as a browser on this computer reaches it. Throws UsageError. */
export function pageToOpen({ href, host, pathname, search }: URL, environment: Shell['environment']): URL {
  const simulator = environment[ENV.simulatorUrl]
  if (!simulator) return new URL(href)
  if (environment.AWS_LAMBDA_FUNCTION_NAME)
    throw new UsageError(`${ENV.simulatorUrl} is for laptops; it is refused inside Lambda`)
  // `https://HOST/PATH` is simulated at `<simulator>/HOST/PATH`, as in functions/aws/simulator.ts.
  return new URL(`${simulator}/${host}${pathname}${search}`)
}
