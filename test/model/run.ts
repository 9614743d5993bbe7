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
  },
})

const cases = casesNamed(values.only)
if (cases.length === 0) throw new Error(`no scenario or vendor has "${values.only}" in its name`)
if (values.directed) await directed()
else if (values.seed === undefined) await many(Number(values.from), Number(values.seeds))
else await one(Number(values.seed))

async function many(from: number, seeds: number): Promise<void> {
  const startedAt = performance.now()
  const sum = { deliveries: 0, vendorCalls: 0, kills: 0, freezes: 0, faults: 0 }
  const broken = new Map<PromiseId, { runs: number; firsts: string[] }>()
  const byCase = new Map<string, { runs: number; broken: number }>()
  /** With --details: each way in which a promise is broken, and the first seed that shows it. */
  const kinds = new Map<string, string>()
  let brokenRuns = 0
  for (let seed = from; seed < from + seeds; seed++) {
    const each = caseOf(seed, cases)
    const outcome = await runPlan(planOf(seed, each))
    for (const name of Object.keys(sum) as (keyof typeof sum)[]) sum[name] += outcome[name]
    const tally = byCase.get(each.name) ?? { runs: 0, broken: 0 }
    byCase.set(each.name, { runs: tally.runs + 1, broken: tally.broken + (outcome.violations.length > 0 ? 1 : 0) })
    if (outcome.violations.length > 0) brokenRuns += 1
    for (const violation of outcome.violations) {
      const { promise } = violation
      const kind = kindOf(violation)
      if (values.details && !kinds.has(kind))
        kinds.set(kind, `--seed ${seed} --only "${each.name}" --promise ${promise}`)
      const entry = broken.get(promise) ?? { runs: 0, firsts: [] }
      entry.runs += 1
      const replay = `--seed ${seed} --only "${each.name}"`
      if (entry.firsts.length < 3) entry.firsts.push(replay)
      process.stderr.write(`${promise}: ${replay}\n`)
      broken.set(promise, entry)
    }
    if ((seed - from) % 500 === 499) process.stderr.write(`${seed - from + 1} of ${seeds}, ${brokenRuns} broken\n`)
  }
  const seconds = (performance.now() - startedAt) / 1000
  const lines = [
    `seeds ${seeds}  broken ${brokenRuns}  deliveries ${sum.deliveries}  vendor calls ${sum.vendorCalls}`,
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
