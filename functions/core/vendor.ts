import type * as z from 'zod/mini'
import { VendingError } from './errors.ts'
import type { Secret } from './secret.ts'
import type { AccessToken, TokenPolicy } from './token.ts'

/** A third party whose API we hold credentials for, and the one thing we do with them. */
export interface Vendor {
  /** 'accelo': names the route, the secret's prefix and the partition keys. */
  readonly id: string
  /** 'Accelo': what people read. */
  readonly title: string
  /** Domains whose hosts may be called with this vendor's secrets, with a dot boundary: 'api.accelo.com'. */
  readonly hosts: readonly string[]
  readonly tokens: TokenPolicy

  /**
   * Obtains a token with the connection's credential document. `refreshToken` is what the last answer left us, if any.
   * Fails with a VendingError: `configuration` before any network call when the document does not fit.
   */
  issue(credentials: unknown, refreshToken: Secret | undefined, context: Context): Promise<Issued>
}

export interface Issued {
  readonly accessToken: AccessToken
  /** Left out when the vendor sent none, which means "keep the one you have" (RFC 6749 section 6). */
  readonly refreshToken?: Secret
  readonly warnings?: readonly Warning[]
}

export interface Warning {
  readonly code: string
  readonly detail: string
}

export interface Context {
  readonly http: typeof fetch
  readonly now: () => Date
  /** Fires when the vendor's time is up, well before the lease ends. */
  readonly signal: AbortSignal
  /** The vendor's own domains and those the deployment added. */
  readonly hosts: readonly string[]
  readonly policy: TokenPolicy
}

/** What a vendor's file says: a `Vendor` whose `issue` sees credentials that have passed its schema. */
export interface VendorDefinition<C> extends Omit<Vendor, 'issue'> {
  readonly credentials: z.ZodMiniType<C>
  issue(credentials: C, refreshToken: Secret | undefined, context: Context): Promise<Issued>
}

export function defineVendor<C>(definition: VendorDefinition<C>): Vendor {
  const { credentials: schema, issue, ...facts } = definition
  return {
    ...facts,
    issue: async (document, refreshToken, context) => {
      const parsed = schema.safeParse(document)
      if (parsed.success) return issue(parsed.data, refreshToken, context)
      // Names of members and our own words only: the values may be secrets.
      const faults = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'document'} ${issue.message}`)
      throw new VendingError('configuration', `the ${facts.title} credentials do not fit: ${faults.join('; ')}`)
    },
  }
}
