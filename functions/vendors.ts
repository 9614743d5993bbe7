import { accelo } from './accelo/vendor.ts'
import { accessia } from './accessia/vendor.ts'
import { clearid } from './clearid/vendor.ts'
import { iobeya } from './iobeya/vendor.ts'
import type { Vendor } from './kit/vendor.ts'
import { netrex } from './netrex/vendor.ts'

/** Every vendor there is. A new one is a folder, a test, and a line here. */
export const vendors = { accelo, accessia, clearid, iobeya, netrex } as const satisfies Record<string, Vendor>
