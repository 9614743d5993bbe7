import type { Context } from '../kit/vendor.ts'
import type { ClientAuth } from './client-auth.ts'
import { formOf, type Parameters, withQuery } from './parameters.ts'
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
  /** @default none: the request carries its own proof */
  readonly clientAuth?: ClientAuth
  /** Where the parameters go. 'query' is what RFC 6749 section 2.3.1 forbids and some vendors want. @default 'form' */
  readonly send?: 'form' | 'query'
}

/** The request that takes these parameters, and the proof of who we are, to the endpoint. */
export function requestTo({ url, clientAuth, send = 'form' }: Endpoint, parameters: Parameters): TokenRequest {
  const inHeader = clientAuth && 'authorization' in clientAuth
  const headers = inHeader ? clientAuth : {}
  const all = inHeader ? parameters : { ...clientAuth, ...parameters }
  return send === 'query' ? { url, headers, query: all } : { url, headers, body: formOf(all) }
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
