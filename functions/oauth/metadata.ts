import { VendingError } from '../kit/errors.ts'
import { secondsBetween } from '../kit/time.ts'
import type { Context } from '../kit/vendor.ts'
import { type Found, findMetadata } from './metadata-request.ts'
import { vendorUrl } from './vendor-url.ts'

/** What an authorization server says of itself (RFC 8414 section 2), as far as a client like this uses it. */
export interface Metadata {
  readonly issuer: string
  readonly tokenEndpoint: URL
  readonly authorizationEndpoint?: URL
  readonly revocationEndpoint?: URL
  /** Whether who comes back with a code has to say the issuer as well (RFC 9207 section 3). */
  readonly sendsIssuer: boolean
}

const FRESH_SECONDS = 60 * 60
const USABLE_SECONDS = 24 * 60 * 60
/** An issuer that does not answer is left alone for so long, while there is an older answer. */
const AGAIN_SECONDS = 60

interface Kept {
  readonly found: Found
  readonly at: Date
  /** When the last attempt for another failed. */
  failedAt?: Date
}

/** What one process knows, by the way it calls and by the issuer. */
const kept = new WeakMap<typeof fetch, Map<string, Kept>>()
const underWay = new WeakMap<typeof fetch, Map<string, Promise<Found>>>()

/**
 * The metadata of an issuer, each endpoint of them at a host that may be called. They are read once an hour; while that
 * fails, the answer before is good for a day. Throws `configuration` when there are none, when they are of another issuer,
 * or name a host that may not be called; what else keeps an answer from coming is thrown as it is of a token endpoint.
 */
export async function metadataOf(issuer: string, context: Context): Promise<Metadata> {
  const { tokenEndpoint, authorizationEndpoint, revocationEndpoint, ...found } = await foundOf(issuer, context)
  const at = (endpoint: string): URL => vendorUrl(endpoint, context.hosts)
  return {
    ...found,
    tokenEndpoint: at(tokenEndpoint),
    ...(authorizationEndpoint !== undefined && { authorizationEndpoint: at(authorizationEndpoint) }),
    ...(revocationEndpoint !== undefined && { revocationEndpoint: at(revocationEndpoint) }),
  }
}

async function foundOf(issuer: string, context: Context): Promise<Found> {
  const known = mapOf(kept, context.http)
  const earlier = known.get(issuer)
  const age = (since: Date) => secondsBetween(since, context.now())
  if (earlier && age(earlier.at) < FRESH_SECONDS) return earlier.found
  const isUsable = earlier !== undefined && age(earlier.at) < USABLE_SECONDS
  if (isUsable && earlier.failedAt && age(earlier.failedAt) < AGAIN_SECONDS) return earlier.found
  try {
    const found = await onceAtATime(issuer, context)
    known.set(issuer, { found, at: context.now() })
    return found
  } catch (error) {
    if (!isUsable || !(error instanceof VendingError)) throw error
    earlier.failedAt = context.now()
    return earlier.found
  }
}

function onceAtATime(issuer: string, context: Context): Promise<Found> {
  const running = mapOf(underWay, context.http)
  const found = running.get(issuer) ?? findMetadata(issuer, context).finally(() => running.delete(issuer))
  running.set(issuer, found)
  return found
}

function mapOf<T>(maps: WeakMap<typeof fetch, Map<string, T>>, http: typeof fetch): Map<string, T> {
  const map = maps.get(http) ?? new Map<string, T>()
  maps.set(http, map)
  return map
}
