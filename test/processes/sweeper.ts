/** One process whose schedule renews COUNT connections three times over, and reports the CPU of each renewal. */
import { renewDue } from '../../functions/keeper/sweep.ts'
import { lambdaRuntime } from '../../functions/lambda/runtime.ts'
import { vendors } from '../../functions/vendors.ts'

const { accelo } = vendors
/** Its tokens live 24 hours. */
const AGEING_SECONDS = 22 * 60 * 60

async function sweepThrice(count: number): Promise<number[]> {
  let ahead = 0
  const now = () => new Date(Date.now() + ahead * 1000)
  const runtime = { ...lambdaRuntime(accelo, process.env), now, observe: async () => {} }
  for (let i = 0; i < count; i++)
    await runtime.registry.register({ vendor: accelo, name: `site-${i}` }, { sweepAt: now() })
  await renewDue(accelo, runtime)
  const each: number[] = []
  for (let round = 0; round < 3; round++) {
    ahead += AGEING_SECONDS
    const before = process.cpuUsage()
    const { renewed } = await renewDue(accelo, runtime)
    const { user, system } = process.cpuUsage(before)
    if (renewed !== count) throw new Error(`${renewed} of ${count} were renewed`)
    each.push((user + system) / 1000 / renewed)
  }
  return each
}

sweepThrice(Number(process.env.COUNT)).then((each) => process.send?.(each))
