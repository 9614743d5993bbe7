/**
 * `npm run matrix`: grant, client authentication and server, with how many checks came to what they have to. Fails where one did
 * not.
 */
import { orFailure, VendingError } from '../../../functions/kit/errors.ts'
import type { Row } from './checks.ts'
import { COMBINATIONS } from './combination.ts'
import { checksOf, type Seen, seen, started } from './run.ts'
import { SERVERS } from './servers.ts'

// What a real installation would have to set they say as soon as they are loaded.
for (const level of ['info', 'warn', 'error'] as const) console[level] = () => {}

interface Line extends Pick<Row, 'server' | 'combination'> {
  readonly checks: readonly (Seen & { readonly name: string })[]
}

const lines: Line[] = []
for (const server of SERVERS) {
  const running = await started(server)
  for (const combination of COMBINATIONS) {
    const checks: (Seen & { name: string })[] = []
    if (server.missing(combination) === undefined) {
      for (const check of checksOf({ server, combination })) {
        const came = await orFailure(seen(check, { server, running, combination }))
        const failed = { observed: came instanceof VendingError ? came.code : '', expected: check.expected }
        checks.push({ name: check.name, ...(came instanceof VendingError ? failed : came) })
      }
    }
    lines.push({ server, combination, checks })
  }
  running.close()
}

const isOurs = ({ observed, expected }: Seen) => observed !== expected
const all = lines.flatMap(({ checks }) => checks)

function resultOf({ server, combination, checks }: Line): string {
  const missing = server.missing(combination)
  if (missing !== undefined) return `not offered: ${missing}`
  const ours = checks.filter(isOurs).map(({ name, observed }) => `DEVIATION: ${name}: ${observed}`)
  const theirs = checks.filter(({ deviation }) => deviation).length
  return [...ours, theirs > 0 && `server deviates: ${theirs}`].filter(Boolean).join('; ') || 'as it must'
}

console.log('| grant | client authentication | server | checks | result |\n| --- | --- | --- | --- | --- |')
for (const line of lines) {
  const { grant, way, algorithm } = line.combination
  const cells = [
    grant,
    [way, algorithm].filter(Boolean).join(' '),
    line.server.name,
    line.checks.length,
    resultOf(line),
  ]
  console.log(`| ${cells.join(' | ')} |`)
}

for (const { name, checks, deviations } of SERVERS) {
  console.log(`\n${name} checks ${checks}.`)
  for (const { check, observed, because, mendedBy } of deviations) {
    const mended = mendedBy ? `; mended by ${JSON.stringify(mendedBy)}` : '; nothing that a description says mends it'
    console.log(`- ${check}: ${observed}. ${because}${mended}`)
  }
}

const offered = lines.filter(({ checks }) => checks.length > 0)
const theirs = all.filter(({ deviation }) => deviation)
console.log(
  `\n${SERVERS.length} servers, ${offered.length} of ${lines.length} combinations offered, ${all.length} checks: ` +
    `${all.filter(isOurs).length} deviations of ours, ${theirs.length} of theirs`,
)
process.exitCode = all.some(isOurs) ? 1 : 0
