import * as z from 'zod/mini'
import { VendingError } from '../kit/errors.ts'
import { endDate, redirectUri, secret } from '../kit/schema.ts'
import { pastedToken } from '../oauth/static-token.ts'

// All that the NetRex knowledge base lists, "OAuth2 authorization", 2026-11.
const SCOPES = [
  'read',
  'write',
  'liveview',
  'audiotransmit',
  'liveview_ptz',
  'liveview_light',
  'liveview_audioclip',
  'recordings',
  'recordings_delete',
  'events',
]

const host = z.string('must be a string').check(
  z.trim(),
  z.toLowerCase(),
  // People paste the address of the page.
  z.overwrite((text) => text.replace(/^https:\/\/|\/+$/g, '')),
  z.regex(/^[a-z0-9.-]+$/, 'must be the name of a host, like system2.netrex.cz'),
)

/** What a full-access account makes under </> API, OAuth2 Application; a person then connects an account to it. */
const application = z.object({
  host,
  client_id: z.string('must be a string').check(z.trim(), z.regex(/^[!-~]+$/, 'must be an id without spaces')),
  client_secret: secret,
  /** One that is registered, where the address of a person's own machine, on any port, is not. */
  redirect_uri: z.optional(redirectUri),
  // Joined by commas, where RFC 6749 section 3.3 has spaces.
  scope: z._default(
    z.string('must be a string').check(
      z.trim(),
      z.overwrite((text) => text.replace(/[\s,]+/g, ',')),
      z.refine(isScope, `must be a list like read,write out of ${SCOPES.join(', ')}`),
    ),
    'read',
  ),
  // "OAuth2 authorization" has authorization_code in its sample, and in one revision auth_code in its table. A refused
  // code is not tried with the other: it may be spent by then.
  code_grant_type: z._default(
    z.enum(['authorization_code', 'auth_code'], 'must be authorization_code or auth_code'),
    'authorization_code',
  ),
})

/** What any full-access user makes under </> API, and what NetRex recommends for most uses. */
const userToken = z.object({ host, user_token: pastedToken, expires_on: endDate })

export type Application = z.output<typeof application>
export type UserToken = z.output<typeof userToken>

/** Either of the two, chosen by `user_token`: so a fault is reported of the kind that was meant. */
export const credentials: z.ZodMiniType<Application | UserToken> = z.pipe(
  z.unknown(),
  z.transform((document: unknown, context): Application | UserToken => {
    const parsed = hasUserToken(document) ? userToken.safeParse(document) : application.safeParse(document)
    if (parsed.success) return parsed.data
    for (const { message, path } of parsed.error.issues)
      context.issues.push({ code: 'custom', input: undefined, message, path: [...path] })
    return z.NEVER
  }),
)

export function isUserToken(credentials: Application | UserToken): credentials is UserToken {
  return 'user_token' in credentials
}

/** The application, which a person connects. Throws `configuration` for a user token, which is revoked in NetRex. */
export function applicationOf(credentials: Application | UserToken): Application {
  if (!isUserToken(credentials)) return credentials
  throw new VendingError(
    'configuration',
    'this connection has a user token, which is served as it is: there is nothing to connect, and it is revoked in NetRex, under </> API',
  )
}

const hasUserToken = (document: unknown): boolean =>
  typeof document === 'object' && document !== null && 'user_token' in document && document.user_token !== undefined

function isScope(text: string): boolean {
  const scopes = text.split(',')
  return scopes.every((scope) => SCOPES.includes(scope)) && new Set(scopes).size === scopes.length
}
