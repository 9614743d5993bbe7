import { adobe } from './adobe.ts'
import { airtable } from './airtable.ts'
import { asana } from './asana.ts'
import { atlassian } from './atlassian.ts'
import { auth0 } from './auth0.ts'
import { basecamp } from './basecamp.ts'
import { bitbucket } from './bitbucket.ts'
import { box } from './box.ts'
import { calendly } from './calendly.ts'
import { databricks } from './databricks.ts'
import { discord } from './discord.ts'
import { docusign } from './docusign.ts'
import { dropbox } from './dropbox.ts'
import type { CatalogueEntry } from './entry.ts'
import { github } from './github.ts'
import { gitlab } from './gitlab.ts'
import { google } from './google.ts'
import { googleworkspace } from './googleworkspace.ts'
import { hubspot } from './hubspot.ts'
import { linkedin } from './linkedin.ts'
import { microsoft } from './microsoft.ts'
import { notion } from './notion.ts'
import { okta } from './okta.ts'
import { pagerduty } from './pagerduty.ts'
import { paypal } from './paypal.ts'
import { procore } from './procore.ts'
import { quickbooks } from './quickbooks.ts'
import { salesforce } from './salesforce.ts'
import { servicenow } from './servicenow.ts'
import { shopify } from './shopify.ts'
import { slack } from './slack.ts'
import { spotify } from './spotify.ts'
import { square } from './square.ts'
import { stripe } from './stripe.ts'
import { twitch } from './twitch.ts'
import { ups } from './ups.ts'
import { webex } from './webex.ts'
import { xero } from './xero.ts'
import { zendesk } from './zendesk.ts'
import { zoom } from './zoom.ts'

/** Sorted by id. */
export const catalogue: readonly CatalogueEntry[] = [
  // One a line.
  adobe,
  airtable,
  asana,
  atlassian,
  auth0,
  basecamp,
  bitbucket,
  box,
  calendly,
  databricks,
  discord,
  docusign,
  dropbox,
  github,
  gitlab,
  google,
  googleworkspace,
  hubspot,
  linkedin,
  microsoft,
  notion,
  okta,
  pagerduty,
  paypal,
  procore,
  quickbooks,
  salesforce,
  servicenow,
  shopify,
  slack,
  spotify,
  square,
  stripe,
  twitch,
  ups,
  webex,
  xero,
  zendesk,
  zoom,
]
