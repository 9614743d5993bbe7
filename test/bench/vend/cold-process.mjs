// One cold process, as Lambda's: an ES module that loads the bundle (a CommonJS one by `require`) and calls it once. What
// it has cost goes to file descriptor 3 as it ends.
import { statSync, writeSync } from 'node:fs'
import { createRequire } from 'node:module'
import { context, eventFor } from './event.mjs'

const [, , bundle, vendor] = process.argv
const require = createRequire(import.meta.url)
const startedAt = performance.now()
let loadedAt = startedAt
if (bundle) {
  const { handler } = bundle.endsWith('.cjs') ? require(bundle) : await import(bundle)
  loadedAt = performance.now()
  const { statusCode, body } = await handler(eventFor('hq-0', vendor), context)
  if (statusCode !== 200 || JSON.parse(body).access_token.length !== 2048) throw new Error(`no token: ${body}`)
}
const vendedAt = performance.now()
const files = bundle?.endsWith('.cjs') ? Object.keys(require.cache) : [bundle].filter(Boolean)
const bytes = files.reduce((sum, file) => sum + statSync(file).size, 0)
process.on('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
  const cost = {
    cpuMs: (userCPUTime + systemCPUTime) / 1000,
    loadMs: loadedAt - startedAt,
    vendMs: vendedAt - loadedAt,
  }
  writeSync(3, JSON.stringify({ ...cost, bytes, maxRSS }))
})
process.exit()
