import { ENV } from '../../functions/environment.ts'
import type { Context, Vendor } from '../../functions/kit/vendor.ts'
import { type Shell, UsageError } from './command.ts'

/** The longest that the machine itself waits for a vendor (functions/core/lease.ts). */
export const VENDOR_SECONDS = 15

/** The context in which a vendor is called from this computer. Throws UsageError. */
export function vendorContext(vendor: Vendor, { environment, http, now }: Shell): Context {
  if (environment.NODE_TLS_REJECT_UNAUTHORIZED === '0')
    throw new UsageError('NODE_TLS_REJECT_UNAUTHORIZED=0 is refused: vendors are checked')
  const simulator = simulatorOf(environment)
  return {
    http: simulator
      ? (input, init) => http(atSimulator(new URL(input instanceof Request ? input.url : input), simulator), init)
      : http,
    now,
    signal: AbortSignal.timeout(VENDOR_SECONDS * 1000),
    hosts: [...vendor.hosts, ...(environment[ENV.allowedHosts]?.split(',').filter(Boolean) ?? [])],
    policy: vendor.tokens,
  }
}

/** The page of a vendor as a browser on this computer reaches it. */
export function pageToOpen(page: URL, environment: Shell['environment']): URL {
  const simulator = simulatorOf(environment)
  return simulator ? atSimulator(page, simulator) : page
}

function simulatorOf(environment: Shell['environment']): string | undefined {
  const simulator = environment[ENV.simulatorUrl]
  if (simulator && environment.AWS_LAMBDA_FUNCTION_NAME)
    throw new UsageError(`${ENV.simulatorUrl} is for laptops; it is refused inside Lambda`)
  return simulator
}

/** `https://HOST/PATH` is simulated at `<simulator>/HOST/PATH`, as in functions/aws/via-simulator.ts. */
const atSimulator = ({ host, pathname, search }: URL, simulator: string): URL =>
  new URL(`${simulator}/${host}${pathname}${search}`)
