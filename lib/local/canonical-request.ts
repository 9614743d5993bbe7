import { createHash } from 'node:crypto'

/** A request exactly as it stood on the wire: nothing decoded, nothing merged. */
export interface SignedRequest {
  readonly method: string
  readonly rawPath: string
  readonly rawQuery: string
  /** A repeated header is a list (Node's `headersDistinct`): SigV4 joins with a bare comma, Node with comma and space. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: string | Uint8Array
}

/**
 * The canonical request of Signature V4, or `undefined` for a query that is not percent-encoded UTF-8.
 * Source: AWS General Reference, "Create a signed AWS API request", step 1, as for every service but S3.
 * The payload is always the hash of the body that arrived, whatever x-amz-content-sha256 says.
 */
export function canonicalRequest(request: SignedRequest, signedHeaders: readonly string[]): string | undefined {
  const query = canonicalQuery(request.rawQuery)
  if (query === undefined) return undefined
  const headers = canonicalHeaders(request.headers)
  const lines = signedHeaders.map((name) => `${name}:${headers.get(name)}`)
  const path = canonicalPath(request.rawPath)
  return [request.method, path, query, ...lines, '', signedHeaders.join(';'), sha256(request.body)].join('\n')
}

export function canonicalHeaders(headers: SignedRequest['headers']): ReadonlyMap<string, string> {
  const trimmed = (value: string) => value.trim().replace(/\s+/g, ' ')
  const present = Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [{ name, value }]))
  return new Map(present.map(({ name, value }) => [name.toLowerCase(), [value].flat().map(trimmed).join(',')]))
}

export const sha256 = (text: string | Uint8Array) => createHash('sha256').update(text).digest('hex')

/** RFC 3986 unreserved characters stay, everything else is %XX in capitals; encodeURIComponent leaves five too many. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
}

/** The path arrives encoded once and is signed encoded twice, after `.`, `..` and empty segments are taken out. */
function canonicalPath(rawPath: string): string {
  const kept: string[] = []
  for (const segment of rawPath.split('/')) {
    if (segment === '..') kept.pop()
    else if (segment !== '' && segment !== '.') kept.push(encode(segment))
  }
  return `/${kept.join('/')}${kept.length > 0 && rawPath.endsWith('/') ? '/' : ''}`
}

/** Sorted by name and then by value. A raw plus is a space, as it is for the handlers. */
function canonicalQuery(rawQuery: string): string | undefined {
  const recode = (text: string) => encode(decodeURIComponent(text.replace(/\+/g, ' ')))
  const order = (a: string, b: string) => (a < b ? -1 : Number(a > b))
  try {
    const pairs = rawQuery.split('&').filter((pair) => pair !== '')
    const coded = pairs.map((pair): [string, string] => {
      const equals = pair.indexOf('=')
      if (equals === -1) return [recode(pair), '']
      return [recode(pair.slice(0, equals)), recode(pair.slice(equals + 1))]
    })
    const sorted = coded.sort((a, b) => order(a[0], b[0]) || order(a[1], b[1]))
    return sorted.map((pair) => pair.join('=')).join('&')
  } catch {
    return undefined
  }
}
