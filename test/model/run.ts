import { fork } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { DIRECTED } from './directed.ts'
import { type Outcome, runPlan } from './model.ts'
import { PROMISES, type PromiseId } from './oracles.ts'
import { caseOf, casesNamed, planOf } from './scenarios.ts'
import { kindOf, shrink } from './shrink.ts'

/*
 * npm run model -- --seeds 100000 --only rotating
 * npm run model -- --seed 17 --only "trials rotating"     replays one seed and prints its shortest trace
 */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    only: { type: 'string', default: '' },
    seed: { type: 'string' },
    from: { type: 'string', default: '0' },
    whole: { type: 'boolean', default: false },
    promise: { type: 'string' },
    directed: { type: 'boolean', default: false },
    details: { type: 'boolean', default: false },
    part: { type: 'boolean', default: false },
  },
})

/** Seeds that one process runs: it grows slower with the runs it has made. */
const PART = 1000

const cases = casesNamed(values.only)
if (cases.length === 0) throw new Error(`no scenario or vendor has "${values.only}" in its name`)
if (values.directed) await directed()
else if (values.part) await part(Number(values.from), Number(values.seeds))
else if (values.seed === undefined) await many(Number(values.from), Number(values.seeds))
else await one(Number(values.seed))

type Ran = Omit<Outcome, 'trace'> & { readonly seed: number; readonly name: string }

/** Runs its seeds and sends what came of each to the process that divides them. */
async function part(from: number, seeds: number): Promise<void> {
  for (let seed = from; seed < from + seeds; seed++) {
    const each = caseOf(seed, cases)
    const { trace: _, ...outcome } = await runPlan(planOf(seed, each))
    process.send?.({ ...outcome, seed, name: each.name } satisfies Ran)
  }
}

/** Divides the seeds among as many processes as there are cores. */
async function inParts(from: number, seeds: number, hear: (ran: Ran) => void): Promise<void> {
  const starts = Array.from({ length: Math.ceil(seeds / PART) }, (_, index) => from + index * PART)
  const work = async () => {
    for (let start = starts.shift(); start !== undefined; start = starts.shift()) {
      const size = Math.min(PART, from + seeds - start)
      const child = fork(import.meta.filename, [
        ...['--part', '--from', `${start}`, '--seeds', `${size}`, '--only', values.only],
      ])
      child.on('message', hear)
      const [code] = await once(child, 'exit')
      if (code !== 0) throw new Error(`the seeds from ${start} on ended with ${code}`)
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, work))
}

async function many(from: number, seeds: number): Promise<void> {
  const startedAt = performance.now()
  const sum = { deliveries: 0, vendorCalls: 0, kills: 0, freezes: 0, faults: 0 }
  const broken = new Map<PromiseId, { runs: number; firsts: string[] }>()
  const byCase = new Map<string, { runs: number; broken: number }>()
  /** With --details: each way in which a promise is broken, and the first seed that shows it. */
  const kinds = new Map<string, string>()
  let brokenRuns = 0
  let runs = 0
  const hear = ({ seed, name, ...outcome }: Ran): void => {
    for (const counted of Object.keys(sum) as (keyof typeof sum)[]) sum[counted] += outcome[counted]
    const tally = byCase.get(name) ?? { runs: 0, broken: 0 }
    byCase.set(name, { runs: tally.runs + 1, broken: tally.broken + (outcome.violations.length > 0 ? 1 : 0) })
    if (outcome.violations.length > 0) brokenRuns += 1
    for (const violation of outcome.violations) {
      const { promise } = violation
      const kind = kindOf(violation)
      const replay = `--seed ${seed} --only "${name}"`
      if (values.details && !kinds.has(kind)) kinds.set(kind, `${replay} --promise ${promise}`)
      const entry = broken.get(promise) ?? { runs: 0, firsts: [] }
      entry.runs += 1
      if (entry.firsts.length < 3) entry.firsts.push(replay)
      process.stderr.write(`${promise}: ${replay}\n`)
      broken.set(promise, entry)
    }
    runs += 1
    if (runs % 500 === 0) process.stderr.write(`${runs} of ${seeds}, ${brokenRuns} broken\n`)
  }
  await inParts(from, seeds, hear)
  const seconds = (performance.now() - startedAt) / 1000
  const lines = [
    `seeds ${runs}  broken ${brokenRuns}  deliveries ${sum.deliveries}  vendor calls ${sum.vendorCalls}`,
    `kills ${sum.kills}  freezes ${sum.freezes}  faults ${sum.faults}`,
    `wall time ${seconds.toFixed(1)} s, ${((seconds * 1000) / seeds).toFixed(1)} ms a seed`,
    '',
    ...[...broken]
      .sort(([, a], [, b]) => b.runs - a.runs)
      .flatMap(([promise, { runs, firsts }]) => [
        `${promise}: ${runs} runs. ${PROMISES[promise]}`,
        ...firsts.map((line) => `    ${line}`),
      ]),
    ...[...byCase]
      .filter(([, tally]) => tally.broken > 0)
      .map(([name, tally]) => `  ${name}: ${tally.broken} of ${tally.runs}`),
  ]
  process.stdout.write(`${[...lines, ...[...kinds].map(([kind, first]) => `${kind}\n    ${first}`)].join('\n')}\n`)
  if (brokenRuns > 0) process.exitCode = 1
}

async function directed(): Promise<void> {
  for (const { title, plan } of DIRECTED) {
    const { violations, trace } = await runPlan(plan, { traced: values.whole })
    const found = violations.map(({ promise, detail }) => `    ${promise}: ${detail}`)
    process.stdout.write(`${[title, ...trace, ...(found.length > 0 ? found : ['    holds'])].join('\n')}\n`)
    if (found.length > 0) process.exitCode = 1
  }
}

async function one(seed: number): Promise<void> {
  // A case that is named in full is meant, whatever the seed's turn would be.
  const each = cases.find(({ name }) => name === values.only) ?? caseOf(seed, cases)
  const plan = planOf(seed, each)
  const outcome = await runPlan(plan)
  const broken = outcome.violations.find(({ promise }) => (values.promise ?? promise) === promise)
  if (!broken) {
    process.stdout.write(`seed ${seed} (${each.name}): no promise is broken, ${outcome.deliveries} deliveries\n`)
    return
  }
  const shortest = values.whole ? plan : await shrink(plan, broken)
  process.stdout.write(`${describe(shortest, await runPlan(shortest, { traced: true, until: broken.promise }))}\n`)
  process.stdout.write(`\nnpm run model -- --seed ${seed} --only "${each.name}"\n`)
  process.exitCode = 1
}

function describe(
  { ops, faults, lifeSeconds, vendorMs, skews }: ReturnType<typeof planOf>,
  { violations, trace }: Outcome,
): string {
  return [
    `${ops.length} operations, ${faults.length} faults; tokens live ${lifeSeconds} s, the vendor takes ${vendorMs} ms, clocks are off ${skews.join(', ')} s`,
    ...trace,
    ...violations.map(({ promise, detail }) => `\n${PROMISES[promise]}\n  ${detail}`),
  ].join('\n')
}
