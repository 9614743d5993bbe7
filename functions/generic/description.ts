import type { FailureCode } from '../kit/errors.ts'

/**
 * A vendor that needs no code of its own, as the settings of a deployment or our catalogue say it. Nothing in it is secret.
 * A text may have placeholders, `https://{tenant}.example.com`: members of the connection's credentials of that name. In a
 * URL each is one label, so that none of them leads to another host or path.
 */
export interface VendorDescription {
  /** 'Zoom': what people read. */
  readonly title: string
  /** Domains whose hosts may be called with this vendor's secrets, with a dot boundary: 'zoom.us'. */
  readonly hosts: readonly string[]
  /** RFC 6749 sections 4.1 and 4.4, RFC 7523 section 2.1. */
  readonly grant: 'client_credentials' | 'authorization_code' | 'jwt_bearer'
  /** RFC 6749 section 2.3 and RFC 7523 section 2.2, by the names of OpenID Connect Core section 9. */
  readonly clientAuthentication: 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt' | 'none'

  /** Where tokens come from. It or `issuer` is there. */
  readonly tokenEndpoint?: string
  /** Whose metadata name the endpoints that are not given here (RFC 8414, OpenID Connect Discovery). */
  readonly issuer?: string
  /** The page where a person says yes. */
  readonly authorizationEndpoint?: string
  /** RFC 7009. @default a revoked token is forgotten here and lives on at the vendor */
  readonly revocationEndpoint?: string

  /** Sent with each token request, also in place of one of the grant's own: { grant_type: 'account_credentials' }. */
  readonly parameters?: Readonly<Record<string, string>>
  /** The same for the page where a person says yes: { access_type: 'offline' }. */
  readonly authorizationParameters?: Readonly<Record<string, string>>
  /** What the token is for (RFC 8707). */
  readonly resource?: string
  /** Where the credentials name no other. @default none is asked for */
  readonly scope?: string
  /** What stands between two scopes. @default ' ' (RFC 6749 section 3.3) */
  readonly scopeSeparator?: ' ' | ','
  /** How parameters go to the token endpoint. @default 'form' (RFC 6749) */
  readonly send?: 'form' | 'json'

  /** RFC 7636. @default 'S256' */
  readonly pkce?: 'S256' | 'none'
  /** 'rotate': each use of a refresh token may end it. @default 'rotate', which is safe with either */
  readonly refreshTokens?: 'rotate' | 'keep'
  /** When the vendor ends a grant by its documents: so many days without use, and so many in all. @default it says so, or never */
  readonly grantDays?: { readonly idle?: number; readonly most?: number }

  /** What we sign with the connection's key. */
  readonly assertion?: AssertionDescription

  /** What an answer that is not as in RFC 6749 means. */
  readonly answer?: AnswerDescription
  /** A longer life is cut down to it, in seconds. @default 86400 */
  readonly maxLifeSeconds?: number
  /** The documented life, in seconds, where an answer states none. @default such an answer is refused */
  readonly defaultLifeSeconds?: number
  /** The part of its life after which a token is renewed ahead of need. @default 0.8 */
  readonly refreshAfter?: number
  /** 'memory': its tokens are never written down. @default 'table' */
  readonly keep?: 'table' | 'memory'

  /** Read with a token to see whether the vendor still takes it: a cheap GET that its documents have. */
  readonly liveness?: string
  /** Vended beside the token. */
  readonly apiBaseUrl?: string

  /** What people are asked for, and told, beside what the grant wants. */
  readonly credentials?: CredentialsDescription
  /** The page of the vendor's documents: where people are sent to make credentials. */
  readonly documents?: string
}

/** A JWT (RFC 7523 section 3): the grant itself, or what authenticates the client. */
export interface AssertionDescription {
  /** @default 'RS256' */
  readonly algorithm?: 'RS256' | 'RS384' | 'RS512' | 'PS256' | 'ES256'
  /** `aud`. @default the token endpoint; where it authenticates the client, the `issuer` if there is one */
  readonly audience?: string
  /** `sub` of a grant; left out where a placeholder's default makes it empty. @default the client id */
  readonly subject?: string
  /** Claims beside those of RFC 7523: { scope: '{scope}' }. */
  readonly claims?: Readonly<Record<string, string>>
  /** How long one is good, in seconds. @default 180 */
  readonly lifeSeconds?: number
}

export interface AnswerDescription {
  /** Types of token that are used as bearer tokens beside 'Bearer': ['bot']. */
  readonly tokenTypes?: readonly string[]
  /** Its own names for the members of RFC 6749 section 5.1. */
  readonly members?: Partial<Readonly<Record<'access_token' | 'refresh_token' | 'expires_in' | 'scope', string>>>
  /** In how many seconds the grant ends: { refresh_token_expires_in } by another name. */
  readonly grantExpiresIn?: string
  /** Members that are vended beside the token: our name for them, then the vendor's. */
  readonly context?: Readonly<Record<string, string>>
  /** Its own errors and statuses. */
  readonly errors?: Readonly<
    Record<
      string,
      Extract<
        FailureCode,
        'credential_rejected' | 'grant_rejected' | 'configuration' | 'vendor_unavailable' | 'vendor_throttled'
      >
    >
  >
}

export interface CredentialsDescription {
  /** What a member is, in words for who fills it in: { tenant: 'directory (tenant) id' }. @default its name */
  readonly labels?: Readonly<Record<string, string>>
  /** Values of placeholders that most have: { domain: 'okta.com' }. Empty: it may be left out, and with it what it alone fills. */
  readonly defaults?: Readonly<Record<string, string>>
  /** The vendor's portal makes a JSON file, with other names for our members: { client_id: 'client_email' }. */
  readonly file?: {
    readonly label: string
    readonly members: Readonly<Record<string, string>>
  }
  /** What a person does at the vendor to make them, a sentence each. @default in the words of the grant */
  readonly steps?: readonly string[]
}
