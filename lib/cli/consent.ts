import * as z from 'zod/mini'
import type { Vendor } from '../../functions/kit/vendor.ts'
import { ApiError, callApi, readAnswer } from './api.ts'
import { type Arrival, type Callback, isLoopback, listenForCallback } from './callback.ts'
import type { Outcome } from './callback-page.ts'
import { CommandFailed, EXIT, type Person, type Shell, UsageError } from './command.ts'
import { isState, readPasted } from './consent-answer.ts'
import { pageToOpen } from './vendor-context.ts'

const begun = z.object({
  authorization_url: z.url(),
  state: z.string(),
  redirect_uri: z.url(),
  expires_in: z.number(),
})
type Begun = z.output<typeof begun>

const connected = z.looseObject({
  expires_at: z.iso.datetime({ offset: true }),
  warnings: z.array(z.object({ code: z.string(), detail: z.string() })),
})
export type Connected = z.output<typeof connected>

export interface ConsentRequest {
  readonly vendor: Vendor
  readonly connection: string
  /** The document that was just stored; left out when one that is stored already is used, unread. */
  readonly credentials: object | undefined
  readonly browser: 'open' | 'leave'
}

/** Has a person consent at the vendor's page (RFC 6749 section 4.1) and hands what comes back to the machine. */
export async function obtainConsent(request: ConsentRequest, shell: Shell): Promise<Connected> {
  const path = `/connections/${request.vendor.id}/${request.connection}/authorization`
  const { consent, callback } = await begin(path, request.credentials, shell)
  try {
    if (!callback && !shell.person)
      throw new UsageError(
        `the browser will end at ${consent.redirect_uri}: run this at a terminal, to paste the address`,
      )
    showWay(request, consent, shell)
    const arrival = await arrivalOf(consent, callback, shell)
    return await finish(path, consent, arrival, shell)
  } finally {
    await callback?.close()
  }
}

interface Way {
  readonly consent: Begun
  /** Left out when the vendor sends the browser to somewhere else. */
  readonly callback: Callback | undefined
}

/**
 * A redirect URI in the credentials goes first: it is a registered one. The machine's answer says which one is used, as
 * the stored credentials were not read here.
 */
async function begin(path: string, credentials: object | undefined, shell: Shell): Promise<Way> {
  const registered = credentials !== undefined && 'redirect_uri' in credentials
  const own = registered ? undefined : await listenForCallback()
  try {
    const answer = await callApi('POST', path, shell, own ? { redirect_uri: own.redirectUri } : {})
    const consent = readAnswer(begun, answer)
    if (consent.redirect_uri === own?.redirectUri) return { consent, callback: own }
    await own?.close()
    const redirect = new URL(consent.redirect_uri)
    return { consent, callback: isLoopback(redirect) ? await listenForCallback(redirect) : undefined }
  } catch (error) {
    await own?.close()
    throw error
  }
}

function showWay({ vendor, browser }: ConsentRequest, { authorization_url }: Begun, shell: Shell): void {
  const page = pageToOpen(new URL(authorization_url), shell.environment)
  if (!/^https?:$/.test(page.protocol)) throw new CommandFailed(EXIT.failed, `${vendor.title} has no page to open`)
  shell.say(`say yes at ${vendor.title}, in the browser:\n\n  ${page.href}\n`)
  if (browser === 'open') shell.openBrowser(page)
}

/** Resolves with what comes first: the browser, or an address that the person pastes. Rejects when the time is up. */
async function arrivalOf(consent: Begun, callback: Callback | undefined, shell: Shell): Promise<Arrival> {
  const over = new AbortController()
  const ways = [
    callback?.arrival(consent.state),
    shell.person && pasted(consent, shell.person, shell.say, over.signal),
    timeout(consent, shell, over.signal),
  ]
  try {
    return await Promise.race(ways.filter((way) => way !== undefined))
  } finally {
    over.abort()
    // The losers of the race end by that abort, and their rejections have no other handler.
    await Promise.allSettled(ways.slice(1))
  }
}

async function pasted({ state }: Begun, person: Person, say: Shell['say'], over: AbortSignal): Promise<Arrival> {
  for (;;) {
    const text = await person.ask('if the browser does not come back here, paste the address you were sent to: ', over)
    const answer = readPasted(text)
    if (answer && isState(answer.state, state)) return { grant: answer.grant, show: async () => {} }
    if (answer) say('that address is of another attempt')
    else if (text.trim()) say('that is not the whole address: it has "state=" and "code=" in it')
  }
}

async function timeout({ expires_in }: Begun, { sleep }: Shell, over: AbortSignal): Promise<never> {
  await sleep(expires_in, over)
  const minutes = Math.round(expires_in / 60)
  throw new CommandFailed(EXIT.personNeeded, `nobody said yes within ${minutes} minutes; nothing changed, run it again`)
}

async function finish(path: string, { state }: Begun, { grant, show }: Arrival, shell: Shell): Promise<Connected> {
  const proof = 'code' in grant ? { code: grant.code.reveal() } : { error: grant.error }
  try {
    const answer = readAnswer(connected, await callApi('POST', path, shell, { state, ...proof }))
    await show('connected')
    return answer
  } catch (error) {
    await show(outcomeOf(error))
    throw error
  }
}

/** The state was the right one, so when the machine does not know it any more its time is over. */
function outcomeOf(error: unknown): Outcome {
  const code = error instanceof ApiError ? error.code : undefined
  if (code === 'authorization_denied') return 'denied'
  return code === 'authorization_invalid' ? 'expired' : 'failed'
}
