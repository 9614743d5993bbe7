import { machineAt } from './api.ts'
import { callerChecks } from './caller-checks.ts'
import { command, EXIT, type Shell, UsageError } from './command.ts'
import { type ConnectionName, checkNames } from './connection.ts'
import { credentialChain } from './credential-checks.ts'
import { deploymentChecks } from './deployment-checks.ts'
import { type Finding, unseen } from './finding.ts'
import { identityCheck, notAllowed, signatureCheck, vendCheck } from './signature-checks.ts'
import { type Answer, type Caller, refusalIn } from './signed-call.ts'
import { allVendors, checkListed, listedVendors } from './vendor-named.ts'

export const doctor = command({
  about: `Checks this side: the address, the region, the credentials and where they come
from, whether the machine answers, the clock, who AWS says this is, and whether
the machine takes the signature. Of a connection that is named also whether a
token is vended, and which permission is missing if not.

With --deployment also the machine as it is deployed, of all vendors or those
that are named: of each vendor whether its function is reached and may read its
rows and secrets, whether a token of a connection that works is vended, and
whether schedules have come; and whether somebody has confirmed to get the
notices. It is the first command to run after a first deploy.

It stores nothing and shows no token. It gets one as any caller may: a fresh one
costs the vendor no call.

  ok       it holds
  warning  it holds, but perhaps not as meant
  wrong    it does not
  unseen   it could not be looked at, for want of a connection or of a
           permission of yours

Exits with 0 when nothing is wrong, with 1 when something is.`,
  takes: {
    '[name...]': 'a vendor and a connection; with --deployment, vendors',
    '--deployment': 'also call the machine as it is deployed',
  },
  examples: [
    'vendomat doctor',
    'vendomat doctor accelo hq',
    'vendomat doctor --deployment',
    'vendomat doctor --deployment accelo netrex -o json',
  ],

  outputs: {
    text: 'a line for each check, and one below it that says what to do',
    json: 'the same as {"checks": [...]}',
  },

  async run({ name: names, deployment }, shell, output) {
    const wanted = deployment ? { deployed: vendorsNamed(names, shell) } : connectionIn(names, shell)
    const findings: Finding[] = []
    for await (const finding of checks(wanted, shell)) {
      findings.push(finding)
      if (output !== 'json') shell.out(lineOf(finding))
    }
    const exitCode = findings.some(isWrong) ? EXIT.failed : EXIT.done
    return { exitCode, json: { checks: findings } }
  },
})

const isWrong = ({ result }: Finding): boolean => result === 'wrong'

/** What is looked at beside this side. */
interface Wanted {
  readonly connection?: ConnectionName
  /** Left out where the deployment is not. */
  readonly deployed?: readonly string[]
}

function vendorsNamed(ids: readonly string[], shell: Shell): readonly string[] {
  checkNames(...ids)
  for (const id of ids) checkListed(id, shell)
  return ids.length > 0 ? ids : allVendors(shell)
}

function connectionIn(names: readonly string[], shell: Shell): Wanted {
  const [vendor, connection, ...more] = names
  if (vendor === undefined) return {}
  if (connection === undefined || more.length > 0)
    throw new UsageError('name a vendor and a connection, or vendors with --deployment')
  checkNames(vendor, connection)
  checkListed(vendor, shell)
  return { connection: { vendor, connection } }
}

/** Each as it is known. Where one is wrong, what depends on it is not looked at. */
async function* checks({ connection, deployed }: Wanted, shell: Shell): AsyncGenerator<Finding> {
  const asked = connection ? [connection.vendor] : (deployed ?? listedVendors(shell))
  const taken = yield* untilTaken(asked, shell)
  if (!taken && deployed) yield unseen('deployment', 'was not asked', 'mend what is wrong above, then run this again')
  if (!taken) return
  const { caller, path, answer } = taken
  if (connection) yield await vendCheck(connection, caller)
  else if (deployed) yield* deploymentChecks(deployed, caller, shell)
  // Most callers need not be allowed what was asked for.
  else if (refusalIn(answer) === 'not allowed')
    yield unseen('policy', notAllowed(path, answer, caller), 'name a connection, like: vendomat doctor accelo hq')
}

/** Ends with whom the machine has taken a signature of, and what it answered; with nothing where something is wrong. */
async function* untilTaken(asked: readonly string[], shell: Shell): AsyncGenerator<Finding, Taken | undefined> {
  const credentials = credentialChain()
  let isWell = true
  for await (const finding of callerChecks(credentials, shell)) {
    yield finding
    if (isWrong(finding)) isWell = false
  }
  if (!isWell) return undefined
  const signer = { ...machineAt(shell.environment), credentials, http: shell.http }
  const { identity, finding } = await identityCheck(signer, shell)
  yield finding
  if (isWrong(finding)) return undefined
  if (asked.length === 0) {
    yield unseen(
      'signature',
      'VENDOMAT_VENDORS does not say which vendors there are',
      'set it to what the stack prints',
    )
    return undefined
  }
  const caller: Caller = { ...signer, ...(identity && { identity }) }
  const { signature, ...call } = await signatureCheck(asked, caller)
  yield signature
  return isWrong(signature) ? undefined : { caller, ...call }
}

interface Taken {
  readonly caller: Caller
  readonly path: string
  readonly answer: Answer
}

const WIDTH = { result: 8, check: 26 }

/** What to do stands on a line of its own. */
function lineOf({ result, check, found, next_step }: Finding): string {
  const line = `${result.padEnd(WIDTH.result)}${check.padEnd(WIDTH.check)}${found}`
  return next_step === undefined ? line : `${line}\n${' '.repeat(WIDTH.result)}${next_step}`
}
