import { NAME } from '../../functions/kit/connection.ts'
import { NEVER, secondsAfter, secondsBetween } from '../../functions/kit/time.ts'
import { endpointIn } from './endpoint.ts'
import { MachineUnreachable, NoToken } from './errors.ts'
import { type Connected, defaultCredentials, report, type Token, vend } from './machine.ts'
import type { AwsCredentials } from './signed-request.ts'

export {
  MachineUnreachable,
  NoToken,
  NotAllowed,
  ReconnectNeeded,
  RotationNeeded,
  VendorUnavailable,
} from './errors.ts'

export interface TokenSourceOptions {
  /** `accelo` */
  readonly vendor: string
  /** `hq` */
  readonly connection: string
  /** The machine's address, with its stage. @default the environment variable VENDOMAT_URL */
  readonly url?: string
  /** What a token has left at least when it is handed out, where the vendor can give that. @default 0, which leaves it to the machine */
  readonly minTtlSeconds?: number
  /** @default the one that the address names, or else AWS_REGION */
  readonly region?: string
  /** @default the default credential chain of the AWS SDK */
  readonly credentials?: () => Promise<AwsCredentials>
  /** Sends every call, those to the machine and those to the vendor. @default the platform's */
  readonly fetch?: typeof fetch
  readonly now?: () => Date
  /** From 0 up to 1. */
  readonly random?: () => number
}

/** The tokens of one connection, for as long as this process lives. None of them shows when it is printed or serialised. */
export interface TokenSource {
  /** A bearer token that is good now. Throws NoToken; aborting `signal` gives up waiting, for this caller alone. */
  getToken(signal?: AbortSignal): Promise<string>
  /** `{ authorization: 'Bearer …' }`. Throws NoToken. */
  getRequestHeaders(signal?: AbortSignal): Promise<{ readonly authorization: string }>
  /** What calls of the vendor's API need beside the token: its base URL, an account id. Throws NoToken. */
  getContext(signal?: AbortSignal): Promise<Readonly<Record<string, string>>>
  /**
   * Like the platform's fetch, with the token. When the vendor answers 401 the machine hears so, once for each token, and the
   * request is sent once more with the newer one. A body that can be read only once, a stream, is not sent again: the answer
   * is the 401, and the next request has the newer token. Throws NoToken.
   */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>
}

/** How long a copy that the machine still calls the newest is kept, and how long an unreachable machine is left alone. */
const AGAIN_SECONDS = 5
/** How long a report is not repeated that the machine has refused without saying for how long. */
const REPORT_AGAIN_SECONDS = 60
/** A token this close to its end may not reach the vendor alive. */
const LEAST_SECONDS = 5

/** Tokens of one connection, from the machine, signed with this process's AWS credentials. One is enough for each connection. */
export function tokenSource(options: TokenSourceOptions): TokenSource {
  const { minTtlSeconds = 0, random = Math.random } = options
  const machine = connectedTo(options)
  const { http, now } = machine
  let held: { readonly token: Token; readonly keepUntil: Date } | undefined
  let flight: Promise<Token> | undefined
  let reported: { readonly refused: string; readonly next: Promise<Token | undefined>; failedUntil?: Date } | undefined

  const left = ({ expiresAt = NEVER }: Token): number => secondsBetween(now(), expiresAt)
  const keep = (token: Token, least = AGAIN_SECONDS): Token => {
    const seconds = Math.min(secondsBetween(now(), token.refreshAfter), left(token) - minTtlSeconds)
    // Processes that got the same token do not all come back at the same moment.
    held = { token, keepUntil: secondsAfter(now(), Math.max(least, seconds) * (1 - random() * 0.1)) }
    return token
  }

  async function renew(): Promise<Token> {
    try {
      return keep(await vend(machine, minTtlSeconds))
    } catch (error) {
      const living = held && left(held.token) > LEAST_SECONDS ? held.token : undefined
      if (living && error instanceof MachineUnreachable) return keep(living, error.retryAfterSeconds)
      // What the machine refuses it may have been told to: a revoke, a disabled connection, a policy.
      held = undefined
      throw error
    }
  }

  function current(): Promise<Token> {
    if (held && held.keepUntil > now() && left(held.token) > LEAST_SECONDS) return Promise.resolve(held.token)
    flight ??= renew().finally(() => {
      flight = undefined
    })
    return flight
  }

  /** The token that takes the place of one the vendor refuses; undefined when there is none. */
  async function following({ value }: Token): Promise<Token | undefined> {
    if (held && held.token.value.fingerprint !== value.fingerprint) return held.token
    const isOver = reported?.failedUntil && reported.failedUntil <= now()
    if (reported?.refused !== value.fingerprint || isOver)
      reported = { refused: value.fingerprint, next: report(machine, value).then(keep, leaveAlone) }
    return reported.next
  }

  /** Not every 401 is worth a call while the machine has just said that there is no other token. */
  function leaveAlone(error: unknown): undefined {
    const seconds = (error instanceof NoToken && error.retryAfterSeconds) || REPORT_AGAIN_SECONDS
    if (reported) reported.failedUntil = secondsAfter(now(), seconds)
  }

  const bearer = ({ value }: Token) => `Bearer ${value.reveal()}`

  async function send(input: string | URL | Request, init: RequestInit, token: Token): Promise<Response> {
    const headers = new Headers(init.headers ?? (input instanceof Request ? input.headers : undefined))
    headers.set('authorization', bearer(token))
    return http(input, { ...init, headers })
  }

  return {
    getToken: async (signal) => (await unless(signal, current())).value.reveal(),
    getRequestHeaders: async (signal) => ({ authorization: bearer(await unless(signal, current())) }),
    getContext: async (signal) => (await unless(signal, current())).context,
    fetch: async (input, init = {}) => {
      const signal = init.signal ?? (input instanceof Request ? input.signal : undefined)
      const token = await unless(signal, current())
      const answer = await send(input, init, token)
      if (answer.status !== 401) return answer
      const next = await unless(signal, following(token))
      if (!next || next.value.fingerprint === token.value.fingerprint || isReadOnce(input, init)) return answer
      await answer.body?.cancel()
      return send(input, init, next)
    },
  }
}

function connectedTo(options: TokenSourceOptions): Connected {
  const { vendor, connection, minTtlSeconds = 0, url: VENDOMAT_URL, region: AWS_REGION } = options
  for (const [name, value] of Object.entries({ vendor, connection }))
    if (!NAME.test(value)) throw new Error(`${name} is a name of a-z, 0-9 and "-"`)
  if (!Number.isInteger(minTtlSeconds) || minTtlSeconds < 0)
    throw new Error('minTtlSeconds is a whole number of seconds')
  const stated = { ...(VENDOMAT_URL && { VENDOMAT_URL }), ...(AWS_REGION && { AWS_REGION }) }
  const { fetch: http = fetch, credentials = defaultCredentials(), now = () => new Date() } = options
  return { vendor, connection, ...endpointIn({ ...process.env, ...stated }), credentials, http, now }
}

/** What comes of it, or the reason of the signal that was aborted meanwhile; the work goes on for the others. */
function unless<T>(signal: AbortSignal | null | undefined, work: Promise<T>): Promise<T> {
  if (!signal) return work
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

/** A body that is gone once it was sent. Of a Request nobody can tell. */
function isReadOnce(input: string | URL | Request, { body }: RequestInit): boolean {
  if (body === undefined || body === null) return input instanceof Request && input.body !== null
  return body instanceof ReadableStream || (typeof body === 'object' && Symbol.asyncIterator in body)
}
