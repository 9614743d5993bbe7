import type * as z from 'zod/mini'
import { TRIED } from '../../functions/api/answers.ts'
import { DAY_SECONDS, secondsBetween } from '../../functions/kit/time.ts'
import { ApiError, callApi, readAnswer } from './api.ts'
import { CommandFailed, EXIT, Interrupted, type Shell } from './command.ts'
import type { ConnectionState } from './connection.ts'
import { dayOf } from './end-date.ts'
import type { Opened, SecretStore } from './secret-store.ts'
import { timeLeft } from './time-left.ts'
import type { Described } from './vendor-named.ts'

export type Tried = z.output<typeof TRIED>

/** The connection whose credentials are tried. */
export interface Place {
  readonly vendor: Described
  readonly connection: string
  /** Of its secret. */
  readonly secret: string
  /** What there was of it, and the version in use. */
  readonly opened: Opened
}

/** What the machine does with a version of the secret: obtain a token, or show the vendor the one in it; or only read it. */
export type Try = (how: 'wholly' | 'only fit') => Promise<Tried>

interface Job {
  readonly document: object
  /** Throws CommandFailed for credentials that are not to be used. */
  readonly trial: (tryIt: Try) => Promise<Tried>
  /** 'nothing' is for a trial alone. */
  readonly afterwards: 'use' | 'nothing'
}

/**
 * Stores credentials beside those in use, has the machine try them, and only then puts them into use. What fails, or is
 * interrupted, leaves everything as it was. Throws CommandFailed.
 */
export async function whenTried(
  place: Place,
  { document, trial, afterwards }: Job,
  secrets: SecretStore,
  shell: Shell,
): Promise<{ readonly tried: Tried; readonly version: string }> {
  const { secret, opened } = place
  let version: string | undefined
  try {
    const found = await interruptible(shell, async () => {
      const proposed = await secrets.propose(secret, document)
      version = proposed
      return { tried: await trial((how) => tryVersion(place, proposed, how, shell)), version: proposed }
    })
    // Behind the trial and not in it: what somebody has interrupted must not be used when its answer comes late.
    if (afterwards === 'use') await secrets.promote(secret, { from: opened.version, to: found.version })
    else await takeBack(place, found.version, secrets, shell)
    return found
  } catch (error) {
    // The reason of the failed trial is reported, not one of this: a version that stays proposed does no harm.
    await takeBack(place, version, secrets, shell)
    throw unchanged(error, opened)
  }
}

/** Rejects with Interrupted on Ctrl-C. */
async function interruptible<T>(shell: Shell, work: () => Promise<T>): Promise<T> {
  const over = new AbortController()
  const interrupted = shell.untilInterrupted(over.signal)
  try {
    return await Promise.race([
      work(),
      new Promise<never>((_resolve, reject) => {
        interrupted.addEventListener('abort', () => reject(new Interrupted()), { once: true })
      }),
    ])
  } finally {
    over.abort()
  }
}

async function takeBack(
  { secret, opened: { was } }: Place,
  version: string | undefined,
  secrets: SecretStore,
  shell: Shell,
): Promise<void> {
  try {
    if (was === 'absent') await secrets.delete(secret, 'now')
    else if (version) await secrets.withdraw(secret, version)
    if (typeof was === 'object') await secrets.delete(secret, { days: daysLeft(was.goneOn, shell.now()) })
  } catch (error) {
    if (was !== 'there')
      shell.say(`warning: the secret ${secret} is left: ${error instanceof Error ? error.message : ''}`)
  }
}

/** As Secrets Manager takes them. */
const daysLeft = (end: Date, now: Date): number =>
  Math.min(30, Math.max(7, Math.ceil(secondsBetween(now, end) / DAY_SECONDS)))

function unchanged(error: unknown, { was }: Opened): unknown {
  if (!(error instanceof CommandFailed)) return error
  const isDead = error instanceof ApiError && error.code === 'credential_expired'
  const left = was === 'there' ? 'the credentials in use are still the old ones' : 'nothing was stored'
  return new CommandFailed(isDead ? EXIT.failed : error.exitCode, `${reasonOf(error)}\n${left}`)
}

/** What the machine advises for credentials in use does not help with those that are not. */
function reasonOf(error: CommandFailed): string {
  if (!(error instanceof ApiError) || !error.problem) return error.message
  const { code, title, detail } = error.problem
  if (code === 'credential_expired') return detail
  return code === 'credential_rejected' || code === 'configuration' ? `${title}: ${detail}` : error.message
}

async function tryVersion(
  { vendor, connection }: Place,
  version: string,
  how: 'wholly' | 'only fit',
  shell: Shell,
): Promise<Tried> {
  const body = { version, ...(how === 'only fit' && { only_fit: true }) }
  const path = `/connections/${vendor.id}/${connection}/trial`
  const tried = readAnswer(TRIED, await callApi('POST', path, shell, body))
  if (how === 'only fit') return tried
  for (const { detail } of tried.warnings) shell.say(`warning: ${detail}`)
  if (tried.checked === 'alive') shell.say(`${vendor.title} takes the token`)
  return tried
}

/**
 * Whether a token that a person made may replace the present one: it has to be another one, and to end later unless the
 * present one has ended. Throws CommandFailed.
 */
export function checkReplaces({ expires_at, replaces }: Tried, now: Date): void {
  if (replaces?.same_secrets)
    throw new CommandFailed(EXIT.failed, 'this is the token that is stored already; make a new one at the vendor')
  if (expires_at === undefined || replaces?.expires_at === undefined) return
  const [end, oldEnd] = [new Date(expires_at), new Date(replaces.expires_at)]
  if (oldEnd <= now || end > oldEnd) return
  const ends = `the new token ends on ${dayOf(end)}, the old one on ${dayOf(oldEnd)}`
  throw new CommandFailed(EXIT.failed, `${ends}: it has to end later`)
}

export const endOf = ({ expires_at: end }: Tried, now: Date): string =>
  end === undefined ? 'it has no end' : `ends in ${timeLeft(new Date(end), now)}`

/** Whether the machine gets along with what was stored. */
export const works = ({ state }: ConnectionState): boolean => !BROKEN.includes(state)

const BROKEN: readonly string[] = ['failing', 'expired', 'malformed', 'secret_deleted', 'secret_unreadable']
