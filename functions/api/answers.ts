import * as z from 'zod/mini'
import { FAILURES } from '../kit/errors.ts'
import { STATES } from './states.ts'

/*
 * What the API answers. The command line reads with these, the OpenAPI document is made of them, and tests hold an answer of
 * each operation and each refusal against them; nothing is spent on that while a token is vended. A later machine may answer more members.
 */

const said = <T extends z.ZodMiniType>(schema: T, description: string): T => schema.check(z.describe(description)) as T

/** The members of an answer that are known here. */
export type Members<T extends z.ZodMiniObject> = Readonly<z.output<z.ZodMiniObject<T['shape'], z.core.$strip>>>

const instant = z.iso.datetime()
const vendor = z.string()
const connection = z.string()

export const WARNING = z.looseObject({ code: z.string(), detail: z.string() })
const warnings = said(z.array(WARNING), 'What callers and people should know although it worked.')

/** RFC 6749 section 5.1, and more. */
export const TOKEN = z.looseObject({
  access_token: z.string(),
  token_type: z.literal('Bearer'),
  expires_in: said(z.optional(z.number()), 'Seconds. Left out for a token whose end nobody knows.'),
  scope: z.optional(z.string()),
  expires_at: z.optional(instant),
  refresh_after: said(instant, 'When to ask for the next one.'),
  vendor,
  connection,
  fingerprint: said(z.string(), "The first 16 hex digits of the token's SHA-256."),
  source: z.enum(['cache', 'vendor', 'stale']),
  context: said(z.record(z.string(), z.string()), "What calls of the vendor's API need: its base URL, an account id."),
  warnings,
})

const acknowledgement = z.looseObject({ by: z.string(), at: instant, note: z.optional(z.string()) })

/** What people may know of a connection. Never a token. */
export const CONNECTION = z.looseObject({
  vendor,
  connection,
  state: said(z.enum(Object.keys(STATES) as [keyof typeof STATES]), 'How it is.'),
  owner: z.optional(z.string()),
  expires_at: said(z.optional(instant), 'Of the token.'),
  days_left: z.optional(z.number()),
  renews_at: said(z.optional(instant), 'When the machine renews it next, if it will.'),
  secret_version: said(z.optional(z.string()), 'The version of the secret that last worked.'),
  credential_ends_at: said(
    z.optional(instant),
    'Of the credentials themselves, where they have an end that a person has to put off.',
  ),
  next_notice_at: z.optional(instant),
  acknowledged: z.optional(acknowledgement),
  grant: said(
    z.optional(
      z.looseObject({
        ends_at: instant,
        renewals_extend: said(
          z.optional(z.boolean()),
          'Renewals put the end off, as far as has been seen: people need not care while they work.',
        ),
        next_notice_at: z.optional(instant),
        acknowledged: z.optional(acknowledgement),
      }),
    ),
    'What a person has consented to, where its end is known: a new consent begins another.',
  ),
  checked: said(
    z.optional(z.looseObject({ at: instant, result: z.string() })),
    'When the vendor last was seen to take the static token.',
  ),
  last_success_at: z.optional(instant),
  last_failure: z.optional(
    z.looseObject({ code: z.string(), detail: z.string(), since: instant, next_try_at: z.optional(instant) }),
  ),
  next_action: said(z.string(), 'What a person has to do, in words.'),
})

/** One page of a vendor's connections by name. */
export const PAGE = z.looseObject({
  connections: z.array(CONNECTION),
  next: said(z.optional(z.string()), 'Where the next page begins, if there is one.'),
  checked_at: said(
    z.optional(instant),
    'On the first page: when the last daily check began, of which a schedule had to reach the function.',
  ),
  warnings: said(z.optional(z.array(WARNING)), 'What keeps the list from being whole.'),
})

const sentences = z.array(z.string())

const FIELD = z.looseObject({
  name: said(z.string(), 'Of the member in the document.'),
  label: z.string(),
  secret: said(z.optional(z.boolean()), 'It is not shown while it is typed.'),
  file: said(z.optional(z.boolean()), 'It has several lines: the person says in which file it is.'),
  jwt: said(z.optional(z.boolean()), 'The vendor makes it as a JWT.'),
  optional: z.optional(z.boolean()),
  default: z.optional(z.string()),
})

const FORM = z.looseObject({
  title: z.string(),
  is_token: said(z.optional(z.boolean()), 'The credentials are the token, so nobody has to consent.'),
  fields: said(
    z.optional(z.array(FIELD)),
    'The members to fill in; where there is a file, those that it does not have.',
  ),
  file: said(z.optional(z.string()), 'Where the file is, as the person is asked.'),
  choice: said(
    z.optional(
      z.looseObject({
        open: z.string(),
        member: z.string(),
        options: z.array(z.looseObject({ value: z.string(), means: z.string() })),
      }),
    ),
    'What a file leaves open that has the members of all options: the member says which is used.',
  ),
})

/** What people and the command line have to know of a vendor. */
export const VENDOR = z.looseObject({
  vendor,
  title: z.string(),
  forms: said(z.array(FORM), 'What its credentials consist of, by kind. Empty where nobody has said it.'),
  needs_consent: said(z.boolean(), 'Whether a person has to consent, but for credentials that are the token.'),
  creation: said(
    z.array(z.looseObject({ title: z.string(), before: sentences, after: sentences })),
    'How a person makes them: until they are at hand, and when they have worked.',
  ),
  consent: said(sentences, 'What who consents has to know.'),
  rotation: z.looseObject({ credential: z.string(), before: sentences, after: sentences }),
})

/** A version of the secret that was tried and works, as far as it was tried. */
export const TRIED = z.looseObject({
  vendor,
  connection,
  version: z.string(),
  expires_at: said(z.optional(instant), 'Of the token.'),
  checked: said(z.optional(z.string()), 'What the vendor said of a token that is the credentials.'),
  warnings,
  replaces: said(
    z.optional(
      z.looseObject({
        same_secrets: said(z.optional(z.boolean()), 'Left out where one of the two documents does not fit.'),
        expires_at: said(z.optional(instant), 'Of the token that is in the document.'),
      }),
    ),
    'The version in use, where it is another.',
  ),
})

export const REVOKED = z.looseObject({
  vendor,
  connection,
  revoked: z.literal(true),
  vendor_revocation: said(
    z.enum(['done', 'failed', 'not_offered', 'nothing_to_revoke']),
    'What became of it at the vendor.',
  ),
  next_action: z.string(),
})

export const REMOVED = z.looseObject({ vendor, connection, removed: z.literal(true) })

/** A consent that has begun: where the person has to go. */
export const BEGUN = z.looseObject({
  authorization_url: z.url(),
  state: z.string(),
  redirect_uri: z.url(),
  expires_in: z.number(),
})

/** The same, through the machine's own callback. */
export const HOSTED = z.looseObject({ begin_url: z.url(), redirect_uri: z.url(), expires_in: z.number() })

export const CONNECTED = z.looseObject({
  vendor,
  connection,
  state: z.literal('connected'),
  expires_at: z.optional(instant),
  warnings,
})

export const AUTHORIZED = z.union([BEGUN, HOSTED, CONNECTED])

/** RFC 9457. */
export const PROBLEM = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: said(z.optional(z.number()), 'Left out by the gateway where one answer stands for several.'),
  detail: z.string(),
  code: said(z.string(), `One of ${Object.keys(FAILURES).join(', ')}; the gateway has codes of its own.`),
  retryable: said(z.boolean(), 'Whether calling again can help, after the time in Retry-After.'),
  max_min_ttl: said(z.optional(z.number()), 'Of min_ttl_unavailable: the most that can be asked for, in seconds.'),
  next_step: z.string(),
  request_id: z.string(),
})
