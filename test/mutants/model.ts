import { parseArgs } from 'node:util'
import { runPlan } from '../model/model.ts'
import { caseOf, casesNamed, planOf } from '../model/scenarios.ts'

/** Runs seeds of the model until one breaks a promise, and says in one line of JSON which. */
const { values } = parseArgs({ options: { only: { type: 'string', default: '' }, seeds: { type: 'string' } } })
const cases = casesNamed(values.only)
const seeds = Number(values.seeds)
let verdict: object =
  cases.length > 0 ? { verdict: 'passed' } : { verdict: 'broken', by: values.only, message: 'no case' }
for (let seed = 0; seed < seeds; seed++) {
  const each = caseOf(seed, cases)
  const [broken] = (await runPlan(planOf(seed, each))).violations
  if (!broken) continue
  const by = `model: ${broken.promise}, --seed ${seed} --only "${each.name}"`
  verdict = { verdict: 'failed', by, message: broken.detail }
  break
}
process.stdout.write(`${JSON.stringify(verdict)}\n`)
