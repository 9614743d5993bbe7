import { createServer, type IncomingHttpHeaders, type RequestListener, request } from 'node:http'
import { duplexPair } from 'node:stream'
import { text } from 'node:stream/consumers'

export interface Asked {
  readonly method: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

export interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** An HTTP server without a port: each request goes through a pair of streams of its own. */
export function inProcess(listener: RequestListener): (asked: Asked) => Promise<Reply> {
  const server = createServer(listener)
  return ({ method, path, headers, body = '' }) =>
    new Promise((resolve, reject) => {
      const [near, far] = duplexPair()
      server.emit('connection', far)
      const length = { 'content-length': Buffer.byteLength(body), connection: 'close' }
      const sent = request({
        method,
        path,
        headers: { host: 'localhost', ...headers, ...length },
        createConnection: () => near,
      })
      sent.once('error', reject)
      sent.once('response', (response) => {
        const { statusCode = 0, headers } = response
        text(response).then((body) => resolve({ status: statusCode, headers, body }), reject)
      })
      sent.end(body)
    })
}
