import type { IncomingMessage, RequestListener } from 'node:http'
import { createServer, type ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'
import { egress } from '../../functions/aws/egress.ts'
import { selfSigned } from './certificate.ts'

export const HOST = 'auth.vendor.example'

interface Options {
  /** Whose name is on its certificate. @default its own */
  readonly host?: string
  readonly from?: Date
  readonly until?: Date
  readonly tls?: ServerOptions
}

/**
 * A vendor's server on 127.0.0.1, and an egress that takes it for one on the internet and trusts its certificate. `requests`
 * are those that came through, `connections` the TCP connections that were made to it.
 */
export async function tlsVendor(answer: RequestListener, { host = HOST, from, until, tls }: Options = {}) {
  const certificate = selfSigned({ host, ...(from && { from }), ...(until && { until }) })
  const requests: IncomingMessage[] = []
  const server = createServer({ ...certificate, ...tls }, (request, response) => {
    requests.push(request)
    answer(request, response)
  })
  let connections = 0
  server.on('connection', () => {
    connections += 1
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // A TCP server returns AddressInfo; only a pipe returns a string.
  const { port } = server.address() as AddressInfo
  const edge = {
    resolve: async () => [{ address: '127.0.0.1', family: 4 }],
    mayCall: () => true,
  }
  return {
    url: (path = '/'): string => `https://${HOST}:${port}${path}`,
    port,
    requests,
    connections: () => connections,
    certificate,
    edge,
    http: egress({ ...edge, ca: certificate.cert }),
    close: () => {
      server.closeAllConnections()
      return new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

export type TlsVendor = Awaited<ReturnType<typeof tlsVendor>>
