import { atlassian } from './atlassian.ts'
import { box } from './box.ts'
import { docusign } from './docusign.ts'
import { dropbox } from './dropbox.ts'
import type { CatalogueEntry } from './entry.ts'
import { github } from './github.ts'
import { google } from './google.ts'
import { hubspot } from './hubspot.ts'
import { microsoft } from './microsoft.ts'
import { paypal } from './paypal.ts'
import { salesforce } from './salesforce.ts'
import { slack } from './slack.ts'
import { xero } from './xero.ts'
import { zoom } from './zoom.ts'

/** Sorted by id. */
export const catalogue: readonly CatalogueEntry[] = [
  // One a line.
  atlassian,
  box,
  docusign,
  dropbox,
  github,
  google,
  hubspot,
  microsoft,
  paypal,
  salesforce,
  slack,
  xero,
  zoom,
]
