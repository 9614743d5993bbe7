/**
 * A cold process to its first vend from the table: CPU of the whole process and bytes that it parsed, against a naive
 * handler of the same packages. Each round runs every kind of process once, so that a pair is never far apart.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'
import { bundleFunction } from '../../lib/vendor-code.ts'
import type { BenchResult } from './result.ts'
import { median, print, ratioOf, round } from './vend/pairs.ts'

const HERE = fileURLToPath(new URL('vend', import.meta.url))
const ROUNDS = Number(process.env.ROUNDS ?? 20)

interface Cost {
  readonly cpuMs: number
  readonly loadMs: number
  readonly vendMs: number
  readonly bytes: number
  readonly maxRSS: number
}

export async function run(): Promise<BenchResult> {
  const out = mkdtempSync(join(tmpdir(), 'cold-'))
  const { process: emulator, environment } = await startEmulator(1)
  try {
    const kinds = build(out)
    const costs = await inTurns(kinds, environment)
    return { name: 'cold', rows: rowsOf(costs) }
  } finally {
    emulator.kill()
    rmSync(out, { recursive: true })
  }
}

/** The emulator in a process of its own, so that its CPU is nobody's; and the environment of a function beside it. */
export async function startEmulator(connections: number) {
  const emulator: ChildProcess = fork(join(HERE, 'emulator.ts'), [`${connections}`], {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const [environment]: Record<string, string>[] = await once(emulator, 'message')
  if (!environment) throw new Error('the emulator did not start')
  return { process: emulator, environment }
}

/** A handler of this folder, bundled as most people would. */
export function bundleForBench(source: string, outfile: string): void {
  const format = outfile.endsWith('.cjs') ? 'cjs' : 'esm'
  const require = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"
  buildSync({
    ...{ entryPoints: [join(HERE, source)], outfile, format, bundle: true, minify: true },
    ...{ platform: 'node', target: 'node24', mainFields: ['module', 'main'], legalComments: 'none', logLevel: 'error' },
    ...(format === 'esm' && { banner: { js: require } }),
  })
}

interface Kind {
  readonly bundle?: string
  /** With a key in the environment in the place of KMS. */
  readonly withoutKms?: true
}

function build(out: string): Readonly<Record<string, Kind>> {
  const path = (file: string) => join(out, file)
  bundleFunction('accelo/handler', path('ours'))
  bundleForBench('naive.ts', path('naive.mjs'))
  bundleForBench('naive.ts', path('naive.cjs'))
  cpSync(join(HERE, 'floor.cjs'), path('floor.cjs'))
  return {
    ours: { bundle: path('ours/index.cjs') },
    naive: { bundle: path('naive.mjs') },
    naiveWithoutKms: { bundle: path('naive.mjs'), withoutKms: true },
    naiveCommonJs: { bundle: path('naive.cjs') },
    floor: { bundle: path('floor.cjs') },
    empty: {},
  }
}

async function inTurns(kinds: Readonly<Record<string, Kind>>, environment: Readonly<Record<string, string>>) {
  const { NAIVE_KEY = '', ...usual } = environment
  const costs: Record<string, Cost[]> = {}
  // The first round warms the file cache and the emulator, and is not counted.
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const [name, { bundle, withoutKms }] of Object.entries(kinds)) {
      const cost = await oneProcess(bundle, withoutKms ? { ...usual, NAIVE_KEY } : usual)
      if (round > 0) costs[name] = [...(costs[name] ?? []), cost]
    }
  }
  return costs
}

async function oneProcess(bundle: string | undefined, env: Readonly<Record<string, string>>): Promise<Cost> {
  const child = spawn(process.execPath, [join(HERE, 'cold-process.mjs'), ...(bundle ? [bundle] : [])], {
    env: { ...env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
  })
  let text = ''
  child.stdio[3]?.on('data', (chunk) => {
    text += chunk
  })
  await once(child, 'close')
  return JSON.parse(text)
}

function rowsOf(costs: Readonly<Record<string, readonly Cost[]>>): BenchResult['rows'] {
  const of = (kind: string, what: keyof Cost) => (costs[kind] ?? []).map((cost) => cost[what])
  const ours = of('ours', 'cpuMs')
  const against = (baseline: string, title: string, most?: number) => ({
    case: `cold process to first vend from the table, CPU against ${title}`,
    value: round(median(ours), 1),
    unit: 'ms',
    baseline: `${title}: ${round(median(of(baseline, 'cpuMs')), 1)} ms`,
    ratio: ratioOf(ours, of(baseline, 'cpuMs')),
    ...(most !== undefined && { goal: { most } }),
  })
  const elapsed = (what: keyof Cost, title: string) => ({
    case: `of it, ${title}, elapsed`,
    value: round(median(of('ours', what)), 1),
    unit: 'ms',
    baseline: `the naive stack: ${round(median(of('naive', what)), 1)} ms`,
  })
  return [
    against('naive', 'the naive stack', 0.65),
    against('naiveWithoutKms', 'the naive stack without KMS'),
    against('naiveCommonJs', 'the naive stack as CommonJS'),
    against('floor', 'the floor'),
    against('empty', 'an empty process'),
    {
      case: 'bytes parsed before the hit is served',
      value: round(median(of('ours', 'bytes')) / 1000, 1),
      unit: 'KB',
      baseline: `the naive stack: ${round(median(of('naive', 'bytes')) / 1000, 1)} KB`,
      ratio: ratioOf(of('ours', 'bytes'), of('naive', 'bytes')),
      goal: { most: 0.45 },
    },
    {
      case: 'most memory of that process',
      value: round(median(of('ours', 'maxRSS')) / 1024, 1),
      unit: 'MiB',
      baseline: `the naive stack: ${round(median(of('naive', 'maxRSS')) / 1024, 1)} MiB`,
      ratio: ratioOf(of('ours', 'maxRSS'), of('naive', 'maxRSS')),
    },
    elapsed('loadMs', 'loading'),
    elapsed('vendMs', 'the vend'),
  ]
}

if (process.argv[1] === fileURLToPath(import.meta.url)) print(await run())
