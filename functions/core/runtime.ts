import type { Connection } from '../kit/connection.ts'
import type { Context, Vendor } from '../kit/vendor.ts'
import type { Allowance } from './allowance.ts'
import { isCuredByNew } from './failure.ts'
import type { Memory } from './memory.ts'
import type { Observe } from './observation.ts'
import type { Registry, State, TokenStore } from './store.ts'

/** Everything the engine needs of the world. In Lambda functions/lambda puts it together; tests hand in their own. */
export interface Runtime {
  readonly tokens: TokenStore
  readonly registry: Registry
  readonly allowance: Allowance
  readonly credentials: CredentialSource
  readonly http: typeof fetch
  /** Domains an operator approved beside the vendor's own. */
  readonly allowedHosts: readonly string[]
  readonly memory: Memory
  /** The table's time. */
  readonly now: () => Date
  /** Seconds until this invocation is ended from outside. */
  readonly timeLeft: () => number
  readonly sleep: (seconds: number) => Promise<void>
  readonly deadline: (seconds: number) => AbortSignal
  readonly random: () => number
  readonly observe: Observe
}

export interface Credentials {
  /** As parsed from JSON, undefined where it is none; the vendor's schema guards the door. */
  readonly document: unknown
  readonly version: string
}

export interface CredentialSource {
  /**
   * The credentials of one connection, no older than `maxAgeSeconds`. Throws `unknown_connection` when there are none,
   * `configuration` when they may not be read, `store_unavailable` when nobody answers.
   */
  read(connection: Connection, maxAgeSeconds: number): Promise<Credentials>
  /** An earlier version, as long as it is kept; undefined when it is gone. */
  readVersion(connection: Connection, version: string): Promise<Credentials | undefined>
  /** The version this process last read, if it did; costs nothing. */
  known(connection: Connection): string | undefined
}

const CREDENTIALS_MAX_AGE_SECONDS = 300

/**
 * The credentials to use now. A copy at hand is no answer while credentials are refused, when any call may be the first
 * with new ones, nor when another version has worked since: then they are read afresh.
 */
export async function credentialsFor(connection: Connection, state: State, runtime: Runtime): Promise<Credentials> {
  const { failure, provenVersion } = state
  const refused = failure !== undefined && isCuredByNew(failure)
  const copy = await runtime.credentials.read(connection, refused ? 0 : CREDENTIALS_MAX_AGE_SECONDS)
  const isOther = !refused && provenVersion !== undefined && provenVersion !== copy.version
  return isOther ? runtime.credentials.read(connection, 0) : copy
}

/** What a vendor's code may use for one call that takes at most so many seconds. */
export const contextFor = (vendor: Vendor, runtime: Runtime, seconds: number): Context => ({
  http: runtime.http,
  now: runtime.now,
  signal: runtime.deadline(seconds),
  hosts: [...vendor.hosts, ...runtime.allowedHosts],
  policy: vendor.tokens,
})
