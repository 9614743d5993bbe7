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

/**
 * The metadata of an issuer, each endpoint of them at a host that may be called. They are read once an hour; while that
 * fails, the answer before is good for a day. Throws `configuration` when there are none, when they are of another issuer,
 * or name a host that may not be called; what else keeps an answer from coming is thrown as it is of a token endpoint.
 */
export async function metadataOf(issuer: string, context: Context): Promise<Metadata> {
  const found = await sourceOf(issuer, context.http)(context)
  const { tokenEndpoint, authorizationEndpoint, revocationEndpoint, ...rest } = found
  const at = (endpoint: string): URL => vendorUrl(endpoint, context.hosts)
  return {
    ...rest,
    tokenEndpoint: at(tokenEndpoint),
    ...(authorizationEndpoint !== undefined && { authorizationEndpoint: at(authorizationEndpoint) }),
    ...(revocationEndpoint !== undefined && { revocationEndpoint: at(revocationEndpoint) }),
  }
}

type Source = (context: Context) => Promise<Found>

/** What this process knows, for as long as it has the same way to call. */
const sources = new WeakMap<typeof fetch, Map<string, Source>>()

function sourceOf(issuer: string, http: typeof fetch): Source {
  const byIssuer = sources.get(http) ?? new Map<string, Source>()
  const source = byIssuer.get(issuer) ?? newSource(issuer)
  sources.set(http, byIssuer.set(issuer, source))
  return source
}

const FRESH_SECONDS = 60 * 60
const USABLE_SECONDS = 24 * 60 * 60
/** While there is an older answer, an issuer that did not give another is left alone for so long. */
const AGAIN_SECONDS = 60

function newSource(issuer: string): Source {
  let known: { readonly found: Found; readonly at: Date } | undefined
  let failedAt: Date | undefined
  let underWay: Promise<Found> | undefined

  const learn = async (context: Context): Promise<Found> => {
    const found = await findMetadata(issuer, context)
    // What leads elsewhere does not take the place of what is known.
    vendorUrl(found.tokenEndpoint, context.hosts)
    known = { found, at: context.now() }
    return found
  }

  return async (context) => {
    const isWithin = (seconds: number, since: Date | undefined) =>
      since !== undefined && Math.abs(secondsBetween(since, context.now())) < seconds
    const usable = isWithin(USABLE_SECONDS, known?.at) ? known?.found : undefined
    if (usable && (isWithin(FRESH_SECONDS, known?.at) || isWithin(AGAIN_SECONDS, failedAt))) return usable
    underWay ??= learn(context).finally(() => {
      underWay = undefined
    })
    try {
      return await underWay
    } catch (error) {
      failedAt = context.now()
      if (usable && error instanceof VendingError) return usable
      throw error
    }
  }
}
