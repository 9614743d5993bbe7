#!/usr/bin/env node
import { http } from '../lib/cli/http.ts'
import { secondsAhead } from '../lib/cli/local-clock.ts'
import { run } from '../lib/cli/run.ts'
import { terminalShell } from '../lib/cli/terminal.ts'

// The SDK's locked version runs on Node 20. Its warning about a later version is not for a person who wants a token.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'

void main()

/** CommonJS, which the one file is, has no await at its top. */
async function main(): Promise<void> {
  const aheadSeconds = await secondsAhead({ environment: process.env, http })
  process.exitCode = await run(process.argv.slice(2), terminalShell(process.env, aheadSeconds))
}
