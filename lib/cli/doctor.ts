import { parseArgs } from 'node:util'
import { vendors } from '../../functions/vendors.ts'
import { callerChecks } from './caller-checks.ts'
import { type Command, EXIT, type Shell, UsageError } from './command.ts'
import { deploymentChecks } from './deployment-checks.ts'
import { type Finding, unseen } from './finding.ts'
import { vendorNamed } from './vendor-named.ts'

export const doctor: Command = {
  summary: 'say what is wrong here, or in a deployment',
  help: `vendomat doctor [-o text|json]
vendomat doctor --deployment [vendor ...] [-o text|json]

Checks this side: the address, the region, the credentials, whether the machine
answers, and the clock.

  --deployment   also calls the machine as it is deployed, all vendors or those
                 that are named: whether the signature is taken; of each vendor
                 whether its function is reached and may read its rows and
                 secrets, whether a token of a connection that works is vended,
                 and whether schedules have come; and whether somebody has
                 confirmed to get the notices. The first command to run after a
                 first deploy.
  -o text        a line for each check, and one below it that says what to do
                 (default)
  -o json        the same as {"checks": [...]}

It stores nothing and shows no token. Of each vendor it gets one, as any caller
may: a fresh one costs the vendor no call.

  ok       it holds
  wrong    it does not
  unseen   it could not be looked at, for want of a connection or of a
           permission of yours

Exits with 0 when nothing is wrong, with 1 when something is.

examples
  vendomat doctor
  vendomat doctor --deployment
  vendomat doctor --deployment accelo netrex -o json`,

  async run(parameters, shell, output) {
    const findings: Finding[] = []
    for await (const finding of checks(read(parameters), shell)) {
      findings.push(finding)
      if (output !== 'json') shell.out(lineOf(finding))
    }
    const exitCode = findings.some(({ result }) => result === 'wrong') ? EXIT.failed : EXIT.done
    return { exitCode, json: { checks: findings } }
  },
}

function read(parameters: readonly string[]) {
  const { values, positionals } = parseArgs({
    args: [...parameters],
    allowPositionals: true,
    options: { deployment: { type: 'boolean', default: false } },
  })
  const { deployment } = values
  if (positionals.length > 0 && !deployment) throw new UsageError('vendors go with --deployment')
  const named = positionals.map(vendorNamed)
  return { deployment, vendors: named.length > 0 ? named : Object.values(vendors) } as const
}

/** Each as it is known. Where this side is wrong, the deployment is not asked. */
async function* checks(
  { deployment, vendors }: Pick<ReturnType<typeof read>, 'deployment' | 'vendors'>,
  shell: Shell,
): AsyncGenerator<Finding> {
  let isWell = true
  for await (const finding of callerChecks(shell)) {
    if (finding.result === 'wrong') isWell = false
    yield finding
  }
  if (!deployment) return
  if (!isWell) {
    yield unseen('deployment', 'was not asked', 'mend what is wrong above, then run this again')
    return
  }
  yield* deploymentChecks(vendors, shell)
}

const WIDTH = { result: 8, check: 26 }

/** What to do stands on a line of its own. */
function lineOf({ result, check, found, next_step }: Finding): string {
  const line = `${result.padEnd(WIDTH.result)}${check.padEnd(WIDTH.check)}${found}`
  return next_step === undefined ? line : `${line}\n${' '.repeat(WIDTH.result)}${next_step}`
}
