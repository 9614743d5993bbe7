import type { Vendor } from './kit/vendor.ts'
import * as registry from './registry.ts'

/** Every vendor, by its id. */
export const vendors = registry satisfies Readonly<Record<string, Vendor>>
