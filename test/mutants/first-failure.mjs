import { writeSync } from 'node:fs'
import { relative } from 'node:path'

/** A reporter of Jest that says one line of JSON, and ends the run with the first test that fails. */
export default class FirstFailure {
  onTestCaseResult({ path, context }, { status, fullName, failureMessages: [message = ''] }) {
    if (status !== 'failed') return
    say({ verdict: 'failed', by: `${relative(context.config.rootDir, path)}: ${fullName}`, message })
    process.exit(1)
  }

  onTestResult({ path, context }, { testExecError }) {
    if (!testExecError) return
    say({ verdict: 'broken', by: relative(context.config.rootDir, path), message: String(testExecError.message) })
    process.exit(1)
  }

  onRunComplete(_contexts, { numPassedTests }) {
    say(
      numPassedTests > 0
        ? { verdict: 'passed' }
        : { verdict: 'broken', by: 'the list of tests', message: 'there are none' },
    )
  }
}

// At once: process.exit does not wait for a pipe.
const say = (line) => writeSync(1, `${JSON.stringify(line)}\n`)
