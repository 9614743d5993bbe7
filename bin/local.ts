/** `npm start`: the whole machine on 127.0.0.1. No AWS account, no Docker, no network. */
import { parseArgs } from 'node:util'
import { startMachine } from '../lib/local/machine.ts'

// The SDK's locked version runs on Node 20. Its warning about a later version would hide the banner.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'

const HELP = `npm start [-- --port 8787]

Runs the machine on 127.0.0.1: the gateway on the given port, the AWS endpoints on the next, the simulated vendors on
the one after. --port 0 takes any free ones. Writes .local/env with what a shell needs to call it.

environment
  VENDOMAT_SIMULATOR_URL   your own simulators instead of the built-in ones
  AWS_ENDPOINT_URL         your own AWS emulator instead of the built-in endpoints`

const { values } = parseArgs({
  options: { port: { type: 'string', default: '8787' }, help: { type: 'boolean', short: 'h' } },
})
if (values.help) {
  console.log(HELP)
  process.exit(0)
}
if (!/^\d{1,5}$/.test(values.port) || Number(values.port) > 65533) {
  console.error(`--port must be a number from 0 to 65533, not ${values.port}`)
  process.exit(2)
}

const startedAt = performance.now()
try {
  const machine = await startMachine({
    port: Number(values.port),
    environment: process.env,
    say: (line) => console.log(line),
  })
  console.log(machine.banner)
  console.log(`ready after ${((performance.now() - startedAt) / 1000).toFixed(1)} s; Ctrl-C stops it`)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => machine.close().finally(() => process.exit(0)))
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
}
