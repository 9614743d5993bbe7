import type { IncomingMessage } from 'node:http'
import { buffer } from 'node:stream/consumers'

/** Statuses whose answers have no body (Fetch, "null body status"). */
const EMPTY = [204, 205, 304]

/**
 * fetch, by node:http: what fetch itself parses answers with is WebAssembly, which is compiled at the first answer and takes
 * longer than everything else of a command that prints a token. Follows no redirect; rejects as fetch does.
 */
export const http: typeof fetch = async (input, init) => {
  const asked = new Request(input, init)
  const { url, method, signal, redirect } = asked
  const body = asked.body && Buffer.from(await asked.arrayBuffer())
  const { request } = await (url.startsWith('https:') ? import('node:https') : import('node:http'))
  const headers = { 'user-agent': 'vendomat', ...Object.fromEntries(asked.headers) }
  try {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      request(url, { method, headers, signal }, resolve).on('error', reject).end(body)
    })
    const content = await buffer(answer)
    const { statusCode: status = 0, headersDistinct } = answer
    if (redirect !== 'manual' && status >= 300 && headersDistinct.location) throw new Error('the answer is a redirect')
    const lines = Object.entries(headersDistinct).flatMap(([name, values = []]) =>
      values.map((value): [string, string] => [name, value]),
    )
    return new Response(EMPTY.includes(status) ? null : content, { status, headers: lines })
  } catch (error) {
    if (signal.aborted) throw signal.reason
    throw new TypeError('fetch failed', { cause: error })
  }
}
