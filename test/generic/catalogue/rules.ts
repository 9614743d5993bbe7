import type { CatalogueEntry } from '../../../functions/generic/catalogue/entry.ts'
import { descriptionSchema } from '../../../lib/description-schema.ts'

/** What the settings of a deployment would refuse, by member. */
export const settingsFaults = (entry: CatalogueEntry): string[] =>
  descriptionSchema.safeParse(entry).error?.issues.map(({ path }) => path.join('.')) ?? []

/** What an entry has to say of itself beside that, and does not. */
export function factFaults({
  id,
  title,
  documents,
  alsoRead = [],
  readOn,
  quirk,
  notCovered,
}: CatalogueEntry): string[] {
  const pages = [documents, ...alsoRead]
  const faults = {
    'id is no word': !/^[a-z][a-z0-9]*$/.test(id),
    // 'log in to Slack with …'
    'title is no name that sentences can have': !/^[\w .&-]+$/.test(title),
    'a page is no https page': !pages.every((page) => URL.canParse(page) && new URL(page).protocol === 'https:'),
    'a page is named twice': new Set(pages).size < pages.length,
    'readOn is no day': !/^\d{4}-\d{2}-\d{2}$/.test(readOn) || Number.isNaN(Date.parse(readOn)),
    'quirk is no sentence': quirk !== undefined && !/^[A-Z].+\.$/.test(quirk),
    'notCovered is empty': notCovered.length === 0 || notCovered.some((one) => one.trim() === ''),
  }
  return Object.entries(faults).flatMap(([fault, is]) => (is ? [fault] : []))
}
