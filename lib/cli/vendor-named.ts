import type { Vendor } from '../../functions/kit/vendor.ts'
import { vendors } from '../../functions/vendors.ts'
import { UsageError } from './command.ts'

/** Throws UsageError, which names all vendors. */
export function vendorNamed(id: string): Vendor {
  const vendor: Vendor | undefined = Object.values<Vendor>(vendors).find((one) => one.id === id)
  if (vendor) return vendor
  throw new UsageError(`there is no vendor "${id}"; there are ${Object.keys(vendors).join(', ')}`)
}
