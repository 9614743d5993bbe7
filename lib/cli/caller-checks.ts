import { STAGE_NAME } from '../../functions/api/routes.ts'
import { regionIn } from '../client/endpoint.ts'
import type { Shell } from './command.ts'
import { type CredentialChain, credentials } from './credential-checks.ts'
import { type Finding, ok, unseen, warning, wrong } from './finding.ts'
import { isLaptop } from './machine-address.ts'
import { reasonOf } from './reason.ts'
import { type Answer, answerIn, refusalIn } from './signed-call.ts'
import { inWords } from './time-left.ts'

/** AWS refuses a signature that is 5 minutes off. */
const REFUSED_SECONDS = 5 * 60
/** Off by more than this, a clock goes wrong. */
const MOST_SECONDS = 60
const TIMEOUT_MS = 10_000

/** Checks what a caller needs on its own side, without signing anything. Ends where the rest could not be looked at. */
export async function* callerChecks(chain: CredentialChain, shell: Shell): AsyncGenerator<Finding> {
  const { environment } = shell
  const address = addressOf(environment)
  yield address.finding
  if (!address.base) return
  yield regionOf(address.base, environment)
  yield await credentials(chain, environment)
  yield* answerAndClock(address.base, shell)
}

const ADDRESS = 'address'
const AS_PRINTED = 'set VENDOMAT_URL to the output Url of the stack, as it is; on a laptop: . .local/env'

function addressOf({ VENDOMAT_URL: given }: Shell['environment']): { finding: Finding; base?: string } {
  if (!given) return { finding: wrong(ADDRESS, 'VENDOMAT_URL is not set', AS_PRINTED) }
  if (!URL.canParse(given)) return { finding: wrong(ADDRESS, 'VENDOMAT_URL is not an address', AS_PRINTED) }
  const { protocol, pathname, search, hash, username } = new URL(given)
  const isPlain = search === '' && hash === '' && username === ''
  if (!isPlain) return { finding: wrong(ADDRESS, 'VENDOMAT_URL has more than an address and a path', AS_PRINTED) }
  if (protocol !== 'https:' && !(protocol === 'http:' && isLaptop(given)))
    return { finding: wrong(ADDRESS, `VENDOMAT_URL begins with ${protocol}//, which is for laptops only`, AS_PRINTED) }
  const isOwn = regionIn(given) === undefined && !isLaptop(given)
  if (!isOwn && /^\/*$/.test(pathname))
    return { finding: wrong(ADDRESS, `VENDOMAT_URL ends without the stage, like /${STAGE_NAME}`, AS_PRINTED) }
  if (!isOwn && !new RegExp(`^/${STAGE_NAME}/*$`).test(pathname))
    return { finding: wrong(ADDRESS, `VENDOMAT_URL ends with ${pathname} in place of /${STAGE_NAME}`, AS_PRINTED) }
  return { finding: ok(ADDRESS, given), base: given.replace(/\/+$/, '') }
}

function regionOf(base: string, environment: Shell['environment']): Finding {
  const check = 'region'
  const stated = regionIn(base)
  const { AWS_REGION, AWS_DEFAULT_REGION } = environment
  const set = AWS_REGION ? 'AWS_REGION' : 'AWS_DEFAULT_REGION'
  const region = AWS_REGION || AWS_DEFAULT_REGION
  if (stated !== undefined && region && region !== stated)
    return warning(
      check,
      `${stated}, which the address names; ${set} is ${region}`,
      `set ${set}=${stated}: curl and others sign for what it says`,
    )
  if (stated !== undefined) return ok(check, `${stated}, which the address names`)
  if (region) return ok(check, `${region}, of ${set}`)
  return wrong(check, 'no region is known', 'set AWS_REGION to the region of the machine')
}

/** One unsigned request, which the gateway refuses: that it does, and at what time, is what counts. */
async function* answerAndClock(base: string, { http }: Shell): AsyncGenerator<Finding> {
  const sentAt = Date.now()
  const signal = AbortSignal.timeout(TIMEOUT_MS)
  const response = await http(`${base}/connections`, { redirect: 'manual', signal }).catch((error: Error) => error)
  const ms = Date.now() - sentAt
  if (!('status' in response)) {
    const reason = reasonOf(response)
    yield wrong('answer', `${new URL(base).origin} does not answer (${reason})`, silenceMeans(base, reason))
    return
  }
  const answer = await answerIn(response)
  if (refusalIn(answer) !== 'not signed') {
    yield notTheMachine(answer)
    return
  }
  yield ok('answer', `within ${ms} ms`)
  const date = Date.parse(response.headers.get('date') ?? '')
  yield clock(Number.isNaN(date) ? undefined : (sentAt + ms / 2 - date) / 1000)
}

function silenceMeans(base: string, reason: string): string {
  if (/^(ENOTFOUND|EAI_AGAIN)/.test(reason))
    return 'no such name is known here: is it the output Url of the stack of today, and is this computer online?'
  if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS/.test(reason))
    return 'something on the way opens TLS: name its certificate in NODE_EXTRA_CA_CERTS'
  if (isLaptop(base)) return 'start the machine: npm start; then take its settings: . .local/env'
  return 'is the address right, is the machine there, does the way to it need a proxy?'
}

/** What the gateway of a machine never says to a call that is not signed. */
function notTheMachine(answer: Answer): Finding {
  const { status, said } = answer
  const refusal = refusalIn(answer)
  if (refusal === 'no such API')
    return wrong('answer', `${status}: ${said}: the API or its stage is not there`, AS_PRINTED)
  if (refusal === 'firewall')
    return wrong('answer', `${status}: ${said}`, 'ask who runs it whether this computer may call')
  if (status === 429) return unseen('answer', `${status}: ${said}`, 'the API is called too often; try again')
  return wrong('answer', `${status}, where the machine refuses a call that is not signed: it is another`, AS_PRINTED)
}

/** The request is signed by this computer's own clock, not by that of a laptop's machine which somebody has moved. */
function clock(aheadSeconds: number | undefined): Finding {
  if (aheadSeconds === undefined)
    return unseen('clock', 'the answer did not say what time it is', 'look at it yourself')
  const off = Math.abs(aheadSeconds)
  if (off <= MOST_SECONDS) return ok('clock', 'as the gateway has it')
  const side = aheadSeconds > 0 ? 'ahead' : 'behind'
  const signatures = off < REFUSED_SECONDS ? 'from 5 min on signatures are refused' : 'so signatures are refused'
  return wrong('clock', `${inWords(off)} ${side}; ${signatures}`, 'set it: sudo timedatectl set-ntp true')
}
