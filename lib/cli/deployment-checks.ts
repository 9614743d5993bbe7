import { defaultProvider } from '@aws-sdk/credential-provider-node'
import * as z from 'zod/mini'
import { PAGE, PROBLEM, TOKEN } from '../../functions/api/answers.ts'
import type { Vendor } from '../../functions/kit/vendor.ts'
import { signedRequest } from '../client/signed-request.ts'
import { gatewayMessage, isOfGateway, machineAt } from './api.ts'
import type { Shell } from './command.ts'
import { type ConnectionState, connectionState } from './connection.ts'
import { type Finding, ok, unseen, wrong } from './finding.ts'
import { isLaptop } from './machine-address.ts'
import { noticeChecks } from './notice-checks.ts'
import { timeLeft } from './time-left.ts'

/** From one daily check to the next: a day, the 15 minutes of its window, and the hour by which clocks are put back. */
const DAILY_SECONDS = 26 * 3600
/** No connection is called that, so its rows and its secret are asked for, and neither is there. */
const NOBODY = 'doctor-asks-for-nobody'

/** What a call came to. */
interface Answer {
  readonly status: number
  readonly body: unknown
  /** What the gateway or the machine said, where it refused. */
  readonly said: string
  /** Of the machine's own problems; undefined where the gateway answered itself. */
  readonly code: string | undefined
}

const listing = z.looseObject({ ...PAGE.shape, connections: z.array(connectionState) })
const problem = z.pick(PROBLEM, { type: true, code: true, title: true, detail: true })
const vended = z.pick(TOKEN, { source: true })

/**
 * Calls a deployment so that each permission and condition of it is used that shows in no template: by vendor the list
 * (gateway to function, the index of names), the rows and the secret of nobody (the table under LeadingKeys, its key,
 * secrets by their names), and a token of a connection that works (the keys of sealed tokens). Then whether a schedule has
 * come, and whether somebody gets the notices.
 */
export async function* deploymentChecks(vendors: readonly Vendor[], shell: Shell): AsyncGenerator<Finding> {
  const [first] = vendors
  if (!first) return
  const signature = signatureOf(await call(`/connections/${first.id}`, shell))
  yield signature
  if (signature.result === 'wrong') return
  for (const vendor of vendors) yield* vendorChecks(vendor, shell)
  const { base, region } = machineAt(shell.environment)
  if (isLaptop(base)) yield unseen('notices', 'a laptop mails nobody', 'read them in .local/notices')
  else yield* noticeChecks(region)
}

/** How AWS refuses a signature, and what it means. */
const REFUSED_SIGNATURES: readonly (readonly [pattern: RegExp, next_step: string])[] = [
  [/Signature expired|Signature not yet current|not within/i, 'set the clock of this computer'],
  [/valid region/i, 'set AWS_REGION to the region of the machine'],
  [/security token included in the request is expired|ExpiredToken/i, 'sign in again: these credentials have ended'],
  [
    /security token included in the request is invalid|UnrecognizedClient/i,
    'AWS does not know these credentials; run: aws sts get-caller-identity',
  ],
  [
    /signature we calculated does not match|Authorization header/i,
    'the secret key is wrong, AWS_REGION is not that of the machine, or a proxy changes the request',
  ],
]

function signatureOf({ said }: Answer): Finding {
  const [, next] = REFUSED_SIGNATURES.find(([pattern]) => pattern.test(said)) ?? []
  return next === undefined ? ok('signature', 'is taken') : wrong('signature', said, next)
}

async function* vendorChecks({ id }: Vendor, shell: Shell): AsyncGenerator<Finding> {
  const listed = await call(`/connections/${id}`, shell)
  const { data } = listing.safeParse(listed.body)
  if (listed.status !== 200 || !data) {
    yield refused(`${id} list`, `GET /connections/${id}`, listed)
    return
  }
  yield ok(`${id} list`, numbered(data.connections.length, 'connection'))
  yield rowsAndSecrets(id, await call(`/connections/${id}/${NOBODY}`, shell))
  yield await tokenOf(id, data.connections, shell)
  yield schedules(id, data.checked_at, shell.now())
}

/** 404 says that both were looked for and neither is there; a permission that is missing would say 503. */
function rowsAndSecrets(id: string, answer: Answer): Finding {
  const check = `${id} rows and secrets`
  if (answer.status === 200 || answer.code === 'unknown_connection') return ok(check, 'are read')
  return refused(check, `GET /connections/${id}/${NOBODY}`, answer)
}

/** Best first: a token that is at hand costs no call of the vendor. */
const VENDS = ['ok', 'ending', 'ageing', 'resting', 'expired', 'new']
/** A problem of the deployment. Any other is the vendor's or a person's, and says nothing of it. */
const isOurs = ({ status, code }: Answer): boolean =>
  code === undefined || code === 'store_unavailable' || status === 500

async function tokenOf(id: string, connections: readonly ConnectionState[], shell: Shell): Promise<Finding> {
  const check = `${id} token`
  const [best] = connections
    .filter(({ state }) => VENDS.includes(state))
    .toSorted((a, b) => VENDS.indexOf(a.state) - VENDS.indexOf(b.state))
  if (!best) {
    const why = connections.length > 0 ? 'of its connections none can vend now' : 'it has no connection yet'
    return unseen(check, why, `connect one, then run this again: vendomat connect ${id} <connection>`)
  }
  const path = `/tokens/${id}/${best.connection}`
  const answer = await call(path, shell)
  const { data } = vended.safeParse(answer.body)
  if (answer.status === 200 && data) return ok(check, `of ${id}/${best.connection} is vended (${data.source})`)
  if (isDenied(answer))
    return unseen(check, answer.said, `allow execute-api:Invoke on GET${path}, or let a caller of it try`)
  if (!isOurs(answer))
    return unseen(check, `${path} answers ${answer.status}: ${answer.said}`, `see: vendomat status ${id}`)
  return refused(check, `GET ${path}`, answer)
}

function schedules(id: string, checkedAt: string | undefined, now: Date): Finding {
  const check = `${id} schedules`
  const runbook = '"Check stopped" in the README'
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

/** What refused a call of this route, and what to do about it. */
function refused(check: string, route: string, answer: Answer): Finding {
  const { status, code, said } = answer
  const found = status === 0 ? said : `${status}: ${said}`
  if (isDenied(answer))
    return wrong(check, found, `allow execute-api:Invoke on this route in the policy of who runs this: ${route}`)
  if (code === 'store_unavailable')
    return wrong(check, found, `the log of the function says which service refused it, and which permission it lacks`)
  if (code !== undefined) return wrong(check, found, `see: vendomat status ${check.split(' ')[0]}`)
  if (/Missing Authentication Token/.test(said))
    return wrong(check, `${status}: there is no such route`, 'is the stage in VENDOMAT_URL, is this vendor deployed?')
  if (status >= 500) {
    const permission = 'where it has no line of now, see whether its policy names this route: aws lambda get-policy'
    return wrong(check, found, `read the log of the function; ${permission} --function-name <function>`)
  }
  return wrong(check, found, 'is VENDOMAT_URL the address of this machine?')
}

const isDenied = ({ status, said }: Answer): boolean =>
  status === 403 && /not authorized to perform|explicit deny/.test(said)

/** A signed GET. Never throws for what is answered or not answered: that is what is looked for. */
async function call(path: string, { environment, http }: Shell): Promise<Answer> {
  const { base, region } = machineAt(environment)
  const signer = { region, credentials: defaultProvider(), http }
  const response = await signedRequest('GET', new URL(`${base}${path}`), signer).catch((error: Error) => error)
  if (response instanceof Error)
    return { status: 0, body: undefined, said: `no answer (${response.name})`, code: undefined }
  const body: unknown = await response.json().catch(() => undefined)
  const ours = problem.safeParse(body).data
  const said = ours ? `${ours.title}: ${ours.detail}` : (gatewayMessage(body) ?? 'it did not say why')
  if (!ours || !isOfGateway(ours)) return { status: response.status, body, said, code: ours?.code }
  // AWS's name of the reason, which says more than a default does.
  const [reason] = /^\w+/.exec(response.headers.get('x-amzn-errortype') ?? '') ?? []
  return { status: response.status, body, said: reason ? `${said} (${reason})` : said, code: undefined }
}

/** '1 connection', '2 connections' */
export const numbered = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`
