import { type AddressInfo, createServer, type Socket } from 'node:net'

/** A port on 127.0.0.1 that nobody is to connect to. Who does is caught, and hung up on. */
export async function trapOnLoopback() {
  const caught: Socket[] = []
  const server = createServer((socket) => {
    caught.push(socket)
    socket.destroy()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // A TCP server returns AddressInfo; only a pipe returns a string.
  const { port } = server.address() as AddressInfo
  return { port, caught, close: () => server.close() }
}
