import * as z from 'zod/mini'
import { lifeSeconds, secret } from '../kit/schema.ts'

const DAY_SECONDS = 24 * 60 * 60

// A deployment is one label of a host name. People paste the address of their Accelo, or of its API, instead.
const PASTED = /^(?:https:\/\/)?([^./]+)(?:\.api)?\.accelo\.com\/?$/
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/
// read(all),write(companies,contacts): joined by commas, where RFC 6749 section 3.3 has spaces.
const SCOPE =
  /^(read|write)\([a-z][a-z0-9_]*(,[a-z][a-z0-9_]*)*\)(,(read|write)\([a-z][a-z0-9_]*(,[a-z][a-z0-9_]*)*\))*$/

/** What registering an application of the type Service gives (Accelo API documentation, Introduction, 2026-11). */
export const credentials = z.object({
  deployment: z.string('must be a string').check(
    z.trim(),
    z.toLowerCase(),
    z.overwrite((text) => text.replace(PASTED, '$1')),
    z.regex(LABEL, 'must be the name in front of .accelo.com'),
  ),
  // RFC 7617 section 2: a colon would end the id.
  client_id: z.string('must be a string').check(z.trim(), z.regex(/^[!-9;-~]+$/, 'must be an id without a colon')),
  client_secret: secret,
  // Accelo's own default is read(all) too; sending it keeps that so.
  scope: z._default(
    z.string('must be a string').check(
      z.trim(),
      z.overwrite((text) => text.replace(/\),?\s+/g, '),')),
      z.regex(SCOPE, 'must be like read(all),write(companies,contacts)'),
    ),
    'read(all)',
  ),
  // Accelo's own default of 30 days is long for a leaked token.
  token_lifetime_seconds: lifeSeconds(30 * DAY_SECONDS, DAY_SECONDS),
})
