import { existsSync, readdirSync } from 'node:fs'
import type { SimulatedVendor } from '../../functions/simulation/vendor-simulator.ts'

const FUNCTIONS = new URL('../../functions/', import.meta.url)

/** Every vendor with a simulator in its folder, by its id. The registry is code that they check, so it is not asked. */
export async function simulatedVendors(): Promise<ReadonlyMap<string, SimulatedVendor>> {
  const vendors = new Map<string, SimulatedVendor>()
  for (const id of readdirSync(FUNCTIONS).sort()) {
    const file = new URL(`${id}/simulator.ts`, FUNCTIONS)
    if (existsSync(file)) vendors.set(id, await import(file.href))
  }
  return vendors
}
