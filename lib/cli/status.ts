import * as z from 'zod/mini'
import { PAGE } from '../../functions/api/answers.ts'
import { STATES } from '../../functions/api/states.ts'
import { FAILURES } from '../../functions/kit/errors.ts'
import { rfc3339 } from '../../functions/kit/time.ts'
import { callApi, readAnswer } from './api.ts'
import { CommandFailed, command, EXIT, type Result, type Shell, UsageError } from './command.ts'
import { type ConnectionState, connectionState } from './connection.ts'
import { type Cell, NOTHING, type Row, renderTable } from './table.ts'
import { timeLeft } from './time-left.ts'
import { allVendors } from './vendor-named.ts'

const listing = z.looseObject({ ...PAGE.shape, connections: z.array(connectionState) })
const HEAD = ['CONNECTION', 'STATE', 'EXPIRES', 'LEFT', 'RENEWED', 'SECRET', 'OWNER']
const WATCH_SECONDS = 5
const DAY_MS = 24 * 60 * 60 * 1000
const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
/** So much of a version's id tells it from the few others of its secret. */
const VERSION_LENGTH = 8

const PAINT: Readonly<Record<string, Cell['paint']>> = {
  secret_deleted: 'red',
  secret_unreadable: 'red',
  malformed: 'red',
  reconnect: 'red',
  expired: 'red',
  failing: 'red',
  ending: 'yellow',
  new: 'yellow',
  ageing: 'green',
  resting: 'gray',
  ok: 'green',
  disabled: 'gray',
}
/** Clears the display and moves to its first line. */
const AFRESH = '\u001b[2J\u001b[3J\u001b[H'

export const status = command({
  about: `Shows the state of all connections, of one vendor's or of one: first what only a
person can mend. Never shows a token. Times are UTC.

  secret deleted      its secret is gone; "vendomat remove" finishes that,
                      "vendomat connect" makes a new one
  secret unreadable   the machine may not read its secret, or cannot now
  malformed           a member of the secret's document is wrong or missing
  reconnect           a person has to connect the account again
  expired             the token that a person made has ended or is refused
  failing             the last try to obtain a token has failed, and none has
                      worked since
  ending              it works, but a person has to renew it soon
  new                 nothing has been obtained yet
  ageing              the token comes near its end; the machine renews it
  resting             nobody has used it for long; the next call obtains a token
  ok                  there is a token, and it is fresh
  disabled            switched off; "vendomat enable" switches it on

RENEWED says when the machine does that next, SECRET which version is in use
(its first ${VERSION_LENGTH} characters). Below a row are the columns that do
not fit the terminal, when the grant ends that a person gave, why it fails,
and what is to be done.

The exit code is 0 whenever the list is complete, whatever the connections'
states. Where it is not, what could be read is shown all the same.`,
  takes: {
    '[vendor]': '',
    '[connection]': '',
    '--expiring <days>':
      'only those whose credentials or grant a person has to renew within so many days, or should have',
    '--watch': `draw it again every ${WATCH_SECONDS} seconds, until Ctrl-C`,
  },
  examples: [
    'vendomat status',
    'vendomat status --expiring 30',
    'vendomat status iobeya --watch',
    `vendomat status -o json | jq -r '.connections[].state' | sort | uniq -c`,
  ],

  outputs: {
    table: 'for people; in colour on a terminal, unless NO_COLOR is set',
    json: 'what the machine says',
  },

  async run({ watch, ...asked }, shell, output) {
    const wanted = read(asked, shell)
    if (watch && output === 'json') throw new UsageError('--watch draws a table')
    if (watch) return drawUntilInterrupted(wanted, shell)
    const { connections, failures, warnings } = await readState(wanted, shell, counted(shell))
    shell.progress?.('')
    const next = saidOf({ failures, warnings }).join('\n')
    const exitCode = failures[0]?.exitCode ?? EXIT.done
    if (connections.length === 0 && (failures.length > 0 || output === 'table')) {
      shell.say(next || 'there are no such connections; "vendomat connect" makes one')
      return { exitCode }
    }
    return { exitCode, text: tableOf(connections, shell).join('\n'), json: { connections, warnings }, next }
  },
})

type Asked = Readonly<Record<'vendor' | 'connection' | 'expiring', string | undefined>>

function read({ vendor, connection, expiring }: Asked, shell: Shell): Wanted {
  const place = [vendor, connection].filter((name) => name !== undefined).join('/')
  const places = place === '' ? allVendors(shell) : [place]
  if (expiring !== undefined && !/^\d{1,4}$/.test(expiring)) throw new UsageError('--expiring takes a number of days')
  return { places, ...(expiring !== undefined && { expiringDays: Number(expiring) }) }
}

interface Wanted {
  /** `accelo` or `accelo/hq` */
  readonly places: readonly string[]
  /** Only those whose credentials end within so many days. */
  readonly expiringDays?: number
}

interface View {
  readonly connections: readonly ConnectionState[]
  readonly failures: readonly CommandFailed[]
  /** What the machine says of a list: that it may lack connections, and why. */
  readonly warnings: readonly string[]
}

const saidOf = ({ failures, warnings }: Omit<View, 'connections'>): string[] => [
  ...warnings.map((detail) => `vendomat: warning: ${detail}`),
  ...failures.map(({ message }) => `vendomat: ${message}`),
]

/** Calls each vendor's own function. The failure of one does not hide the answers of the others. */
async function readState({ places, expiringDays }: Wanted, shell: Shell, read = (_more: number) => {}): Promise<View> {
  const answers = await Promise.all(places.map((place) => readPlace(place, shell, read)))
  return {
    connections: answers
      .flatMap(({ connections }) => connections)
      .filter((view) => expiringDays === undefined || endsWithin(expiringDays, view, shell.now()))
      .sort(worstFirst),
    failures: answers.flatMap(({ failures }) => failures),
    warnings: answers.flatMap(({ warnings }) => warnings),
  }
}

/** How many are read by now, for who waits for a long list. */
function counted({ progress }: Shell): (more: number) => void {
  let count = 0
  return (more) => {
    count += more
    progress?.(`${count} connections read, more to come`)
  }
}

const endsWithin = (days: number, view: ConnectionState, now: Date): boolean =>
  endsOf(view).some((end) => Date.parse(end) - now.getTime() <= days * DAY_MS)

/** The ends that a person has to put off. */
const endsOf = ({ credential_ends_at: end, grant }: ConnectionState): readonly string[] => [
  ...(end === undefined ? [] : [end]),
  ...(grant && !grant.renewals_extend ? [grant.ends_at] : []),
]

/** All that can be read of a vendor, page by page, or of one connection; with the failure that ended it, if one did. */
async function readPlace(place: string, shell: Shell, read: (more: number) => void): Promise<View> {
  const connections: ConnectionState[] = []
  const warnings: string[] = []
  try {
    if (place.includes('/')) {
      const answer = await callApi('GET', `/connections/${place}`, shell)
      return { connections: [readAnswer(connectionState, answer)], failures: [], warnings }
    }
    let next: string | undefined
    do {
      const query = next === undefined ? '' : `?next=${encodeURIComponent(next)}`
      const page = readAnswer(listing, await callApi('GET', `/connections/${place}${query}`, shell))
      connections.push(...page.connections)
      warnings.push(...(page.warnings ?? []).map(({ detail }) => `${place}: ${detail}`))
      next = page.next
      if (next !== undefined) read(page.connections.length)
    } while (next !== undefined)
    return { connections, failures: [], warnings }
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error
    const where = connections.length > 0 ? `${place}, after ${connections.length} connections` : place
    return { connections, failures: [new CommandFailed(error.exitCode, `${where}: ${error.message}`)], warnings }
  }
}

/** By state, then by what ends first, then by name. */
function worstFirst(a: ConnectionState, b: ConnectionState): number {
  const name = ({ vendor, connection }: ConnectionState) => `${vendor}/${connection}`
  return rankOf(a) - rankOf(b) || endOf(a) - endOf(b) || (name(a) < name(b) ? -1 : 1)
}

/** A state this version does not know comes before all others, and a failure that only a person can mend before those that may pass. */
function rankOf({ state, last_failure: failure }: ConnectionState): number {
  const rank = Object.keys(STATES).indexOf(state)
  return state === 'failing' && failure && isForPerson(failure.code) ? rank - 0.5 : rank
}

const isForPerson = (code: string): boolean =>
  Object.hasOwn(FAILURES, code) && !FAILURES[code as keyof typeof FAILURES].retryable // hasOwn has just said that it is one

/** Of the credentials, the grant or the token, whichever is first. */
const endOf = (view: ConnectionState): number =>
  Math.min(Number.MAX_VALUE, ...[...endsOf(view), view.expires_at ?? []].flat().map((end) => Date.parse(end)))

async function drawUntilInterrupted(wanted: Wanted, shell: Shell): Promise<Result> {
  const interrupted = shell.untilInterrupted()
  while (!interrupted.aborted) {
    const { connections, ...rest } = await readState(wanted, shell)
    const drawn = [...tableOf(connections, shell), '', ...saidOf(rest), `${rfc3339(shell.now())}   Ctrl-C ends this`]
    // The display is cleared only when there is something to show, so that it does not flicker.
    shell.out(`${shell.display.columns === undefined ? '' : AFRESH}${drawn.join('\n')}`)
    await shell.sleep(WATCH_SECONDS, interrupted)
  }
  return { exitCode: EXIT.done }
}

const tableOf = (connections: readonly ConnectionState[], { now, display }: Shell): string[] =>
  renderTable(
    HEAD,
    connections.map((connection) => rowOf(connection, now())),
    display,
  )

function rowOf(view: ConnectionState, now: Date): Row {
  const { vendor, connection, state, expires_at, renews_at, secret_version: version, owner, next_action } = view
  // A token that a person made is not there any more when it has ended, but its end is known.
  const ended = expires_at ?? view.credential_ends_at
  const end = ended === undefined ? undefined : new Date(ended)
  const renewal = renews_at === undefined ? undefined : new Date(renews_at)
  const paint = PAINT[state]
  const why = whyOf(view, now)
  return {
    cells: [
      { text: `${vendor}/${connection}` },
      { text: state.replaceAll('_', ' '), ...(paint && { paint }) },
      { text: end ? dateOf(end, now) : NOTHING },
      { text: end ? timeLeft(end, now) : NOTHING },
      { text: renewal ? inTime(renewal, now) : NOTHING },
      { text: version?.slice(0, VERSION_LENGTH) ?? NOTHING },
      { text: owner ?? NOTHING },
    ],
    notes: [
      ...(view.grant ? [{ label: 'grant', text: grantInWords(view.grant, now) }] : []),
      ...(why ? [{ label: 'why', text: why }] : []),
      ...(/^none\b/.test(next_action) ? [] : [{ label: 'next', text: next_action }]),
    ],
  }
}

function grantInWords({ ends_at, renewals_extend }: NonNullable<ConnectionState['grant']>, now: Date): string {
  const end = new Date(ends_at)
  if (end <= now) return `ended ${dateOf(end, now)} (${timeLeft(end, now)})`
  const ends = `ends ${dateOf(end, now)} (${inTime(end, now)})`
  return renewals_extend ? `${ends}, later with each renewal` : ends
}

function whyOf({ vendor, connection, last_failure: failure }: ConnectionState, now: Date): string | undefined {
  if (!failure) return undefined
  const { detail, next_try_at: next } = failure
  const again = next === undefined || new Date(next) <= now ? '' : `; tried again ${inTime(new Date(next), now)}`
  // The engine names a connection as its key does, people as its path does.
  return `${detail.replaceAll(`${vendor}#${connection}`, `${vendor}/${connection}`)}${again}`
}

const inTime = (instant: Date, now: Date): string => (instant <= now ? 'now' : `in ${timeLeft(instant, now)}`)

/** `Fri 17:30Z` for what is less than two days away, else the date. */
const dateOf = (end: Date, now: Date): string =>
  Math.abs(end.getTime() - now.getTime()) < 2 * DAY_MS
    ? `${WEEKDAYS[end.getUTCDay()]} ${end.toISOString().slice(11, 16)}Z`
    : end.toISOString().slice(0, 10)
