import { ensureFree, type Loopback, listenOnLoopback } from '../../lib/local/loopback.ts'

const portOf = ({ url }: Loopback) => Number(new URL(url).port)

it('ports are free until somebody listens, and it is said which one is taken and what to do', async () => {
  const taken = await listenOnLoopback(0, () => {})
  const port = portOf(taken)
  await expect(ensureFree([0, port, 0])).rejects.toThrow(
    `port ${port} of 0, ${port}, 0 is taken: npm start -- --port 0 takes any free ones`,
  )
  await expect(ensureFree([port])).rejects.toThrow(`port ${port} is taken: `)
  await taken.close()
  await ensureFree([0, port])
  const again = await listenOnLoopback(port, () => {})
  await again.close()
})
