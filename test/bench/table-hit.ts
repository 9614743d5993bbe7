/**
 * A vend from the table in a warm process, through the handler, against a naive handler of the same packages that makes
 * the same read. Each vend is of a connection that the process has not vended for more than the 5 s for which it believes
 * its own copy; the data keys are at hand. `PROFILE=<folder>` leaves a CPU profile of our process there.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { bundleFunction } from '../../lib/vendor-code.ts'
import { bundleForBench, startEmulator } from './cold.ts'
import type { BenchResult } from './result.ts'
import { median, print, ratioOf, round } from './vend/pairs.ts'

const HERE = fileURLToPath(new URL('vend', import.meta.url))
const CONNECTIONS = 600
const AT_ONCE = 20
const PASSES = 4
const COPY_ENDS_MS = 5500
const KINDS = ['ours', 'naive', 'bare'] as const

interface Cost {
  readonly cpuUs: number
  readonly elapsedUs: number
}

export async function run(): Promise<BenchResult> {
  const out = mkdtempSync(join(tmpdir(), 'table-hit-'))
  const { process: emulator, environment } = await startEmulator(CONNECTIONS)
  const { NAIVE_KEY: _, ...env } = environment
  bundleFunction('accelo/handler', join(out, 'ours'))
  bundleForBench('naive.ts', join(out, 'naive.cjs'))
  bundleForBench('bare.ts', join(out, 'bare.cjs'))
  const started: ReturnType<typeof startProcess>[] = []
  const start = (bundle: string, execArgv: string[] = []) => {
    const one = startProcess(join(out, bundle), env, execArgv)
    started.push(one)
    return one
  }
  const profile = process.env.PROFILE ? ['--cpu-prof', `--cpu-prof-dir=${process.env.PROFILE}`] : []
  const kinds = { ours: start('ours/index.cjs', profile), naive: start('naive.cjs'), bare: start('bare.cjs') }
  try {
    const costs: Record<keyof typeof kinds, Cost[]> = { ours: [], naive: [], bare: [] }
    for (let pass = 0; pass <= PASSES; pass += 1) {
      for (let from = 0; from < CONNECTIONS; from += AT_ONCE) {
        // There and back, so that whatever one leaves to the next is left to each.
        for (const name of (from / AT_ONCE) % 2 === 0 ? KINDS : KINDS.toReversed()) {
          const cost = await kinds[name].vend(from, from + AT_ONCE)
          // The first pass warms the processes and fetches the data keys.
          if (pass > 0) costs[name].push(cost)
        }
      }
      await pause(COPY_ENDS_MS)
    }
    return { name: 'table-hit', rows: rowsOf(costs) }
  } finally {
    for (const one of started) one.stop()
    emulator.kill()
    rmSync(out, { recursive: true })
  }
}

function startProcess(bundle: string, env: Readonly<Record<string, string>>, execArgv: string[]) {
  const child = fork(join(HERE, 'warm-process.mjs'), [bundle], {
    execArgv,
    env: { ...env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const ready = once(child, 'message')
  return {
    async vend(from: number, to: number): Promise<Cost> {
      await ready
      child.send({ from, to })
      const [cost] = await once(child, 'message')
      return cost
    },
    stop: () => child.disconnect(),
  }
}

function rowsOf(costs: Readonly<Record<'ours' | 'naive' | 'bare', readonly Cost[]>>): BenchResult['rows'] {
  const of = (kind: keyof typeof costs, what: keyof Cost) => costs[kind].map((cost) => cost[what])
  const against = (baseline: 'naive' | 'bare', title: string, what: keyof Cost, most?: number) => ({
    case: `table hit in a warm process, ${what === 'cpuUs' ? 'CPU' : 'elapsed'}, against ${title}`,
    value: round(median(of('ours', what)), 0),
    unit: 'µs',
    baseline: `${title}: ${round(median(of(baseline, what)), 0)} µs`,
    ratio: ratioOf(of('ours', what), of(baseline, what)),
    ...(most !== undefined && { goal: { most } }),
  })
  return [
    against('naive', 'the naive stack', 'cpuUs', 0.6),
    against('bare', "the SDK's read alone", 'cpuUs'),
    against('naive', 'the naive stack', 'elapsedUs'),
  ]
}

if (process.argv[1] === fileURLToPath(import.meta.url)) print(await run())
