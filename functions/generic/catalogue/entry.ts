import type { VendorDescription } from '../description.ts'

/** A well-known API as data: what its documents say, and what of them is not done here. */
export interface CatalogueEntry extends VendorDescription {
  /** 'zoom': what settings and callers call it. */
  readonly id: string
  readonly documents: string
  /** More pages that it was read from. */
  readonly alsoRead?: readonly string[]
  /** The day on which the documents were read: '2026-11-22'. */
  readonly readOn: string
  /** What is odd about this vendor, in a sentence. */
  readonly quirk?: string
  /** What its API offers and this does not do. */
  readonly notCovered: readonly string[]
  /** Whether anybody has got a token of the vendor itself with it. */
  readonly tried: 'at the vendor' | 'never at the vendor'
}
