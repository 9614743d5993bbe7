import type { IncomingMessage, RequestListener, Server } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Navigation, whyForeign } from './foreign-request.ts'

export interface Loopback {
  readonly url: string
  close(): Promise<void>
}

/**
 * Listens on 127.0.0.1 and nowhere else; port 0 takes a free one. Rejects when the port is taken. Every server of a laptop
 * is opened here: the listener hears of no request that a page elsewhere makes in this computer's browser.
 */
export async function listenOnLoopback(
  port: number,
  listener: RequestListener,
  navigation: Navigation = 'from its own pages',
): Promise<Loopback> {
  const server = createServer((request, response) => {
    const why = whyForeign(request, navigation)
    if (why === undefined) return listener(request, response)
    const text = `This request is refused: ${why}.\n`
    const headers = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' }
    response.writeHead(403, { ...headers, 'content-length': Buffer.byteLength(text) }).end(text)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  // A TCP server returns AddressInfo; only a pipe returns a string.
  const { port: taken } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${taken}`, close: () => closed(server) }
}

/** Rejects when one of the ports is taken, or is not for this user, and says what to do. 0 is always free. */
export async function ensureFree(ports: readonly number[]): Promise<void> {
  for (const port of ports) {
    const probe = await listenOnLoopback(port, () => {}).catch((error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'is taken' : `cannot be used (${error.code})`
      const all = ports.length > 1 ? ` of ${ports.join(', ')}` : ''
      throw new Error(`port ${port}${all} ${why}: npm start -- --port 0 takes any free ones`, { cause: error })
    })
    await probe.close()
  }
}

/** Closes the server and its connections: otherwise closing would wait for clients to leave. */
export function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}

/** Rejects when the client leaves before the body is complete. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks)
}
