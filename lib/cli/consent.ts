import * as z from 'zod/mini'
import { BEGUN } from '../../functions/api/answers.ts'
import { ApiError, callApi, readAnswer } from './api.ts'
import { type Arrival, type Callback, isLoopback, listenForCallback, redirectUriAt } from './callback.ts'
import type { Outcome } from './callback-page.ts'
import { CommandFailed, EXIT, type Person, type Shell, UsageError } from './command.ts'
import { isState, readPasted } from './consent-answer.ts'
import { pageToOpen } from './page-to-open.ts'
import { inWords } from './time-left.ts'
import type { Described } from './vendor-named.ts'

const MINUTE = 60

type Begun = z.output<typeof BEGUN>

export const connected = z.looseObject({
  expires_at: z.iso.datetime({ offset: true }),
  warnings: z.array(z.object({ code: z.string(), detail: z.string() })),
})
export type Connected = z.output<typeof connected>

export interface ConsentRequest {
  readonly vendor: Described
  readonly connection: string
  readonly redirection: Redirection
  readonly browser: 'open' | 'leave'
}

/** Where the browser comes back to. */
export interface Redirection {
  /** Of this computer; left out when the vendor sends the browser to somewhere else. */
  readonly callback: Callback | undefined
  /** The address is in the credentials, where the machine finds it. */
  readonly isStored: boolean
}

const OTHER_PORT = 'end that one, or give another port with --port and register its address at the vendor as well'
const OTHER_ADDRESS = 'end that one, or register another address and give it as redirect_uri'

/**
 * Opens the door for the browser. A redirect URI in the credentials goes first: it is a registered one. Throws UsageError
 * when the browser will end elsewhere and nobody is there to paste the address.
 */
export async function prepareRedirection(
  credentials: object | undefined,
  port: number,
  shell: Shell,
): Promise<Redirection> {
  const { redirect_uri: own }: { readonly redirect_uri?: unknown } = credentials ?? {}
  if (typeof own !== 'string')
    return { callback: await listenForCallback(redirectUriAt(port), OTHER_PORT), isStored: false }
  if (isLoopback(own)) return { callback: await listenForCallback(own, OTHER_ADDRESS), isStored: true }
  checkPerson(own, shell)
  return { callback: undefined, isStored: true }
}

function checkPerson(redirectUri: string, { person }: Shell): void {
  if (!person)
    throw new UsageError(`the browser will end at ${redirectUri}: run this at a terminal, to paste the address`)
}

/** Has a person consent at the vendor's page (RFC 6749 section 4.1) and hands what comes back to the machine. */
export async function obtainConsent(request: ConsentRequest, shell: Shell): Promise<Connected> {
  const path = `/connections/${request.vendor.id}/${request.connection}/authorization`
  const consent = await begin(path, request.redirection, shell)
  const callback = await callbackAt(consent.redirect_uri, request.redirection)
  try {
    if (!callback) checkPerson(consent.redirect_uri, shell)
    showWay(request, consent, shell)
    const arrival = await arrivalOf(consent, callback, shell)
    return await finish(path, consent, arrival, shell)
  } finally {
    await callback?.close()
  }
}

async function begin(path: string, { callback, isStored }: Redirection, shell: Shell): Promise<Begun> {
  const address = callback && !isStored ? { redirect_uri: callback.redirectUri } : {}
  return readAnswer(BEGUN, await callApi('POST', path, shell, address))
}

/** The machine says which address counts: stored credentials that were not read here may have one of their own. */
async function callbackAt(redirectUri: string, { callback }: Redirection): Promise<Callback | undefined> {
  if (callback?.redirectUri === redirectUri) return callback
  await callback?.close()
  return isLoopback(redirectUri) ? listenForCallback(redirectUri, OTHER_ADDRESS) : undefined
}

/** Said before anything else, since the vendor refuses any other address (RFC 6749 section 3.1.2.3). */
export const registerExactly = (vendor: Described, redirectUri: string): string =>
  `register exactly this redirect URL in the application at ${vendor.title}:\n\n  ${redirectUri}\n`

function showWay({ vendor, browser, redirection }: ConsentRequest, consent: Begun, shell: Shell): void {
  const { authorization_url, redirect_uri: redirectUri } = consent
  const page = pageToOpen(new URL(authorization_url), shell.environment)
  if (!/^https?:$/.test(page.protocol)) throw new CommandFailed(EXIT.failed, `${vendor.title} has no page to open`)
  if (redirectUri === redirection.callback?.redirectUri && !redirection.isStored)
    shell.say(registerExactly(vendor, redirectUri))
  shell.say(`say yes at ${vendor.title}, in the browser:\n\n  ${page.href}\n`)
  if (browser === 'open') shell.openBrowser(page)
}

/** Resolves with what comes first: the browser, or an address that the person pastes. Rejects when the time is up. */
async function arrivalOf(consent: Begun, callback: Callback | undefined, shell: Shell): Promise<Arrival> {
  const over = new AbortController()
  const wait = { consent, line: waitingLine(consent, shell), over: over.signal }
  const ways = [
    callback?.arrival(consent.state),
    shell.person && pasted(wait, shell.person, shell.say),
    timeout(wait, shell.sleep),
  ]
  try {
    return await Promise.race(ways.filter((way) => way !== undefined))
  } finally {
    shell.progress?.('')
    over.abort()
    // The losers of the race end by that abort, and their rejections have no other handler.
    await Promise.allSettled(ways.slice(1))
  }
}

interface Wait {
  readonly consent: Begun
  readonly line: WaitingLine
  /** Fires when one of the ways has led to an end. */
  readonly over: AbortSignal
}

/** What stands at the bottom while a consent is waited for: how much time is left, where somebody watches. */
interface WaitingLine {
  /** What the person is asked, where the line itself does not ask. */
  readonly question: string
  /** Shows the line, with the time that is left or with that of the last time. */
  show(secondsLeft?: number): void
}

function waitingLine({ expires_in }: Begun, { progress, person }: Shell): WaitingLine {
  const paste = 'paste the address you were sent to: '
  if (!progress) return { question: `if the browser does not come back here, ${paste}`, show: () => {} }
  let left = expires_in
  return {
    question: '',
    show: (secondsLeft = left) => {
      left = secondsLeft
      progress(`waiting for the browser, ${inWords(left)} left${person ? `; or ${paste}` : ''}`)
    },
  }
}

async function pasted({ consent, line, over }: Wait, person: Person, say: Shell['say']): Promise<Arrival> {
  for (;;) {
    const asked = person.ask(line.question, over)
    // A terminal clears its line when it asks.
    line.show()
    const text = await asked
    const answer = readPasted(text)
    if (answer && isState(answer.state, consent.state)) return { grant: answer.grant, show: async () => {} }
    if (answer) say('that address is of another attempt')
    else if (text.trim()) say('that is not the whole address: it has "state=" and "code=" in it')
  }
}

async function timeout({ consent, line, over }: Wait, sleep: Shell['sleep']): Promise<never> {
  const { expires_in: seconds } = consent
  for (let left = seconds; left > 0 && !over.aborted; left -= MINUTE) {
    line.show(left)
    await sleep(Math.min(left, MINUTE), over)
  }
  const minutes = Math.round(seconds / MINUTE)
  throw new CommandFailed(EXIT.personNeeded, `nobody said yes within ${minutes} minutes; nothing changed, run it again`)
}

async function finish(path: string, { state }: Begun, { grant, show }: Arrival, shell: Shell): Promise<Connected> {
  const proof = 'code' in grant ? { ...grant, code: grant.code.reveal() } : grant
  try {
    const answer = readAnswer(connected, await callApi('POST', path, shell, { state, ...proof }))
    await show('connected')
    return answer
  } catch (error) {
    const outcome = outcomeOf(error)
    await show(outcome)
    // Nothing is wrong with the command or the machine: somebody has to say yes.
    if (error instanceof ApiError && outcome === 'denied') throw new CommandFailed(EXIT.personNeeded, error.message)
    throw error
  }
}

/** The state was the right one, so when the machine does not know it any more its time is over. */
function outcomeOf(error: unknown): Outcome {
  const code = error instanceof ApiError ? error.code : undefined
  if (code === 'authorization_denied') return 'denied'
  return code === 'authorization_invalid' ? 'expired' : 'failed'
}
