import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
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
   * that repeats the state, gets the page 'invalid' and changes nothing.
   */
  arrival(state: string): Promise<Arrival>
  close(): Promise<void>
}

/** A registered redirect URI that leads back to this computer. */
export const isLoopback = ({ protocol, hostname }: URL): boolean =>
  protocol === 'http:' && (hostname === '127.0.0.1' || hostname === 'localhost')

/** Listens on 127.0.0.1 and nowhere else: at a free port, or at that of a registered address. Throws CommandFailed. */
export async function listenForCallback(registered?: URL): Promise<Callback> {
  let awaited: { readonly state: string; readonly arrive: (arrival: Arrival) => void } | undefined
  const path = registered?.pathname ?? '/callback'

  const server = createServer((request, response) => {
    const grant = request.method === 'GET' ? grantIn(request.url ?? '') : undefined
    if (!awaited || !grant) return void show(response, 'invalid')
    const { arrive } = awaited
    awaited = undefined
    arrive({ grant, show: (outcome) => show(response, outcome) })
  })

  function grantIn(target: string): Grant | undefined {
    const url = URL.canParse(target, 'http://127.0.0.1') ? new URL(target, 'http://127.0.0.1') : undefined
    const answer = url?.pathname === path ? readConsentAnswer(url.searchParams) : undefined
    return answer && awaited && isState(answer.state, awaited.state) ? answer.grant : undefined
  }

  const port = registered ? Number(registered.port || 80) : 0
  await new Promise<void>((resolve, reject) => {
    server.once('error', ({ name, ...error }: NodeJS.ErrnoException) => {
      reject(
        new CommandFailed(EXIT.failed, `port ${port} of this computer cannot be listened at (${error.code ?? name})`),
      )
    })
    server.listen(port, '127.0.0.1', resolve)
  })
  // A TCP server returns AddressInfo; only a pipe returns a string.
  const { port: taken } = server.address() as AddressInfo
  return {
    redirectUri: registered?.href ?? `http://127.0.0.1:${taken}${path}`,
    arrival: (state) =>
      new Promise((arrive) => {
        awaited = { state, arrive }
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
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
