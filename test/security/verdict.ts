import { stripVTControlCharacters } from 'node:util'
import * as z from 'zod/mini'
import type { ProvingTest, SecurityPromise } from './promise.ts'

/** What Jest writes with --json, as far as it is read. */
export const jestReport = z.object({
  testResults: z.array(
    z.object({
      /** The file's path. */
      name: z.string(),
      assertionResults: z.array(
        z.object({
          title: z.string(),
          fullName: z.string(),
          status: z.string(),
          failureMessages: z.array(z.string()),
        }),
      ),
    }),
  ),
})

export type JestReport = z.output<typeof jestReport>

/** Says what is wrong with the tests of a promise: one that failed, or that did not run. Nothing if it is kept. */
export const faultsOf = ({ tests }: SecurityPromise, report: JestReport): string[] =>
  tests.flatMap((test) => {
    const ran = ranAs(test, report)
    if (ran.length === 0) return [`did not run: ${test.file}: ${test.title}`]
    return ran
      .filter(({ status }) => status !== 'passed')
      .map(({ fullName, failureMessages }) => `did not pass: ${test.file}: ${fullName}: ${said(failureMessages)}`)
  })

/** What was expected, in one line, without Jest's colours and without where it was called from. */
const said = (messages: readonly string[]): string =>
  stripVTControlCharacters(messages.join(' '))
    .replaceAll(/^ +at .*$/gm, '')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .slice(0, 500)

/** A title may be that of a group, and then all that is in the group counts. */
function ranAs({ file, title }: ProvingTest, { testResults }: JestReport) {
  return testResults
    .filter(({ name }) => name.endsWith(`/${file}`))
    .flatMap(({ assertionResults }) => assertionResults)
    .filter((test) => test.title.startsWith(title) || test.fullName.startsWith(title))
    .filter(({ status }) => !['pending', 'todo', 'disabled'].includes(status))
}
