/**
 * A cold process to its first vend from the table: CPU of the whole process and bytes that it parsed, against a naive
 * handler of the same packages; and a vendor without code of its own, whose description its function parses in its
 * environment, against Accelo. Each round runs every kind of process once, so that a pair is never far apart.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
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
    return { name: 'cold', rows: [...rowsOf(costs), ...describedRows(costs, out)] }
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
  /** @default 'accelo' */
  readonly vendor?: string
  /** With a key in the environment in the place of KMS. */
  readonly withoutKms?: true
}

function build(out: string): Readonly<Record<string, Kind>> {
  const path = (file: string) => join(out, file)
  bundleFunction('accelo/handler', path('ours'))
  bundleFunction('generic/handler', path('described'))
  bundleForBench('naive.ts', path('naive.mjs'))
  bundleForBench('naive.ts', path('naive.cjs'))
  cpSync(join(HERE, 'floor.cjs'), path('floor.cjs'))
  return {
    ours: { bundle: path('ours/index.cjs') },
    described: { bundle: path('described/index.cjs'), vendor: 'zoom' },
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
    // There and back, so that whatever one leaves to the next is left to each.
    const turn = round % 2 === 0 ? Object.entries(kinds) : Object.entries(kinds).toReversed()
    for (const [name, { withoutKms, ...kind }] of turn) {
      const cost = await oneProcess(kind, withoutKms ? { ...usual, NAIVE_KEY } : usual)
      if (round > 0) costs[name] = [...(costs[name] ?? []), cost]
    }
  }
  return costs
}

async function oneProcess({ bundle, vendor = 'accelo' }: Kind, env: Readonly<Record<string, string>>): Promise<Cost> {
  const child = spawn(process.execPath, [join(HERE, 'cold-process.mjs'), ...(bundle ? [bundle, vendor] : [])], {
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

/** A vendor without code, Zoom of the catalogue with its client credentials, beside Accelo: two processes of each round. */
function describedRows(costs: Readonly<Record<string, readonly Cost[]>>, out: string): BenchResult['rows'] {
  const row = (what: string, unit: string, [described, accelo]: readonly [number[], number[]], most?: number) => ({
    case: `a vendor without code: ${what}`,
    value: round(median(described), 1),
    unit,
    baseline: `Accelo: ${round(median(accelo), 1)} ${unit}`,
    ratio: ratioOf(described, accelo),
    ...(most !== undefined && { goal: { most } }),
  })
  const each = <T>(of: (kind: 'described' | 'ours') => T) => [of('described'), of('ours')] as const
  const spent = (what: keyof Cost, divisor = 1) =>
    each((kind) => (costs[kind] ?? []).map((cost) => cost[what] / divisor))
  const bundles = each((kind) => {
    const files = readdirSync(join(out, kind)).map((file) => statSync(join(out, kind, file)).size)
    return [files.reduce((sum, size) => sum + size, 0) / 1000]
  })
  return [
    row('cold process to first vend from the table, CPU', 'ms', spent('cpuMs'), 1.05),
    row('bytes parsed before the hit is served', 'KB', spent('bytes', 1000)),
    row('the bundle, with what is loaded when it is needed', 'KB', bundles),
    row('most memory of that process', 'MiB', spent('maxRSS', 1024)),
  ]
}

if (process.argv[1] === fileURLToPath(import.meta.url)) print(await run())
