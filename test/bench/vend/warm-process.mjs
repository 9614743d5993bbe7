// A warm process: loads the bundle once, and vends the connections it is told, one after the other. Says what it cost.
import { createRequire } from 'node:module'
import { context, eventFor } from './event.mjs'

const { handler } = createRequire(import.meta.url)(process.argv[2])

process.on('message', async ({ from, to }) => {
  const before = process.cpuUsage()
  const startedAt = performance.now()
  for (let i = from; i < to; i += 1) {
    const { statusCode, body } = await handler(eventFor(`hq-${i}`), context)
    if (statusCode !== 200) throw new Error(body)
  }
  const { user, system } = process.cpuUsage(before)
  process.send({
    cpuUs: (user + system) / (to - from),
    elapsedUs: ((performance.now() - startedAt) * 1000) / (to - from),
  })
})
process.on('disconnect', () => process.exit())
process.send({ ready: true })
