import { runPlan } from './model.ts'
import type { Violation } from './oracles.ts'
import type { Plan } from './plan.ts'

const MOST_RUNS = 200

/** The way in which a promise is broken: what it says, but for the numbers. */
export const kindOf = ({ promise, detail }: Violation): string =>
  `${promise}: ${detail.replace(/-?[0-9]+([.][0-9]+)?/g, '#').split('\n')[0]}`

/** The shortest plan found that breaks the same promise in the same way: parts of it are left out as long as it goes on being broken. */
export async function shrink(plan: Plan, first: Violation): Promise<Plan> {
  const { promise } = first
  let best = plan
  let runs = 0
  const breaks = async (candidate: Plan): Promise<boolean> => {
    runs += 1
    const { violations } = await runPlan(candidate, { until: promise })
    return violations.some((violation) => violation.promise === promise && kindOf(violation) === kindOf(first))
  }
  if (best.quietAt > first.at + 1) {
    const candidate = { ...best, ops: best.ops.filter(({ at }) => at <= first.at) }
    if (await breaks(candidate)) best = candidate
  }
  for (const part of ['ops', 'faults'] as const) {
    for (let size = Math.ceil(best[part].length / 2); size >= 1 && runs < MOST_RUNS; size = Math.floor(size / 2)) {
      for (let from = 0; from < best[part].length && runs < MOST_RUNS; ) {
        const candidate = without(best, part, from, size)
        if (candidate && (await breaks(candidate))) best = candidate
        else from += size
      }
    }
  }
  return best
}

function without(plan: Plan, part: 'ops' | 'faults', from: number, size: number): Plan | undefined {
  const dropped = (index: number) => index >= from && index < from + size
  if (part === 'faults') return { ...plan, faults: plan.faults.filter((_, index) => !dropped(index)) }
  const ops = plan.ops.filter((op, index) => !dropped(index) || op.needed)
  return ops.length === plan.ops.length ? undefined : { ...plan, ops }
}
