import { VendingError } from '../kit/errors.ts'
import type { Secret } from '../kit/secret.ts'
import type { Context } from '../kit/vendor.ts'
import type { ClientAuth } from './client-auth.ts'
import { formOf, jsonOf, type Parameters, withQuery } from './parameters.ts'
import { errorIn, type TokenShape } from './token-answer.ts'
import { presentInTime } from './vendor-clock.ts'
import { vendorUrl } from './vendor-url.ts'
import { type Answer, wholeAnswer } from './whole-answer.ts'

export interface TokenRequest {
  readonly url: URL
  readonly headers?: Readonly<Record<string, string>>
  /** URLSearchParams go out as a form, text as JSON. */
  readonly body?: URLSearchParams | string
  /** Goes out in the URL's query, which no log and no message repeats. */
  readonly query?: Parameters
}

export interface Endpoint {
  readonly url: URL
  /** A function makes it for each attempt, as of a time that an assertion states. @default none: the request has its own proof */
  readonly clientAuth?: ClientAuth | InTime<ClientAuth>
  /** Where the parameters go. 'query' is what RFC 6749 section 2.3.1 forbids and some vendors want. @default 'form' */
  readonly send?: 'form' | 'json' | 'query'
  /** Sent with every request, in place of one of the request's own where the names meet; never of the client's proof. */
  readonly parameters?: Parameters
}

/** Something that holds as of a time. */
export type InTime<T> = (now: Date) => Promise<T>

/** An endpoint whose client's proof is made already. */
type ReadyEndpoint = Endpoint & { readonly clientAuth?: ClientAuth }

/** The request that takes these parameters, and the proof of who we are, to the endpoint. Throws `configuration` for a password. */
export function requestTo(endpoint: ReadyEndpoint, parameters: Parameters): TokenRequest {
  const { url, clientAuth, send = 'form', parameters: always } = endpoint
  const inHeader = clientAuth && 'authorization' in clientAuth
  const headers = inHeader ? clientAuth : {}
  const proof = inHeader ? {} : clientAuth
  // The proof stands first, and is what counts.
  const all: Parameters = { ...proof, ...parameters, ...always, ...proof }
  if (all.grant_type === 'password') throw passwordGrant()
  if (send === 'query') return { url, headers, query: all }
  return { url, headers, body: send === 'json' ? jsonOf(all) : formOf(all) }
}

const passwordGrant = (): VendingError =>
  new VendingError('configuration', "a person's password is no grant: it is not sent here (RFC 9700 section 2.4)")

/** What a request says to an endpoint, beside who it comes from. */
export interface Presented {
  readonly parameters: Parameters
  /** A grant that is an assertion (RFC 7523 section 2.1). Made for each attempt: a vendor may accept a `jti` only once. */
  readonly assertion?: InTime<Secret>
}

/**
 * Takes parameters to an endpoint. Where the assertion among them, or the one that proves who we are, is refused by a
 * vendor whose clock is not ours, both are made and sent once more.
 */
export function presentTo(
  { clientAuth, ...endpoint }: Endpoint & { readonly shape?: TokenShape },
  { parameters, assertion }: Presented,
  context: Context,
): Promise<Answer> {
  // RFC 7523 sections 3.1 and 3.2: the one error for an invalid assertion, whether its times or its signature are wrong.
  const refusals = [
    ...(assertion ? ['invalid_grant'] : []),
    ...(typeof clientAuth === 'function' ? ['invalid_client'] : []),
  ]
  return presentInTime({
    present: async (now) => {
      const proof = typeof clientAuth === 'function' ? await clientAuth(now) : clientAuth
      const all = { ...parameters, ...(assertion && { assertion: await assertion(now) }) }
      return tokenRequest(requestTo({ ...endpoint, ...(proof && { clientAuth: proof }) }, all), context)
    },
    isRefusal: (answer) => refusals.includes(errorIn(answer, endpoint.shape) ?? ''),
    sentAt: context.now(),
  })
}

/**
 * Posts to a token endpoint (RFC 6749 section 3.2). Throws `configuration` before any call when the host is not
 * allowed, `vendor_unavailable` when no whole answer comes, `vendor_malformed` when it is longer than 1 MiB.
 */
export async function tokenRequest({ url, headers, body, query }: TokenRequest, context: Context): Promise<Answer> {
  const init = {
    method: 'POST',
    headers: { accept: 'application/json', ...(body && { 'content-type': contentTypeOf(body) }), ...headers },
    ...(body && { body }),
  }
  // A person may have written the URL; the query is ours, and added after the check.
  vendorUrl(url.href, context.hosts)
  return wholeAnswer(query ? withQuery(url, query) : url, init, context)
}

const contentTypeOf = (body: URLSearchParams | string): string =>
  typeof body === 'string' ? 'application/json' : 'application/x-www-form-urlencoded'
