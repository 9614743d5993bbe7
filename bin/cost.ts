/** `npm run cost`: what the machine costs a month at list prices. Asks nobody and needs no account. */
import { cost } from '../lib/cost/command.ts'

process.exitCode = cost(process.argv.slice(2), { out: console.log, say: console.error })
