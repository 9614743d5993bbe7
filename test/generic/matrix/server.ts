import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { VendorDescription } from '../../../functions/generic/description.ts'
import type { Secret } from '../../../functions/kit/secret.ts'
import type { Client } from './client.ts'
import type { Combination } from './combination.ts'

/** An authorization server that nobody here wrote, set up by its own documents. */
export interface Server {
  readonly name: string
  /** What it checks itself, and what of it is ours to write. */
  readonly checks: string
  readonly host: string
  readonly endpoints: {
    readonly tokenEndpoint: string
    readonly authorizationEndpoint: string
    readonly revocationEndpoint?: string
  }
  /** Whose metadata it serves (RFC 8414). */
  readonly issuer?: string
  /** Whether it says who sends a person back (RFC 9207). */
  readonly sendsIssuer?: true
  /** What of its API a token may be for (RFC 8707). */
  readonly resource?: string
  /** Whether a refresh token that is used again ends the family (RFC 9700 section 4.14.2). */
  readonly detectsReuse?: true
  readonly lifeSeconds: number
  readonly scope: string
  /** What a person is asked for, so that there is a refresh token. */
  readonly consentScope: string
  /** What a description has to say beside the standards. */
  describedAs?(combination: Combination): Partial<VendorDescription>
  /** Why it does not know a combination. */
  missing(combination: Combination): string | undefined
  /** Where it does not do what the RFC says. */
  readonly deviations: readonly Deviation[]
  start(clients: readonly Client[]): Promise<Running>
}

export interface Deviation {
  /** The name of the check that shows it. */
  readonly check: string
  readonly on?: (combination: Combination) => boolean
  /** What comes of it here. */
  readonly observed: string
  /** The section, and what it does instead. */
  readonly because: string
  /** What a description says so that here it comes to what it has to all the same. */
  readonly mendedBy?: Partial<VendorDescription>
}

export interface Running {
  /** Sends what is for its host to where it listens. */
  readonly http: typeof fetch
  /** What a person does between our request and the code. Returns where they are sent back to. */
  consent(page: URL): Promise<URL>
  /** Whether it takes a token itself. */
  isActive(token: Secret): Promise<boolean>
  /** Whom it says a token is for. */
  audienceOf?(token: Secret): Promise<unknown>
  close(): void
}

/** Listens on a port of loopback. Our own calls go to public names over TLS, as if a proxy stood before the server. */
export async function onLoopback(listener: RequestListener): Promise<Pick<Running, 'http' | 'close'>> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('the server has no port')
  return {
    http: (input, init) => {
      const { protocol, host, pathname, search } = new URL(input instanceof Request ? input.url : input)
      const forwarded = { 'x-forwarded-proto': protocol.slice(0, -1), 'x-forwarded-host': host }
      return fetch(`http://127.0.0.1:${address.port}${pathname}${search}`, {
        redirect: 'manual',
        ...init,
        headers: { ...Object(init?.headers), ...forwarded },
      })
    },
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

/** A request as servers that bring no listener of their own want it. */
export interface Asked {
  readonly method: string
  readonly path: string
  readonly headers: Record<string, string>
  readonly query: Record<string, string>
  readonly body: Record<string, string>
}

export interface Answered {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

/** Lets such a server answer. */
export const answering =
  (answer: (asked: Asked) => Promise<Answered>): RequestListener =>
  async (request, response) => {
    const { status, headers, body } = await answer(await asked(request)).catch(
      (): Answered => ({ status: 500, body: { error: 'server_error' } }),
    )
    send(response, status, headers, body)
  }

async function asked(request: IncomingMessage): Promise<Asked> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1')
  let text = ''
  for await (const part of request) text += part
  return {
    method: request.method ?? 'GET',
    path: pathname,
    headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)])),
    query: Object.fromEntries(searchParams),
    body: Object.fromEntries(new URLSearchParams(text)),
  }
}

function send(response: ServerResponse, status: number, headers: Answered['headers'], body: unknown): void {
  response.writeHead(status, { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers })
  response.end(body === undefined ? undefined : JSON.stringify(body))
}

export const bearer = (token: Secret) => ({ authorization: `Bearer ${token.reveal()}` })
