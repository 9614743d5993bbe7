import type * as z from 'zod/mini'
import { VendingError } from './errors.ts'
import type { CredentialForm } from './form.ts'
import { sameSecrets } from './same-secrets.ts'
import type { Secret } from './secret.ts'
import type { AccessToken, TokenPolicy } from './token.ts'

/** What is known of a vendor without its code: all that a token at hand asks for. */
export interface VendorFacts {
  /** 'accelo': names the route, the secret's prefix and the partition keys. */
  readonly id: string
  /** 'Accelo': what people read. */
  readonly title: string
  /** Domains whose hosts may be called with this vendor's secrets, with a dot boundary: 'api.accelo.com'. */
  readonly hosts: readonly string[]
  readonly tokens: TokenPolicy
}

/** A third party whose API we hold credentials for, and the one thing we do with them. */
export interface Vendor extends VendorFacts, VendorSteps {
  /** The module that exports it by its id: `import.meta.url`. The stack bundles its function from that. @default one of ours */
  readonly module?: string
  /** Of a vendor without code of its own: what it is made of, which its function is given with its environment. */
  readonly description?: object

  /**
   * Obtains a token with the connection's credential document. `refreshToken` is what the last answer left us, if any.
   * Fails with a VendingError: `configuration` before any network call when the document does not fit.
   */
  issue(credentials: unknown, refreshToken: Secret | undefined, context: Context): Promise<Issued>

  /** Throws `configuration` when the credential document does not fit. */
  validate(credentials: unknown): void

  /**
   * Whether two documents hold the same secrets, so that nobody has rotated anything; undefined when one does not fit.
   * Compared in memory: neither a secret nor its hash is written down for it.
   */
  hasSameSecrets(credentials: unknown, others: unknown): boolean | undefined

  /**
   * Whether the document holds the token itself, so that there is nothing to obtain, renew or store; undefined when it does
   * not fit. @default never
   */
  isStatic?(credentials: unknown): boolean | undefined

  /**
   * Whether the vendor still takes a token that our clock says is good: a cheap documented read. Present where a stored
   * token can end before its time. Throws VendingError when the vendor's answer says nothing about the token, and
   * `credential_expired` when it speaks against the token but may be a breakdown as well.
   */
  liveness?(credentials: unknown, accessToken: AccessToken, context: Context): Promise<Liveness>

  readonly authorization?: Authorization
  readonly revocation?: Revocation
}

/** What a person does at the vendor, in its own words. Loaded with the vendor's code: a token at hand asks for none of it. */
export interface VendorSteps {
  /** What its credentials consist of, one for each kind that there is. @default not known: they come as a document */
  readonly forms?: readonly CredentialForm[]
  /** How the credentials are made, one for each kind that there is. @default not known */
  readonly creation?: readonly Creation[]
  /** What who says yes at the vendor has to know, where somebody has to. */
  readonly consent?: readonly string[]
  /** How a person replaces the credentials. */
  readonly rotation: Rotation
}

/** One instruction each. The command that stores the result comes between. */
interface Steps {
  /** Up to the moment when the new one is at hand. */
  readonly before: readonly string[]
  /** When the new one has worked. */
  readonly after: readonly string[]
}

export interface Creation extends Steps {
  /** 'API integration' */
  readonly title: string
}

export interface Rotation extends Steps {
  /** What it is that ends: 'token', 'client secret', 'key file'. */
  readonly credential: string
}

/**
 * 'limited'     alive, but its user may not read what was asked for
 * 'refused'     the vendor does not take it: revoked, replaced, or made for another platform
 * 'login page'  a page for people came back instead of an answer for programs
 */
export type Liveness = 'alive' | 'limited' | 'refused' | 'login page'

export interface Issued {
  readonly accessToken: AccessToken
  /** Left out when the vendor sent none, which means "keep the one you have" (RFC 6749 section 6). */
  readonly refreshToken?: Secret
  /** When the grant ends unless it is used before, where the vendor says so with its answer. */
  readonly grantEndsAt?: Date
  readonly warnings?: readonly Warning[]
}

export type Warning = {
  readonly code: string
  readonly detail: string
}

export interface Context {
  readonly http: typeof fetch
  readonly now: () => Date
  /** Fires when the vendor's time is up, so that what came of it can still be recorded. */
  readonly signal: AbortSignal
  /** The vendor's own domains and those the deployment added. */
  readonly hosts: readonly string[]
  readonly policy: TokenPolicy
  /** Hears of a refresh token as soon as it has come, before the rest of the answer is judged. */
  readonly received?: (refreshToken: Secret) => void
}

/** Present when a person must say yes first (authorization code, RFC 6749 section 4.1). */
export interface Authorization<C = unknown> {
  /** The page where the person says yes. Fails with `configuration` when the connection needs no consent. */
  url(credentials: C, request: AuthorizationRequest, context: Context): Promise<URL>
  /** Where `exchange` sends the code. */
  tokenEndpoint(credentials: C, context: Context): Promise<URL>
  /** Who has to say that it was them who sent the person back (RFC 9207), where the vendor says it. */
  issuer?(credentials: C, context: Context): Promise<string | undefined>
  /** How a code is bound to who asked for it (RFC 7636). @default not at all */
  readonly pkce?: 'S256'
  /** Exchanges the code, once: it may be spent whatever the answer is. */
  exchange(credentials: C, grant: ReturnedCode, context: Context): Promise<Issued>
  /**
   * A token that a team has already, as one that was obtained here: until when it is good, and what callers need beside it.
   * Asks nobody. Fails with `bad_request` when it has ended or nobody says when it does. @default none is taken over
   */
  importToken?(credentials: C, token: ImportedToken, context: Context): Promise<Issued>
}

export interface ImportedToken {
  readonly accessToken: Secret
  /** Seconds from now, where the token itself does not say it. */
  readonly expiresIn?: number | undefined
}

export interface AuthorizationRequest {
  /** @default the one in the credentials */
  readonly redirectUri?: string
  readonly state: string
  /** RFC 7636 section 4.2, where the vendor has `pkce`. */
  readonly codeChallenge?: string
}

/** A code that came back, with what the request for it said. */
export interface ReturnedCode {
  readonly code: Secret
  readonly redirectUri: string
  /** RFC 7636 section 4.1, where the vendor has `pkce`. */
  readonly codeVerifier?: Secret
}

/** Present when the vendor can take a token back (RFC 7009). */
export interface Revocation<C = unknown> {
  /** 'grant': the refresh token dies with the access token, and a person has to connect again. */
  readonly ends: 'token' | 'grant'
  /** Which token it is called with, where there is one. @default the access token */
  readonly takes?: 'refresh token'
  revoke(credentials: C, token: Secret, context: Context): Promise<void>
}

/** What a vendor's file says: a `Vendor` whose functions see credentials that have passed its schema. */
export interface VendorDefinition<C>
  extends Omit<
    Vendor,
    'issue' | 'validate' | 'hasSameSecrets' | 'isStatic' | 'liveness' | 'authorization' | 'revocation'
  > {
  readonly credentials: z.ZodMiniType<C>
  issue(credentials: C, refreshToken: Secret | undefined, context: Context): Promise<Issued>
  isStatic?(credentials: C): boolean
  liveness?(credentials: C, accessToken: AccessToken, context: Context): Promise<Liveness>
  readonly authorization?: Authorization<C>
  readonly revocation?: Revocation<C>
}

export function defineVendor<C>(definition: VendorDefinition<C>): Vendor {
  const { credentials: schema, issue, isStatic, liveness, authorization, revocation, ...facts } = definition
  const { importToken } = authorization ?? {}
  const read = (document: unknown): C => {
    if (document === undefined)
      throw new VendingError('configuration', `the ${facts.title} credentials are not a JSON document`)
    if (!isDocument(document))
      throw new VendingError('configuration', `the ${facts.title} credentials are not a JSON object with members`)
    const parsed = schema.safeParse(document)
    if (parsed.success) return parsed.data
    // Names of members and our own words only: the values may be secrets.
    const faults = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'document'} ${issue.message}`)
    throw new VendingError('configuration', `the ${facts.title} credentials do not fit: ${faults.join('; ')}`)
  }
  return {
    ...facts,
    validate: (document) => void read(document),
    hasSameSecrets: (document, other) => {
      const [one, two] = [schema.safeParse(document), schema.safeParse(other)]
      return one.success && two.success ? sameSecrets(one.data, two.data) : undefined
    },
    issue: async (document, refreshToken, context) => issue(read(document), refreshToken, context),
    ...(isStatic && {
      isStatic: (document) => {
        const { data } = schema.safeParse(document)
        return data && isStatic(data)
      },
    }),
    ...(liveness && {
      liveness: async (document, token, context) => liveness(read(document), token, context),
    }),
    ...(authorization && {
      authorization: {
        ...(authorization.pkce && { pkce: authorization.pkce }),
        url: async (document, request, context) => authorization.url(read(document), request, context),
        tokenEndpoint: async (document, context) => authorization.tokenEndpoint(read(document), context),
        ...(authorization.issuer && {
          issuer: async (document, context) => authorization.issuer?.(read(document), context),
        }),
        exchange: async (document, grant, context) => authorization.exchange(read(document), grant, context),
        ...(importToken && {
          importToken: async (document, token, context) => importToken(read(document), token, context),
        }),
      },
    }),
    ...(revocation && {
      revocation: {
        ends: revocation.ends,
        ...(revocation.takes && { takes: revocation.takes }),
        revoke: async (document, token, context) => revocation.revoke(read(document), token, context),
      },
    }),
  }
}

/** Whether it is a day as people write it in RFC 3339: '2027-01-31'. */
function isDay(text: unknown): text is string {
  if (typeof text !== 'string' || !/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(text)) return false
  const day = new Date(text)
  // A Date makes 2 March of 30 February.
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text)
}

/** The end that a person has written into the credentials, if it is a date. */
export function statedEnd(credentials: unknown): Date | undefined {
  const day = dayIn(credentials)
  return isDay(day) ? endOfDay(day) : undefined
}

/** Whether what a person has written there is a date. */
export const hasValidEnd = (credentials: unknown): boolean =>
  isDocument(credentials) && (credentials.expires_on === undefined || isDay(credentials.expires_on))

const dayIn = (credentials: unknown): unknown => (isDocument(credentials) ? credentials.expires_on : undefined)

const isDocument = (credentials: unknown): credentials is { readonly expires_on?: unknown } =>
  typeof credentials === 'object' && credentials !== null && !Array.isArray(credentials)

export const endOfDay = (day: string): Date => new Date(`${day}T23:59:59Z`)
