import type { IncomingMessage, ServerResponse } from 'node:http'
import { listenOnLoopback } from '../local/loopback.ts'
import { callbackPage, type Outcome } from './callback-page.ts'
import { CommandFailed, EXIT } from './command.ts'
import { type Grant, isState, readConsentAnswer } from './consent-answer.ts'

/** The browser is back, and waits for a page. */
export interface Arrival {
  readonly grant: Grant
  show(outcome: Outcome): Promise<void>
}

/** The address on this computer to which the vendor sends the person's browser (RFC 8252 section 7.3). */
export interface Callback {
  readonly redirectUri: string
  /**
   * Resolves with the one request that carries this state; its browser waits for `show`. Every other request, also one
   * that repeats the state, gets the page 'invalid' and changes nothing; one that a page elsewhere makes gets no page.
   */
  arrival(state: string): Promise<Arrival>
  close(): Promise<void>
}

/** Whether a redirect URI leads back to this computer. */
export function isLoopback(redirectUri: string): boolean {
  const { protocol, hostname } = new URL(redirectUri)
  return protocol === 'http:' && (hostname === '127.0.0.1' || hostname === 'localhost')
}

/**
 * The port of the address that people register at the vendor: none of the well-known services, and below those that systems
 * give to outgoing connections. On a telephone's keys it spells "vend".
 */
export const DEFAULT_PORT = 8363

/** The address on this computer that a person registers at the vendor, exactly so. */
export const redirectUriAt = (port: number): string => `http://127.0.0.1:${port}/callback`

/**
 * Listens at the port of a registered address, on 127.0.0.1 and nowhere else. Throws CommandFailed, which ends with what to
 * do when the port is not to be had.
 */
export async function listenForCallback(redirectUri: string, otherwise: string): Promise<Callback> {
  let awaited: { readonly state: string; readonly arrive: (arrival: Arrival) => void } | undefined
  const { pathname: path, port: stated } = new URL(redirectUri)
  const port = Number(stated || 80)

  function serve(request: IncomingMessage, response: ServerResponse): void {
    const grant = request.method === 'GET' ? grantIn(request.url ?? '') : undefined
    if (!awaited || !grant) return void show(response, 'invalid')
    const { arrive } = awaited
    awaited = undefined
    arrive({ grant, show: (outcome) => show(response, outcome) })
  }

  function grantIn(target: string): Grant | undefined {
    const url = URL.canParse(target, 'http://127.0.0.1') ? new URL(target, 'http://127.0.0.1') : undefined
    const answer = url?.pathname === path ? readConsentAnswer(url.searchParams) : undefined
    return answer && awaited && isState(answer.state, awaited.state) ? answer.grant : undefined
  }

  const opened = listenOnLoopback(port, serve, 'from anywhere')
  const { close } = await opened.catch(({ name, code = name }: NodeJS.ErrnoException) => {
    const why = code === 'EADDRINUSE' ? 'is taken by another program' : `cannot be listened at (${code})`
    throw new CommandFailed(EXIT.failed, `port ${port} of this computer ${why}; ${otherwise}`)
  })
  return {
    redirectUri,
    arrival: (state) =>
      new Promise((arrive) => {
        awaited = { state, arrive }
      }),
    close,
  }
}

/** Resolves when the page has been sent, or the browser has left. */
function show(response: ServerResponse, outcome: Outcome): Promise<void> {
  const { status, headers, body } = callbackPage(outcome)
  return new Promise((resolve) => {
    response.once('close', resolve)
    response.writeHead(status, headers).end(body)
  })
}
