import * as z from 'zod/mini'
import { PAGE } from '../../functions/api/answers.ts'
import type { Shell } from './command.ts'
import { type ConnectionState, connectionState } from './connection.ts'
import { type Finding, ok, unseen, wrong } from './finding.ts'
import { isLaptop } from './machine-address.ts'
import { noticeChecks } from './notice-checks.ts'
import { notAllowed, policyFor, sourceIn } from './signature-checks.ts'
import { type Answer, type Caller, call, refusalIn } from './signed-call.ts'
import { timeLeft } from './time-left.ts'

/** From one daily check to the next: a day, the 15 minutes of its window, and the hour by which clocks are put back. */
const DAILY_SECONDS = 26 * 3600
/** No connection is called that, so its rows and its secret are asked for, and neither is there. */
const NOBODY = 'doctor-asks-for-nobody'

const listing = z.looseObject({ ...PAGE.shape, connections: z.array(connectionState) })

/**
 * Calls a deployment so that each permission and condition of it is used that shows in no template: by vendor the list
 * (gateway to function, the index of names), the rows and the secret of nobody (the table under LeadingKeys, its key,
 * secrets by their names), and a token of a connection that works (the keys of sealed tokens). Then whether a schedule has
 * come, and whether somebody gets the notices.
 */
export async function* deploymentChecks(
  vendors: readonly string[],
  caller: Caller,
  { now }: Shell,
): AsyncGenerator<Finding> {
  for (const id of vendors) yield* vendorChecks(id, caller, now())
  if (isLaptop(caller.base)) yield unseen('notices', 'a laptop mails nobody', 'read them in .local/notices')
  else yield* noticeChecks(caller.region)
}

async function* vendorChecks(id: string, caller: Caller, now: Date): AsyncGenerator<Finding> {
  const listed = await call(`/connections/${id}`, caller)
  const { data } = listing.safeParse(listed.body)
  if (listed.status !== 200 || !data) {
    yield refused(`${id} list`, { path: `/connections/${id}`, policy: `${id} --may read` }, listed, caller)
    return
  }
  yield ok(`${id} list`, numbered(data.connections.length, 'connection'))
  yield await rowsAndSecrets(id, caller)
  yield await tokenOf(id, data.connections, caller)
  yield schedules(id, data.checked_at, now)
}

/** 404 says that both were looked for and neither is there; a permission that is missing would say 503. */
async function rowsAndSecrets(id: string, caller: Caller): Promise<Finding> {
  const check = `${id} rows and secrets`
  const path = `/connections/${id}/${NOBODY}`
  const answer = await call(path, caller)
  if (answer.status === 200 || answer.code === 'unknown_connection') return ok(check, 'are read')
  return refused(check, { path, policy: `${id} --may read` }, answer, caller)
}

/** Best first: a token that is at hand costs no call of the vendor. */
const VENDS = ['ok', 'ending', 'ageing', 'resting', 'expired', 'new']
/** A problem of the deployment. Any other is the vendor's or a person's, and says nothing of it. */
const isOurs = ({ status, code }: Answer): boolean =>
  code === undefined || code === 'store_unavailable' || status === 500

async function tokenOf(id: string, connections: readonly ConnectionState[], caller: Caller): Promise<Finding> {
  const check = `${id} token`
  const [best] = connections
    .filter(({ state }) => VENDS.includes(state))
    .toSorted((a, b) => VENDS.indexOf(a.state) - VENDS.indexOf(b.state))
  if (!best) {
    const why = connections.length > 0 ? 'of its connections none can vend now' : 'it has no connection yet'
    return unseen(check, why, `connect one, then run this again: vendomat connect ${id} <connection>`)
  }
  const path = `/tokens/${id}/${best.connection}`
  const asked = { path, policy: `${id} ${best.connection}` }
  const answer = await call(path, caller)
  const source = sourceIn(answer)
  if (source !== undefined) return ok(check, `of ${id}/${best.connection} is vended (${source})`)
  if (refusalIn(answer) === 'not allowed') {
    // Who looks after a machine need not be one of its callers.
    const next = policyFor(asked.policy, caller)
    return unseen(check, notAllowed(path, answer, caller), `let a caller of it try; or ${next}`)
  }
  if (!isOurs(answer))
    return unseen(check, `${path} answers ${answer.status}: ${answer.said}`, `see: vendomat status ${id}`)
  return refused(check, asked, answer, caller)
}

function schedules(id: string, checkedAt: string | undefined, now: Date): Finding {
  const check = `${id} schedules`
  const runbook = '"Check stopped" in lib/RUNBOOK.md'
  if (checkedAt === undefined)
    return wrong(
      check,
      'have not reached the function yet',
      `wait two minutes after a first deploy; then see ${runbook}`,
    )
  const last = new Date(checkedAt)
  const found = `checked ${timeLeft(last, now)}`
  const isLate = now.getTime() - last.getTime() > DAILY_SECONDS * 1000
  return isLate ? wrong(check, `${found}, and should each day`, `see ${runbook}`) : ok(check, found)
}

interface Asked {
  readonly path: string
  /** What `vendomat policy` is asked for that allows it: `accelo hq`. */
  readonly policy: string
}

/** What refused a call, and what to do about it. */
function refused(check: string, { path, policy }: Asked, answer: Answer, caller: Caller): Finding {
  const { status, code, said } = answer
  const found = status === 0 ? said : `${status}: ${said}`
  const refusal = refusalIn(answer)
  if (refusal === 'not allowed') return wrong(check, notAllowed(path, answer, caller), policyFor(policy, caller))
  if (code === 'store_unavailable')
    return wrong(check, found, `the log of the function says which service refused it, and which permission it lacks`)
  if (code !== undefined) return wrong(check, found, `see: vendomat status ${check.split(' ')[0]}`)
  if (refusal === 'not signed') return wrong(check, `${status}: there is no such route`, 'is this vendor deployed?')
  if (status >= 500) {
    const permission = 'where it has no line of now, see whether its policy names this route: aws lambda get-policy'
    return wrong(check, found, `read the log of the function; ${permission} --function-name <function>`)
  }
  return wrong(check, found, 'is VENDOMAT_URL the address of this machine?')
}

/** '1 connection', '2 connections' */
export const numbered = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`
