import type { CatalogueEntry } from './entry.ts'
import { zoom } from './zoom.ts'

/** Sorted by id. */
export const catalogue: readonly CatalogueEntry[] = [
  // One a line.
  zoom,
]
