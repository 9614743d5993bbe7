/** `npm start`: the whole machine on 127.0.0.1. No AWS account, no Docker, no network. */
import { once } from 'node:events'
import { startRequest } from '../lib/local/start-request.ts'
import { terminal } from '../lib/local/terminal.ts'

// The SDK's locked version runs on Node 20. Its warning about a later version would hide the banner.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'

const HELP = `npm start [-- --port 8787]

Runs the machine on 127.0.0.1: the gateway on the given port, the AWS endpoints on the next, the simulated vendors on
the one after. --port 0 takes any free ones. Writes .local/env with what a shell needs to call it.

environment
  VENDOMAT_SIMULATOR_URL   your own simulators on this computer instead of the built-in ones
  AWS_ENDPOINT_URL         your own AWS emulator on this computer instead of the built-in endpoints
  (not where a shell has them from .local/env: those are a machine's own)`

const request = startRequest(process.argv.slice(2), process.env)
if (request === 'help') {
  console.log(HELP)
  process.exit(0)
}
if ('misuse' in request) {
  console.error(request.misuse)
  process.exit(2)
}

/** Enough for all that ends by itself. An emulator of somebody's own that is silent must not hold up the rest. */
const END_MS = 900
const stop = new AbortController()
// A terminal sends the signal to npm and to this process, and npm hands it on: it comes twice.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    stop.abort()
    setTimeout(() => process.exit(0), END_MS).unref()
  })
}

const startedAt = performance.now()
try {
  // Loaded after the command line has been read: it takes longer than the answer to a wrong one should.
  const { startMachine } = await import('../lib/local/machine.ts')
  const machine = await startMachine({
    port: request.port,
    environment: process.env,
    ...terminal(process.stdout, process.stderr),
    stop: stop.signal,
  })
  console.log(machine.banner)
  console.log(`ready after ${((performance.now() - startedAt) / 1000).toFixed(1)} s; Ctrl-C stops it`)
  if (!stop.signal.aborted) await once(stop.signal, 'abort')
  await machine.close()
} catch (error) {
  if (!stop.signal.aborted) {
    console.error(error instanceof Error ? error.message : error)
    process.exit(1)
  }
}
process.exit(0)
