import { localAws } from '../support/local-aws.ts'
import { type Outcome, runSeed } from './concurrent.ts'

/** One for each kind of vendor; `npm run model:dynamodb` runs more, and longer. */
const SEEDS = [0, 1, 2, 3, 4]
const ROUNDS = 4
/** They take a second or two each; a busy machine may take longer. */
const MINUTES_MS = 180_000

let aws: Awaited<ReturnType<typeof localAws>>
beforeAll(async () => {
  aws = await localAws()
})
afterAll(() => aws.close())

it(
  'over a real table everybody at once breaks no promise, whatever the vendor is like',
  async () => {
    const outcomes: Outcome[] = []
    for (const seed of SEEDS) outcomes.push(await runSeed(seed, aws, ROUNDS))
    const sum = (of: (outcome: Outcome) => number) => outcomes.reduce((total, outcome) => total + of(outcome), 0)

    expect(
      outcomes.flatMap(({ vendor, violations }) => violations.map((violation) => ({ vendor, ...violation }))),
    ).toEqual([])
    expect(sum(({ deliveries }) => deliveries)).toBeGreaterThan(0)
    expect(sum(({ repeats }) => repeats)).toBeGreaterThan(0)
    expect(sum(({ refused }) => refused)).toBeGreaterThan(0)
  },
  MINUTES_MS,
)
