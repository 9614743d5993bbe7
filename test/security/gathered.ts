import { readdirSync } from 'node:fs'
import type { Mutant } from '../mutants/mutant.ts'
import type { SecurityPromise } from './promise.ts'

const PROMISES = new URL('promises/', import.meta.url)

/** Every promise there is: those of each file in `promises/`, by the files' names. */
export async function gathered(): Promise<SecurityPromise[]> {
  const files = readdirSync(PROMISES).filter((file) => file.endsWith('.ts'))
  const modules = await Promise.all(
    files.sort().map((file): Promise<{ PROMISES: readonly SecurityPromise[] }> => import(`./promises/${file}`)),
  )
  return modules.flatMap((module) => module.PROMISES)
}

/** The removal of a promise: the tests that it names have to notice, and no others. */
export const mutantOf = ({ id, tests, removal }: SecurityPromise): Mutant => ({
  name: id,
  ...removal,
  tests: [...new Set(tests.map(({ file }) => file))],
  titles: tests.map(({ title }) => title),
})
