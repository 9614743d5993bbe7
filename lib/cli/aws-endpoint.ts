import type { Shell } from './command.ts'

/** Where a service of AWS answers (AWS SDKs and Tools reference guide, "Service-specific endpoints", 2026-11). */
export function awsEndpoint(service: string, region: string, environment: Shell['environment']): URL {
  const own = environment[`AWS_ENDPOINT_URL_${service.toUpperCase()}`]
  return new URL(own || environment.AWS_ENDPOINT_URL || `https://${service}.${region}.${domainOf(region)}/`)
}

/** `amazonaws.com`, and in China another. */
export const domainOf = (region: string): string => (region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com')
