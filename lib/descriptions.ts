import { ENV } from '../functions/environment.ts'
import type { CatalogueEntry } from '../functions/generic/catalogue/entry.ts'
import { catalogue } from '../functions/generic/catalogue/index.ts'
import type { VendorDescription } from '../functions/generic/description.ts'
import { describedVendor } from '../functions/generic/vendor.ts'
import type { Vendor } from '../functions/kit/vendor.ts'
import { vendors as registry } from '../functions/vendors.ts'
import { didYouMean } from './did-you-mean.ts'
import type { Settings } from './settings.ts'

type Chosen = Pick<Settings, 'vendors' | 'oauthVendors'>

/** Every vendor of a deployment, of checked settings: those with code of their own, and those that a description makes. */
export const describedVendors = ({
  vendors = Object.values(registry),
  oauthVendors = {},
}: Chosen): readonly Vendor[] => [
  ...vendors.map((one) => (typeof one === 'string' ? vendorCalled(one) : one)),
  ...Object.entries(oauthVendors).map(([id, description]) => describedVendor(id, withoutNotes(description))),
]

/** What settings may call a vendor by instead of importing it. */
export const knownIds = (): readonly string[] => [...Object.keys(registry), ...catalogue.map(({ id }) => id)]

function vendorCalled(id: string): Vendor {
  const coded = Object.values(registry).find((one) => one.id === id)
  if (coded) return coded
  return describedVendor(id, withoutNotes(catalogueEntry(id)))
}

/** One of the catalogue, to be described anew with what one changes of it. Throws where there is none. */
export function catalogueEntry(id: string): CatalogueEntry {
  const entry = catalogue.find((one) => one.id === id)
  if (entry) return entry
  const ids = catalogue.map((one) => one.id)
  throw new Error(`the catalogue has no ${id}${didYouMean(id, ids)}`)
}

/** What an entry of the catalogue says to people alone. */
export const NOTES = ['id', 'alsoRead', 'readOn', 'quirk', 'notCovered', 'tried'] as const satisfies readonly Exclude<
  keyof CatalogueEntry,
  keyof VendorDescription
>[]

/** What is for people who choose a vendor its function does not get, whose environment is small. */
function withoutNotes(entry: VendorDescription | CatalogueEntry): VendorDescription {
  const kept = Object.entries(entry).filter(([name]) => !NOTES.some((note) => note === name))
  // Only members that a description does not have are gone.
  return Object.fromEntries(kept) as unknown as VendorDescription
}

/** AWS Lambda developer guide, "Lambda quotas", 2026-11: of all variables of a function in all, as JSON. */
const ENVIRONMENT_BYTES = 4096
/** What a deployment alone knows takes less: names of the table, of topics and of the stack, addresses, a key. */
const OTHERS_BYTES = 1000

/** How many bytes of a function's environment are left after the description of its vendor; fewer than none are too few. */
export function bytesLeft({ id, description }: Vendor, settings: Settings): number {
  const known = {
    [ENV.description]: JSON.stringify(description),
    [ENV.allowedHosts]: settings.allowedHosts?.[id]?.join(),
    [ENV.allowedNetworks]: settings.allowedNetworks?.[id]?.join(),
    [ENV.runbook]: settings.runbookUrl,
  }
  return ENVIRONMENT_BYTES - OTHERS_BYTES - Buffer.byteLength(JSON.stringify(known))
}
