import type { Vendor } from '../../functions/kit/vendor.ts'
import { vendors } from '../../functions/vendors.ts'
import { callerChecks } from './caller-checks.ts'
import { command, EXIT, type Shell, UsageError } from './command.ts'
import { deploymentChecks } from './deployment-checks.ts'
import { type Finding, unseen } from './finding.ts'
import { vendorNamed } from './vendor-named.ts'

export const doctor = command({
  about: `Checks this side: the address, the region, the credentials, whether the machine
answers, and the clock. With --deployment also the machine as it is deployed, of
all vendors or those that are named: whether the signature is taken; of each
vendor whether its function is reached and may read its rows and secrets,
whether a token of a connection that works is vended, and whether schedules have
come; and whether somebody has confirmed to get the notices. It is the first
command to run after a first deploy.

It stores nothing and shows no token. Of each vendor it gets one, as any caller
may: a fresh one costs the vendor no call.

  ok       it holds
  wrong    it does not
  unseen   it could not be looked at, for want of a connection or of a
           permission of yours

Exits with 0 when nothing is wrong, with 1 when something is.`,
  takes: {
    '[vendor...]': '',
    '--deployment': 'also call the machine as it is deployed',
  },
  examples: ['vendomat doctor', 'vendomat doctor --deployment', 'vendomat doctor --deployment accelo netrex -o json'],

  outputs: {
    text: 'a line for each check, and one below it that says what to do',
    json: 'the same as {"checks": [...]}',
  },

  async run({ vendor: ids, deployment }, shell, output) {
    if (ids.length > 0 && !deployment) throw new UsageError('vendors go with --deployment')
    const wanted = ids.length > 0 ? ids.map(vendorNamed) : Object.values(vendors)
    const findings: Finding[] = []
    for await (const finding of checks(deployment ? wanted : undefined, shell)) {
      findings.push(finding)
      if (output !== 'json') shell.out(lineOf(finding))
    }
    const exitCode = findings.some(({ result }) => result === 'wrong') ? EXIT.failed : EXIT.done
    return { exitCode, json: { checks: findings } }
  },
})

/** Each as it is known, in the deployment of these vendors if any. Where this side is wrong, that is not asked. */
async function* checks(deployed: readonly Vendor[] | undefined, shell: Shell): AsyncGenerator<Finding> {
  let isWell = true
  for await (const finding of callerChecks(shell)) {
    if (finding.result === 'wrong') isWell = false
    yield finding
  }
  if (!deployed) return
  if (!isWell) {
    yield unseen('deployment', 'was not asked', 'mend what is wrong above, then run this again')
    return
  }
  yield* deploymentChecks(deployed, shell)
}

const WIDTH = { result: 8, check: 26 }

/** What to do stands on a line of its own. */
function lineOf({ result, check, found, next_step }: Finding): string {
  const line = `${result.padEnd(WIDTH.result)}${check.padEnd(WIDTH.check)}${found}`
  return next_step === undefined ? line : `${line}\n${' '.repeat(WIDTH.result)}${next_step}`
}
