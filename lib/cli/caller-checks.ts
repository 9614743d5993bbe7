import { defaultProvider } from '@aws-sdk/credential-provider-node'
import { machineAt } from './api.ts'
import { type Shell, UsageError } from './command.ts'
import { type Finding, ok, unseen, wrong } from './finding.ts'
import { isLaptop } from './machine-address.ts'
import { reasonOf } from './reason.ts'
import { inWords, timeLeft } from './time-left.ts'

/** AWS refuses a signature that is 5 minutes off. */
const REFUSED_SECONDS = 5 * 60
/** Off by more than this, a clock goes wrong. */
const MOST_SECONDS = 60
const TIMEOUT_MS = 10_000

/** Checks what a caller needs on its own side. Ends where the rest could not be looked at. */
export async function* callerChecks(shell: Shell): AsyncGenerator<Finding> {
  const address = addressOf(shell.environment)
  yield address.finding
  if (!address.base) return
  yield regionOf(shell.environment)
  yield await credentials()
  yield* answerAndClock(address.base, shell)
}

const ADDRESS = 'address'
const AS_PRINTED = 'set VENDOMAT_URL to the output Url of the stack, as it is; on a laptop: . .local/env'

function addressOf({ VENDOMAT_URL: given }: Shell['environment']): { finding: Finding; base?: string } {
  if (!given) return { finding: wrong(ADDRESS, 'VENDOMAT_URL is not set', AS_PRINTED) }
  if (!URL.canParse(given)) return { finding: wrong(ADDRESS, 'VENDOMAT_URL is not an address', AS_PRINTED) }
  const { protocol, pathname, search, hash, username, host } = new URL(given)
  const isPlain = search === '' && hash === '' && username === ''
  if (!isPlain) return { finding: wrong(ADDRESS, 'VENDOMAT_URL has more than an address and a path', AS_PRINTED) }
  if (protocol !== 'https:' && !(protocol === 'http:' && isLaptop(given)))
    return { finding: wrong(ADDRESS, `VENDOMAT_URL begins with ${protocol}//, which is for laptops only`, AS_PRINTED) }
  if (/\.execute-api\./.test(host) && /^\/*$/.test(pathname))
    return { finding: wrong(ADDRESS, 'VENDOMAT_URL ends without the stage, like /v1', AS_PRINTED) }
  return { finding: ok(ADDRESS, given), base: given.replace(/\/+$/, '') }
}

function regionOf(environment: Shell['environment']): Finding {
  try {
    return ok('region', machineAt(environment).region)
  } catch (error) {
    if (error instanceof UsageError) return wrong('region', 'no region is known', error.message)
    throw error
  }
}

async function credentials(): Promise<Finding> {
  const check = 'credentials'
  const todo = 'run: aws sts get-caller-identity; if that fails too: aws configure, or aws sso login'
  try {
    const { accessKeyId, expiration } = await defaultProvider()()
    const key = `the key ${accessKeyId.slice(0, 4)}...${accessKeyId.slice(-4)}`
    const now = new Date()
    if (expiration && expiration <= now) return wrong(check, `${key} ended ${timeLeft(expiration, now)}`, todo)
    return ok(check, expiration ? `${key}, for ${timeLeft(expiration, now)}` : key)
  } catch (error) {
    return wrong(check, `none were found (${error instanceof Error ? error.name : 'unknown'})`, todo)
  }
}

/** One unsigned request, which is refused: that it is answered, and at what time, is what counts. */
async function* answerAndClock(base: string, { http }: Shell): AsyncGenerator<Finding> {
  const sentAt = Date.now()
  const signal = AbortSignal.timeout(TIMEOUT_MS)
  const response = await http(`${base}/connections`, { redirect: 'manual', signal }).catch((error: Error) => error)
  const ms = Date.now() - sentAt
  if (response instanceof Error) {
    const todo = 'is the address right, is the machine there, does the way to it need a proxy?'
    yield wrong('answer', `${new URL(base).origin} does not answer (${reasonOf(response)})`, todo)
    return
  }
  yield ok('answer', `within ${ms} ms`)
  await response.body?.cancel()
  const date = Date.parse(response.headers.get('date') ?? '')
  yield clock(Number.isNaN(date) ? undefined : (sentAt + ms / 2 - date) / 1000)
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
