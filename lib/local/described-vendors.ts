import type { DeployedFunction } from './deployment.ts'
import { type DescribedVendor, describedVendor } from './simulators/oauth/described-vendor.ts'
import { keysForClients } from './simulators/oauth/keys.ts'

/** Those that a deployment has a description of in the place of code, by id. */
export function describedVendors(
  functions: readonly Pick<DeployedFunction, 'environment'>[],
): ReadonlyMap<string, DescribedVendor> {
  const keyFor = keysForClients()
  const vendors = functions.flatMap(({ environment: { VENDOMAT_DESCRIPTION: json } }) =>
    typeof json === 'string' ? [describedVendor(json, keyFor)] : [],
  )
  return new Map(vendors.map((vendor) => [vendor.id, vendor]))
}
