import type { Notice } from '../notices/kinds.ts'
import type { FailureCode } from './errors.ts'
import type { Memory } from './memory.ts'
import type { TokenStore } from './store.ts'

/** Everything the engine needs of the world. In Lambda functions/lambda puts it together; tests hand in their own. */
export interface Runtime {
  readonly store: TokenStore
  readonly credentials: CredentialSource
  readonly http: typeof fetch
  /** Domains an operator approved beside the vendor's own. */
  readonly allowedHosts: readonly string[]
  /** Address of the hosted callback, where the deployment has one. */
  readonly callbackUrl?: string | undefined
  /** A connection that nobody has asked for in so many days is not renewed ahead of need. */
  readonly restAfterDays: number
  readonly memory: Memory
  readonly now: () => Date
  readonly sleep: (seconds: number) => Promise<void>
  /** A signal that fires after so many seconds. */
  readonly deadline: (seconds: number) => AbortSignal
  /** 0 up to 1, for jitter. */
  readonly random: () => number
  /** Tells people; false when it could not. Never throws: a mail that cannot be sent must not cost a caller the token. */
  readonly notify: (notice: Notice) => Promise<boolean>
  /** Hears what is worth a metric. */
  readonly measure: (measure: Measure) => void
}

export type Measure =
  /** One call at the vendor's token endpoint, ahead of need or with a caller waiting. */
  | { readonly kind: 'vendor_call'; readonly seconds: number; readonly failure?: FailureCode }
  /** A caller waited for another's renewal. */
  | { readonly kind: 'lease_wait'; readonly seconds: number }
  /** Of credentials that a person has to renew; whole days, negative when it is over. */
  | { readonly kind: 'days_to_expiry'; readonly days: number }
  | { readonly kind: 'notice'; readonly sent: boolean }

export interface Credentials {
  /** As parsed from JSON; the vendor's schema guards the door. */
  readonly document: unknown
  readonly version: string
}

export interface CredentialSource {
  /**
   * The credentials of one connection, no older than `maxAgeSeconds`. Throws `unknown_connection` when there are none,
   * `configuration` when they are not a JSON document, `store_unavailable` when they cannot be read.
   */
  read(vendorId: string, connection: string, maxAgeSeconds: number): Promise<Credentials>
  /** An earlier version, as long as it is kept; undefined when it is gone. */
  readVersion(vendorId: string, connection: string, version: string): Promise<Credentials | undefined>
  /** The version this process last read, if it did; costs nothing. */
  known(vendorId: string, connection: string): string | undefined
}
