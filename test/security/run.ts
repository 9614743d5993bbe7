import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import * as z from 'zod/mini'
import { renderTable } from '../../lib/cli/table.ts'
import { namePattern, removeEach, report } from '../mutants/removals.ts'
import { withPromises } from './document.ts'
import { gathered, mutantOf } from './gathered.ts'
import type { SecurityPromise } from './promise.ts'
import { faultsOf, type JestReport, jestReport } from './verdict.ts'

const HELP = `npm run security [-- --only <text>] [--removals] [--readme]

Runs the tests of every security promise (test/security/promises) and shows the table: what is protected, from whom, what
stops them, the tests, their figure, and whether they pass.

  --only <text>   the promises whose id, asset or file has this text
  --removals      removes what stops each threat, one at a time, in a copy of the tree, and says which test notices
  --readme        writes the table into functions/SECURITY.md, and runs nothing

exit codes   0 every promise is kept, every removal noticed   1 one is not   2 called wrongly`

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const DOCUMENT = join(ROOT, 'functions/SECURITY.md')
/** A line of what test/support/figure.ts writes. */
const FIGURE = z.object({ promise: z.string(), text: z.string() })

const values = read()
const all = await gathered()
const chosen = all.filter((promise) =>
  [promise.id, promise.asset, ...promise.tests.map(({ file }) => file)].some((text) => text.includes(values.only)),
)
if (chosen.length === 0) misused(`no promise has "${values.only}" in its id, its asset or the name of a test file`)
if (values.readme) writeFileSync(DOCUMENT, withPromises(readFileSync(DOCUMENT, 'utf8'), all))
else if (values.removals) report(await removeEach(chosen.map(mutantOf)), 'removals')
else await show(chosen)

function read() {
  const flag = { type: 'boolean', default: false } as const
  const options = {
    ...{ removals: flag, readme: flag },
    only: { type: 'string', default: '' },
    help: { ...flag, short: 'h' },
  } as const
  try {
    const { values } = parseArgs({ options })
    if (!values.help) return values
  } catch (error) {
    // What parseArgs throws says in one line what is wrong.
    misused(error instanceof Error ? error.message : String(error))
  }
  process.stdout.write(`${HELP}\n`)
  process.exit(0)
}

function misused(text: string): never {
  process.stderr.write(`security: ${text}\n`)
  process.exit(2)
}

async function show(promises: readonly SecurityPromise[]): Promise<void> {
  const startedAt = performance.now()
  const { results, figures } = await runTests(promises)
  const rows = promises.map((promise) => {
    const faults = faultsOf(promise, results)
    const { id, asset, threat, stoppedBy, tests } = promise
    const named = tests.map(({ file, title }) => `${file}: ${title}`)
    const verdict = faults.length > 0 ? 'FAIL' : 'pass'
    const cells = [id, verdict, figures.get(id) ?? '-', asset, threat, stoppedBy, named.join('; ')]
    return { cells: cells.map((text) => ({ text })), notes: faults.map((text) => ({ label: 'fault', text })) }
  })
  const head = ['promise', '', 'figure', 'asset', 'threat', 'stopped by', 'tests']
  const { isTTY, columns } = process.stdout
  const failed = rows.filter(({ notes }) => notes.length > 0).length
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0)
  process.stdout.write(`${renderTable(head, rows, isTTY ? { columns } : {}).join('\n')}\n\n`)
  process.stdout.write(`${rows.length} promises: ${rows.length - failed} kept, ${failed} not; ${seconds} s\n`)
  if (failed > 0) process.exitCode = 1
}

/** The tests that are named, once, and the figures that they state. */
async function runTests(promises: readonly SecurityPromise[]) {
  const tests = promises.flatMap(({ tests }) => tests)
  const files = [...new Set(tests.map(({ file }) => file))].filter((file) => existsSync(join(ROOT, file)))
  const home = mkdtempSync(join(tmpdir(), 'vendomat-security-'))
  const [written, stated] = [join(home, 'report.json'), join(home, 'figures')]
  process.stderr.write(`${promises.length} promises, ${files.length} files of tests ...\n`)
  try {
    const said = await jest(
      ['--testNamePattern', namePattern(tests.map(({ title }) => title)), '--json', '--outputFile', written],
      files,
      { ...process.env, VENDOMAT_FIGURES: stated },
    )
    if (!existsSync(written)) throw new Error(`the tests did not run:\n${said}`)
    const results: JestReport = jestReport.parse(JSON.parse(readFileSync(written, 'utf8')))
    return { results, figures: figuresIn(existsSync(stated) ? readFileSync(stated, 'utf8') : '') }
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}

/** Returns what Jest said to people; what came of the tests is in its report. */
function jest(options: readonly string[], files: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  const program = ['--experimental-vm-modules', '--no-warnings=ExperimentalWarning', 'node_modules/jest/bin/jest.js']
  const parameters = [...program, ...options, '--runTestsByPath', ...files]
  return new Promise((resolve) => {
    execFile(process.execPath, parameters, { cwd: ROOT, env, maxBuffer: 2 ** 28 }, (_error, _stdout, stderr) =>
      resolve(stderr),
    )
  })
}

/** By the promise's id. A promise of several tests may state several. */
function figuresIn(lines: string): Map<string, string> {
  const figures = new Map<string, string>()
  for (const line of lines.split('\n').filter(Boolean)) {
    const { promise, text } = FIGURE.parse(JSON.parse(line))
    const before = figures.get(promise)
    figures.set(promise, before ? `${before}, ${text}` : text)
  }
  return figures
}
