import { parseArgs } from 'node:util'
import { localAws } from '../support/local-aws.ts'
import { type Outcome, runSeed, vendorOf } from './concurrent.ts'
import { PROMISES, type PromiseId } from './concurrent-oracles.ts'

/*
 * npm run model:dynamodb -- --seeds 200
 * npm run model:dynamodb -- --from 17 --seeds 5 --trace     tells what happened in those that broke a promise
 * npm run model:dynamodb -- --seeds 200 --only rotating  seeds whose vendor is this one
 *
 * A seed says who does what and how much fails; what meets what is up to the machine, so that a break may take a few runs.
 */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '50' },
    from: { type: 'string', default: '0' },
    only: { type: 'string', default: '' },
    trace: { type: 'boolean', default: false },
  },
})
const from = Number(values.from)
const seeds = Number(values.seeds)

const startedAt = performance.now()
const aws = await localAws()
const outcomes: { readonly seed: number; readonly outcome: Outcome }[] = []
for (let seed = from; seed < from + seeds; seed += 1) {
  if (!vendorOf(seed).includes(values.only)) continue
  const outcome = await runSeed(seed, aws)
  outcomes.push({ seed, outcome })
  if (outcome.violations.length > 0 && values.trace)
    process.stdout.write(`seed ${seed} (${outcome.vendor})\n${outcome.trace.join('\n')}\n\n`)
  if ((seed - from) % 20 === 19) process.stderr.write(`${seed - from + 1} of ${seeds}\n`)
}
await aws.close()

const seconds = (performance.now() - startedAt) / 1000
const sum = (of: (outcome: Outcome) => number) => outcomes.reduce((total, { outcome }) => total + of(outcome), 0)
const broken = outcomes.filter(({ outcome }) => outcome.violations.length > 0)
const lines = [
  `seeds ${outcomes.length}  broken ${broken.length}  calls ${sum((one) => one.calls)}  deliveries ${sum((one) => one.deliveries)}  vendor calls ${sum((one) => one.vendorCalls)}`,
  `SDK repeats ${sum((one) => one.repeats)}  given up ${sum((one) => one.gaveUp)}  conditional writes refused ${sum((one) => one.refused)}  late writes ${sum((one) => one.late)}  processes stopped ${sum((one) => one.stops)}`,
  `wall time ${seconds.toFixed(1)} s, ${(seconds / outcomes.length).toFixed(2)} s a seed`,
  ...(Object.keys(PROMISES) as PromiseId[]).flatMap((promise) => {
    const found = broken.flatMap(({ seed, outcome }) =>
      outcome.violations.filter((violation) => violation.promise === promise).map(({ detail }) => ({ seed, detail })),
    )
    if (found.length === 0) return []
    const first = found.slice(0, 3).map(({ seed, detail }) => `    --from ${seed} --seeds 1   ${detail}`)
    return [`${promise}: ${found.length} runs. ${PROMISES[promise]}`, ...first]
  }),
]
process.stdout.write(`${lines.join('\n')}\n`)
process.exitCode = broken.length > 0 ? 1 : 0
