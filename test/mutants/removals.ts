import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as z from 'zod/mini'
import { type Guard, type Mutant, mutated } from './mutant.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const AT_ONCE = 2
const MOST_SECONDS = 180
const JEST = [
  ...['--experimental-vm-modules', '--no-warnings=ExperimentalWarning', 'node_modules/jest/bin/jest.js'],
  ...['--runInBand', '--reporters', '<rootDir>/test/mutants/first-failure.mjs'],
]

/** What came of one run of tests. 'broken' says nothing about the guard: the code does not fit together. */
interface Verdict {
  readonly verdict: 'passed' | 'failed' | 'broken'
  readonly by: string
  readonly message: string
}

export interface Row extends Verdict {
  readonly mutant: Mutant
  readonly seconds: number
}

const line = z.object({
  verdict: z.enum(['passed', 'failed', 'broken']),
  by: z._default(z.string(), ''),
  message: z._default(z.string(), ''),
})

const startedAt = performance.now()
const home = realpathSync(mkdtempSync(join(tmpdir(), 'vendomat-mutants-')))
process.on('exit', () => rmSync(home, { recursive: true, force: true }))
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1))

/**
 * Removes one guard at a time from a copy of the tree, and runs the tests that have to notice. `others` are compiled with
 * them and not run. Ends the process when something does not compile, or when not everything passes with all guards there.
 */
export async function removeEach(mutants: readonly Mutant[], others: readonly Guard[] = []): Promise<Row[]> {
  const copies = Array.from({ length: AT_ONCE }, (_, index) => copyOfTheTree(`tree-${index}`))
  await compile([...mutants, ...others])
  await runUnmutated(mutants, copies)
  return inTurns(mutants, copies, run)
}

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8')
}

function copyOfTheTree(name: string): string {
  const copy = join(home, name)
  const left = ['node_modules', '.git', 'cdk.out', 'coverage']
  cpSync(ROOT, copy, { recursive: true, filter: (path) => !left.includes(basename(path)) })
  symlinkSync(realpathSync(join(ROOT, 'node_modules')), join(copy, 'node_modules'))
  mkdirSync(join(copy, 'tmp'))
  return copy
}

/** All at once, each as a file beside the one it was made of. What is no TypeScript has nothing to be compiled. */
async function compile(guards: readonly Guard[]): Promise<void> {
  const copy = copyOfTheTree('types')
  const all = guards
    .filter(({ file }) => file.endsWith('.ts'))
    .map((mutant, index) => ({ mutant, file: mutant.file.replace(/\.ts$/, `.mutant-${index}.ts`) }))
  for (const { mutant, file } of all) writeFileSync(join(copy, file), mutated(read(mutant.file), mutant))
  const compilerOptions = { noUnusedLocals: false, noUnusedParameters: false }
  const config = {
    extends: './tsconfig.json',
    compilerOptions,
    include: [...all.map(({ file }) => file), '*/**/*.d.ts'],
  }
  writeFileSync(join(copy, 'tsconfig.mutants.json'), JSON.stringify(config))
  const { output, failed } = await command(
    join('node_modules', '.bin', 'tsc'),
    ['--pretty', 'false', '-p', 'tsconfig.mutants.json'],
    copy,
  )
  const wrong = all.flatMap(({ mutant, file }) =>
    output
      .split('\n')
      .filter((text) => text.startsWith(file))
      .map((text) => `"${mutant.name}": ${text}`),
  )
  if (failed) fail(['mutants that do not compile', ...wrong, output])
}

type Run = Pick<Mutant, 'tests' | 'titles' | 'model'>

/** Every test that a mutant names, once, without a mutant. */
async function runUnmutated(mutants: readonly Mutant[], copies: readonly string[]): Promise<void> {
  const files = new Set(mutants.flatMap(({ tests }) => tests))
  const models = new Map(mutants.flatMap(({ model }) => (model ? [[JSON.stringify(model), model] as const] : [])))
  const runs: Run[] = [
    ...[...files].map((file) => ({ tests: [file], ...titlesIn(file, mutants) })),
    ...[...models.values()].map((model) => ({ tests: [], model })),
  ]
  progress(`${runs.length} runs without a mutant`)
  const verdicts = await inTurns(runs, copies, verdictOf)
  const wrong = verdicts.filter(({ verdict }) => verdict !== 'passed')
  if (wrong.length > 0)
    fail(['without a mutant not everything passes', ...wrong.map(({ by, message }) => `${by}\n${message}`)])
}

/** All of the file, unless everybody who names it also names titles. */
function titlesIn(file: string, mutants: readonly Mutant[]): Pick<Mutant, 'titles'> {
  const named = mutants.filter(({ tests }) => tests.includes(file)).map(({ titles }) => titles)
  return named.includes(undefined) ? {} : { titles: named.flatMap((titles) => titles ?? []) }
}

async function run(mutant: Mutant, copy: string): Promise<Row> {
  const since = performance.now()
  const target = join(copy, mutant.file)
  writeFileSync(target, mutated(read(mutant.file), mutant))
  try {
    const verdict = await verdictOf(mutant, copy)
    const seconds = (performance.now() - since) / 1000
    const row = { ...verdict, mutant, seconds }
    progress(`${wordFor(row)} ${mutant.name}`)
    return row
  } finally {
    writeFileSync(target, read(mutant.file))
  }
}

/** Of the first test that does not pass. */
async function verdictOf({ tests, titles, model }: Run, copy: string): Promise<Verdict> {
  if (tests.length > 0) {
    const named = titles ? ['--testNamePattern', namePattern(titles)] : []
    const jest = [...JEST, '--cacheDirectory', join(home, 'jest'), ...named, '--runTestsByPath', ...tests]
    const verdict = verdictIn(await command(process.execPath, jest, copy))
    if (verdict.verdict !== 'passed') return verdict
  }
  if (!model) return { verdict: 'passed', by: '', message: '' }
  const seeds = ['--only', model.only, '--seeds', String(model.seeds)]
  return verdictIn(await command(join('node_modules', '.bin', 'tsx'), ['test/mutants/model.ts', ...seeds], copy))
}

/** Of the tests with these titles, for Jest's --testNamePattern. */
export const namePattern = (titles: readonly string[]): string =>
  titles.map((title) => title.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')

function verdictIn({ output, timedOut }: Ended): Verdict {
  if (timedOut) return { verdict: 'broken', by: 'the clock', message: `it did not end within ${MOST_SECONDS} s` }
  const said = output.split('\n').findLast((text) => text.startsWith('{"verdict"'))
  if (said === undefined) return { verdict: 'broken', by: 'the run', message: output.slice(-2000) }
  const verdict = line.parse(JSON.parse(said))
  // A name that is not there fails every test that reaches it.
  const isBroken = verdict.verdict === 'failed' && verdict.message.includes('ReferenceError')
  if (isBroken) return { ...verdict, verdict: 'broken' }
  return verdict.message.includes('Exceeded timeout') ? { ...verdict, by: `${verdict.by} (it did not end)` } : verdict
}

interface Ended {
  readonly output: string
  readonly failed: boolean
  readonly timedOut: boolean
}

function command(program: string, parameters: readonly string[], cwd: string): Promise<Ended> {
  const env = { ...process.env, TMPDIR: join(cwd, 'tmp'), FORCE_COLOR: '0' }
  const options = { cwd, env, timeout: MOST_SECONDS * 1000, killSignal: 'SIGKILL', maxBuffer: 2 ** 28 } as const
  return new Promise((resolve) => {
    execFile(program, parameters, options, (error, stdout, stderr) =>
      resolve({ output: `${stderr}\n${stdout}`, failed: error !== null, timedOut: error?.killed === true }),
    )
  })
}

/** Each in a copy of the tree that nobody else works on meanwhile. */
async function inTurns<T, R>(
  items: readonly T[],
  copies: readonly string[],
  work: (item: T, copy: string) => Promise<R>,
): Promise<R[]> {
  const waiting = [...items.entries()]
  const results: R[] = []
  const worker = async (copy: string) => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [index, item] = next
      results[index] = await work(item, copy)
    }
  }
  await Promise.all(copies.map(worker))
  return results
}

function wordFor({ verdict }: Verdict): string {
  return { passed: 'SURVIVED', failed: 'killed', broken: 'ERROR' }[verdict]
}

/** Says which test noticed each, and `more` lines below them. The process fails when one was not noticed. */
export function report(rows: readonly Row[], noun: string, more: readonly [name: string, text: string][] = []): void {
  const width = Math.max(...[...rows.map(({ mutant }) => mutant.name), ...more.map(([name]) => name)].map(lengthOf))
  const count = (verdict: Row['verdict']) => rows.filter((row) => row.verdict === verdict).length
  const broken = rows.filter(({ verdict }) => verdict === 'broken')
  const lines = [
    ...rows.map((row) => {
      const by = row.verdict === 'failed' ? row.by : wordFor(row)
      return `${row.mutant.name.padEnd(width)}  ${row.seconds.toFixed(1).padStart(5)} s  ${by}`
    }),
    ...more.map(([name, text]) => `${name.padEnd(width)}           ${text}`),
    '',
    ...broken.map(({ mutant, by, message }) => `"${mutant.name}" in ${by}: ${message}\n`),
    `${rows.length} ${noun}: ${count('failed')} killed, ${count('passed')} survived, ${count('broken')} errors`,
    `wall time ${((performance.now() - startedAt) / 1000).toFixed(0)} s`,
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
  if (count('failed') < rows.length) process.exitCode = 1
}

const lengthOf = (text: string): number => text.length

function progress(text: string): void {
  process.stderr.write(`${((performance.now() - startedAt) / 1000).toFixed(0).padStart(5)} s  ${text}\n`)
}

function fail(lines: readonly string[]): never {
  process.stderr.write(`${lines.join('\n')}\n`)
  process.exit(1)
}
