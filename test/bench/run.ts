/**
 * `npm run bench [-- name ...]`: runs the programs of this folder one after the other, each in a process of its own, and
 * says which goals hold. A program is a file that exports `run(): Promise<BenchResult>`.
 */
import { fork } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { chart } from './chart.ts'
import { misses, report, verdictOn } from './report.ts'
import type { BenchResult } from './result.ts'

const HELP = `npm run bench [-- name ... --json file --svg file --long]

Measures the machine beside its baselines, on this computer, and says which goals hold. Takes some ten minutes with all
programs. Writes what it found to .local/bench/ (--json, --svg: elsewhere). --long: a load of 5 minutes instead of 30 s.

exit codes   0 every goal holds   1 one was missed, or a program failed   2 called wrongly`

const HERE = fileURLToPath(new URL('.', import.meta.url))
const HOME = resolve(HERE, '../../.local/bench')
/** One that takes longer hangs. */
const MINUTES = { usual: 10, long: 30 }

const QUIET = { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true', POWERTOOLS_METRICS_DISABLED: 'true' }

const programs = readdirSync(HERE)
  .filter(
    (file) =>
      file.endsWith('.ts') && /^export (async )?(function|const) run\b/m.test(readFileSync(join(HERE, file), 'utf8')),
  )
  .map((file) => basename(file, '.ts'))
  .sort()

const { values, positionals } = read()
const names = positionals.length > 0 ? positionals : programs
const stranger = names.find((name) => !programs.includes(name))
if (stranger !== undefined) misused(`there is no program "${stranger}"; there are ${programs.join(', ')}`)

const results: BenchResult[] = []
const failed: string[] = []
for (const name of names) {
  const startedAt = performance.now()
  process.stderr.write(`${name} ...\n`)
  try {
    results.push(await runAlone(name))
  } catch (error) {
    failed.push(`${name} failed: ${error instanceof Error ? error.message : error}`)
    process.stderr.write(`  ${failed.at(-1)}\n`)
  }
  process.stderr.write(`  ${((performance.now() - startedAt) / 1000).toFixed(0)} s\n`)
}

const at = new Date().toISOString()
const machine = { node: process.version, cpus: cpus().length, cpu: cpus()[0]?.model ?? '' }
const judged = results.map(({ name, rows }) => ({
  name,
  rows: rows.map((row) => ({ ...row, verdict: verdictOn(row) })),
}))
write(values.json ?? join(HOME, 'bench.json'), `${JSON.stringify({ at, ...machine, results: judged }, null, 2)}\n`)
write(
  values.svg ?? join(HOME, 'bench.svg'),
  chart(results, `npm run bench, ${at.slice(0, 10)}, Node ${process.version}`),
)
process.stdout.write(`${report(results)}\n`)
const faults = [...failed, ...misses(results)]
process.stderr.write(faults.length > 0 ? `\n${faults.join('\n')}\n` : '\nevery goal holds\n')
process.exitCode = faults.length > 0 ? 1 : 0

function read() {
  const options = {
    json: { type: 'string' },
    svg: { type: 'string' },
    long: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h' },
  } as const
  try {
    const parsed = parseArgs({ options, allowPositionals: true })
    if (!parsed.values.help) return parsed
  } catch (error) {
    return misused(error instanceof Error ? error.message : String(error))
  }
  process.stdout.write(`${HELP}\n`)
  process.exit(0)
}

function misused(why: string): never {
  process.stderr.write(`bench: ${why}\n`)
  process.exit(2)
}

/** What it writes goes to the standard error: the standard output is the table's. */
function runAlone(name: string): Promise<BenchResult> {
  const program = fork(join(HERE, 'program.ts'), [name, ...(values.long ? ['--long'] : [])], {
    execArgv: ['--import', 'tsx', '--expose-gc'],
    stdio: ['ignore', 2, 'inherit', 'ipc'],
    // As JSON what could not be measured would come as null, which is less than any goal.
    serialization: 'advanced',
    env: { ...process.env, ...QUIET },
  })
  const minutes = values.long ? MINUTES.long : MINUTES.usual
  return new Promise((done, fail) => {
    const clock = setTimeout(() => {
      program.kill('SIGKILL')
      fail(new Error(`it took longer than ${minutes} minutes`))
    }, minutes * 60_000)
    program.once('message', (message) => done(message as BenchResult))
    program.once('error', fail)
    program.once('exit', (code, signal) => {
      clearTimeout(clock)
      fail(new Error(`it ended with ${signal ?? code} and without a result`))
    })
  })
}

function write(file: string, text: string): void {
  mkdirSync(dirname(resolve(file)), { recursive: true })
  writeFileSync(file, text)
  process.stderr.write(`wrote ${file}\n`)
}
