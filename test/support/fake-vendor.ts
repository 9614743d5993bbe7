import { inspect } from 'node:util'
import type { Context, Vendor } from '../../functions/kit/vendor.ts'

/** A request as a vendor would see it. */
export interface Seen {
  readonly method: string
  readonly url: string
  readonly headers: Headers
  readonly body: string
  readonly redirect: string
}

/** An answer, a failure of the network, or whatever a function makes of the request and its signal. */
export type Step = Response | Error | ((seen: Seen, signal: AbortSignal) => Response | Promise<Response>)

export interface AnsweringVendor {
  readonly http: typeof fetch
  readonly requests: readonly Seen[]
  /** Throws if an answer was never used. */
  done(): void
}

/** A `fetch` that gives the answers of a script, in order, and remembers its requests. */
export function vendorAnswering(...script: Step[]): AnsweringVendor {
  const left = [...script]
  const requests: Seen[] = []
  return {
    requests,
    done: () => {
      if (left.length > 0) throw new Error(`${left.length} of ${script.length} answers were never used`)
    },
    http: async (input, init) => {
      const request = new Request(input, init)
      const { method, url, headers, redirect, signal } = request
      const seen = { method, url, headers, redirect, body: await request.text() }
      requests.push(seen)
      signal.throwIfAborted()
      const step = left.shift()
      if (!step) throw new Error(`no answer scripted for ${method} ${url}`)
      if (step instanceof Error) throw step
      return step instanceof Response ? step : step(seen, signal)
    },
  }
}

export const json = (body: unknown, status = 200, headers: Record<string, string> = {}): Response =>
  text(JSON.stringify(body), status, { 'content-type': 'application/json; charset=utf-8', ...headers })

export const text = (body: string, status = 200, headers: Record<string, string> = {}): Response =>
  new Response(body, { status, headers })

export const html = (status = 200, body = '<html><h1>Service unavailable</h1></html>'): Response =>
  text(body, status, { 'content-type': 'text/html' })

export const redirect = (location: string): Response => new Response(null, { status: 302, headers: { location } })

/** What Node's fetch throws: a TypeError that says nothing, around an error with a code. */
export const networkError = (code: string, message = 'details'): Error =>
  new TypeError('fetch failed', { cause: Object.assign(new Error(message), { code }) })

/** Headers never come; gives up when told to. */
export const hangs: Step = (_seen, signal) =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason))
  })

/** One byte a second, for ever, by a clock that only this body moves. It does not listen to any signal. */
export const drips = (passSecond: () => void): Response =>
  new Response(
    new ReadableStream({
      pull: (controller) => {
        passSecond()
        controller.enqueue(new TextEncoder().encode(' '))
      },
    }),
  )

/** A body that starts and then neither goes on nor ends. It does not listen to any signal. */
export const stalls = (afterwards: () => void): Response =>
  new Response(
    new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode('{"access_token":"')),
      pull: () => {
        queueMicrotask(afterwards)
        return new Promise(() => {})
      },
    }),
  )

/** A body that breaks off, as undici reports one that is shorter than its Content-Length. */
export const breaksOff = (start: string): Response =>
  new Response(
    new ReadableStream({
      pull: (controller) => {
        controller.enqueue(new TextEncoder().encode(start))
        controller.error(
          new TypeError('terminated', { cause: Object.assign(new Error(start), { code: 'UND_ERR_SOCKET' }) }),
        )
      },
    }),
  )

/** A body without end. `given` counts its bytes. */
export function endless(): { response: Response; given: () => number } {
  let bytes = 0
  const part = new Uint8Array(2 ** 16).fill(32)
  const pull = (controller: ReadableStreamDefaultController) => {
    bytes += part.length
    controller.enqueue(part)
  }
  return { response: new Response(new ReadableStream({ pull })), given: () => bytes }
}

/** A deadline on a still clock: fires when `pass` has been called that often. */
export function deadline(seconds: number): { signal: AbortSignal; pass: () => void } {
  const controller = new AbortController()
  let left = seconds
  const pass = () => {
    left -= 1
    if (left === 0) controller.abort(new DOMException('the operation timed out', 'TimeoutError'))
  }
  return { signal: controller.signal, pass }
}

export const NOW = new Date('2026-08-01T12:00:00Z')

/** What the engine hands to `issue`, at a time that stands still. */
export const contextFor = (
  { http }: Pick<AnsweringVendor, 'http'>,
  { hosts, tokens }: Pick<Vendor, 'hosts' | 'tokens'>,
  changes: Partial<Context> = {},
): Context => ({ http, now: () => NOW, signal: new AbortController().signal, hosts, policy: tokens, ...changes })

/** What the promise was rejected with. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('it did not fail')
}

/** Everything a log, a trace or an answer could make of an error. */
export const allTextOf = (error: unknown): string =>
  [
    String(error),
    JSON.stringify(error),
    error instanceof Error ? `${error.message} ${error.stack} ${JSON.stringify(error.cause)}` : '',
    inspect(error, { depth: null, showHidden: true, getters: true }),
  ].join('\n')

/** None of these words is anywhere in the error, as it is or as Base64. */
export function expectNoTrace(error: unknown, ...secrets: string[]): void {
  const all = allTextOf(error)
  for (const word of secrets) {
    expect(all).not.toContain(word)
    expect(all).not.toContain(Buffer.from(word).toString('base64').replace(/=+$/, '').slice(0, -2))
  }
}

/** An unsigned JWT that says these things. */
export const jwt = (claims: object): string =>
  [{ alg: 'none' }, claims, 'signature']
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
