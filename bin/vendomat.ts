#!/usr/bin/env tsx
import { run } from '../lib/cli/run.ts'

process.exitCode = await run(process.argv.slice(2), {
  environment: process.env,
  http: fetch,
  out: (line) => console.log(line),
  say: (line) => console.error(line),
})
