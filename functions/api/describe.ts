import type { Vendor } from '../kit/vendor.ts'

/** What people and the command line have to know of a vendor: a `VENDOR` of the answers. It asks nobody. */
export const describe = ({
  id,
  title,
  forms = [],
  authorization,
  creation = [],
  consent = [],
  rotation,
}: Vendor): object => ({
  vendor: id,
  title,
  forms,
  needs_consent: authorization !== undefined,
  creation,
  consent,
  rotation,
})
