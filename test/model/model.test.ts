import { DIRECTED } from './directed.ts'
import { runPlan } from './model.ts'
import { CASES, caseOf, planOf, SCENARIOS } from './scenarios.ts'

const SEEDS = 1000
/** They take two seconds each; a busy machine may take longer. */
const MINUTE_MS = 60_000

/** Each break, with the command that shows its shortest trace. */
async function breaksOf(scenario: string): Promise<string[]> {
  const found: string[] = []
  for (let seed = 0; seed < SEEDS; seed++) {
    const each = caseOf(seed)
    if (each.scenario.name !== scenario) continue
    const { violations } = await runPlan(planOf(seed, each))
    for (const { promise, detail } of violations)
      found.push(`${promise}: ${detail}\n  npm run model -- --seed ${seed} --only "${each.name}" --promise ${promise}`)
  }
  return found
}

describe('the engine keeps all its promises', () => {
  it.each(SCENARIOS)(
    'when $title',
    async ({ name }) => {
      expect(await breaksOf(name)).toEqual([])
    },
    MINUTE_MS,
  )

  it.each(DIRECTED)('and $title', async ({ plan }) => {
    const { violations } = await runPlan(plan)
    expect(violations).toEqual([])
  })

  it('of every vendor and in every scenario at least a few times', () => {
    expect(SEEDS / CASES.length).toBeGreaterThan(10)
  })
})
