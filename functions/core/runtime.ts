import type { Memory } from './memory.ts'
import type { Notice } from './notice.ts'
import type { TokenStore } from './store.ts'

/** Everything the engine needs of the world. In Lambda functions/aws puts it together; tests hand in their own. */
export interface Runtime {
  readonly store: TokenStore
  readonly credentials: CredentialSource
  readonly http: typeof fetch
  /** Domains an operator approved beside the vendor's own. */
  readonly allowedHosts: readonly string[]
  /** Address of the hosted callback, where the deployment has one. */
  readonly callbackUrl?: string | undefined
  readonly memory: Memory
  readonly now: () => Date
  readonly sleep: (seconds: number) => Promise<void>
  /** A signal that fires after so many seconds. */
  readonly deadline: (seconds: number) => AbortSignal
  /** 0 up to 1, for jitter. */
  readonly random: () => number
  /** Tells people. Never throws: a mail that cannot be sent must not cost a caller the token. */
  readonly notify: (notice: Notice) => Promise<void>
}

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
  /** The version this process last read, if it did; costs nothing. */
  known(vendorId: string, connection: string): string | undefined
}
