import { once } from '../kit/once.ts'
import type { Vendor, VendorFacts } from '../kit/vendor.ts'

/**
 * A vendor whose facts are there at once and whose code is loaded by `load`. Nothing is done with a vendor without its
 * credentials, so reading them loads it. What is asked of the code before that is a mistake of ours, and throws.
 */
export function vendorOnDemand(facts: VendorFacts, code: () => Promise<Vendor>) {
  let loaded: Vendor | undefined
  const load = once(async () => {
    loaded = await code()
  })
  const get = (_: object, name: string | symbol) => {
    if (name in facts) return Reflect.get(facts, name)
    if (!loaded) throw new Error(`the code of ${facts.id} is not loaded: ${String(name)}`)
    return Reflect.get(loaded, name)
  }
  // It answers to every name that the loaded vendor answers to.
  return { vendor: new Proxy({}, { get }) as Vendor, load }
}
