import { parseArgs } from 'node:util'
import * as z from 'zod/mini'
import { rfc3339 } from '../../functions/kit/time.ts'
import { vendors } from '../../functions/vendors.ts'
import { callApi, readAnswer } from './api.ts'
import { type Command, CommandFailed, EXIT, type Shell, UsageError } from './command.ts'
import { type ConnectionState, checkNames, connectionState } from './connection.ts'
import { type Cell, renderTable } from './table.ts'
import { timeLeft } from './time-left.ts'

const listing = z.object({ connections: z.array(connectionState), next: z.optional(z.string()) })

/** Worst first. */
const STATES = ['reconnect', 'failing', 'expired', 'ageing', 'not_vended', 'ok', 'disabled']
const HEAD = ['VENDOR', 'CONNECTION', 'STATE', 'EXPIRES', 'LEFT', 'OWNER', 'NEXT']
const WATCH_SECONDS = 5
const DAY_MS = 24 * 60 * 60 * 1000

const paintIn = (code: number) => (text: string) => `\u001b[${code}m${text}\u001b[0m`
const [RED, GREEN, YELLOW, GREY] = [paintIn(31), paintIn(32), paintIn(33), paintIn(90)]
const PAINT: Readonly<Record<string, Cell['paint']>> = {
  expired: RED,
  reconnect: RED,
  failing: RED,
  ageing: YELLOW,
  ok: GREEN,
  not_vended: GREY,
  disabled: GREY,
}
/** Clears the display and moves to its first line. */
const AFRESH = '\u001b[2J\u001b[3J\u001b[H'

export const status: Command = {
  summary: 'show how every connection is doing',
  help: `vendomat status [vendor] [connection] [--expiring days] [--watch] [-o table|json]

Shows the state of all connections, of one vendor's or of one, the worst first. Never shows a token. Times are UTC.

  ok           there is a token, and it is fresh; in a list its secret is not looked at
  ageing       the token comes near its end
  expired      the token has ended
  reconnect    a person has to connect the account again
  failing      the vendor gives no token; -o json says more
  not vended   nobody has asked for a token yet
  disabled     switched off; "vendomat enable" switches it on

NEXT says whether there is something to do.

  --expiring   only those whose credentials a person has to renew within so many days, or should have
  --watch      draw it again every ${WATCH_SECONDS} seconds, until Ctrl-C
  -o table     for people (default); in colour on a terminal, unless NO_COLOR is set
  -o json      what the machine says

The exit code is 0 whenever the list is complete, whatever the connections' states. Where it is not, what could be read
is shown all the same.

examples
  vendomat status
  vendomat status --expiring 30
  vendomat status iobeya --watch
  vendomat status -o json | jq -r '.connections[] | select(.state == "failing") | .connection'`,

  async run(parameters, shell) {
    const { output, watch, ...wanted } = read(parameters)
    if (watch) return drawUntilInterrupted(wanted, shell)
    const { connections, failures } = await readState(wanted, shell, counted(shell))
    shell.progress?.('')
    const nothingToShow = connections.length === 0 && failures.length > 0
    if (!nothingToShow) show[output](connections, shell)
    for (const { message } of failures) shell.say(`vendomat: ${message}`)
    return failures[0]?.exitCode ?? EXIT.done
  },
}

function read(parameters: readonly string[]) {
  const { values, positionals } = parseArgs({
    args: [...parameters],
    allowPositionals: true,
    options: {
      expiring: { type: 'string' },
      watch: { type: 'boolean', default: false },
      output: { type: 'string', short: 'o', default: 'table' },
    },
  })
  const { output, watch } = values
  if (positionals.length > 2) throw new UsageError('name at most a vendor and a connection')
  checkNames(...positionals)
  if (output !== 'table' && output !== 'json') throw new UsageError('-o is one of table, json')
  if (watch && output === 'json') throw new UsageError('--watch draws a table')
  const places = positionals.length === 0 ? Object.keys(vendors) : [positionals.join('/')]
  const { expiring } = values
  if (expiring !== undefined && !/^\d{1,4}$/.test(expiring)) throw new UsageError('--expiring takes a number of days')
  return { places, output, watch, ...(expiring !== undefined && { expiringDays: Number(expiring) }) } as const
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
}

/** Calls each vendor's own function. The failure of one does not hide the answers of the others. */
async function readState({ places, expiringDays }: Wanted, shell: Shell, read = (_more: number) => {}): Promise<View> {
  const answers = await Promise.all(places.map((place) => readPlace(place, shell, read)))
  return {
    connections: answers
      .flatMap(({ connections }) => connections)
      .filter(({ credential_ends_at: end }) => expiringDays === undefined || endsWithin(expiringDays, end, shell.now()))
      .sort(worstFirst),
    failures: answers.flatMap(({ failures }) => failures),
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

const endsWithin = (days: number, end: string | undefined, now: Date): boolean =>
  end !== undefined && Date.parse(end) - now.getTime() <= days * DAY_MS

/** All that can be read of a vendor, page by page, or of one connection; with the failure that ended it, if one did. */
async function readPlace(place: string, shell: Shell, read: (more: number) => void): Promise<View> {
  const connections: ConnectionState[] = []
  try {
    if (place.includes('/')) {
      const answer = await callApi('GET', `/connections/${place}`, shell)
      return { connections: [readAnswer(connectionState, answer)], failures: [] }
    }
    let next: string | undefined
    do {
      const query = next === undefined ? '' : `?next=${encodeURIComponent(next)}`
      const page = readAnswer(listing, await callApi('GET', `/connections/${place}${query}`, shell))
      connections.push(...page.connections)
      next = page.next
      if (next !== undefined) read(page.connections.length)
    } while (next !== undefined)
    return { connections, failures: [] }
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error
    const where = connections.length > 0 ? `${place}, after ${connections.length} connections` : place
    return { connections, failures: [new CommandFailed(error.exitCode, `${where}: ${error.message}`)] }
  }
}

/** By state, then by what ends first, then by name. A state this version does not know comes before all others. */
function worstFirst(a: ConnectionState, b: ConnectionState): number {
  const days = ({ days_left = Number.MAX_SAFE_INTEGER }: ConnectionState) => days_left
  const name = ({ vendor, connection }: ConnectionState) => `${vendor}/${connection}`
  return STATES.indexOf(a.state) - STATES.indexOf(b.state) || days(a) - days(b) || (name(a) < name(b) ? -1 : 1)
}

const show = {
  json: (connections: readonly ConnectionState[], { out }: Shell) => out(JSON.stringify({ connections }, undefined, 2)),
  table: (connections: readonly ConnectionState[], shell: Shell) => {
    if (connections.length === 0) shell.say('there are no such connections; "vendomat connect" makes one')
    else shell.out(tableOf(connections, shell).join('\n'))
  },
}

async function drawUntilInterrupted(wanted: Wanted, shell: Shell): Promise<number> {
  const interrupted = shell.untilInterrupted()
  while (!interrupted.aborted) {
    const { connections, failures } = await readState(wanted, shell)
    const said = failures.map(({ message }) => `vendomat: ${message}`)
    const drawn = [...tableOf(connections, shell), '', ...said, `${rfc3339(shell.now())}   Ctrl-C ends this`]
    // The display is cleared only when there is something to show, so that it does not flicker.
    shell.out(`${shell.display.columns === undefined ? '' : AFRESH}${drawn.join('\n')}`)
    await shell.sleep(WATCH_SECONDS, interrupted)
  }
  return EXIT.done
}

const tableOf = (connections: readonly ConnectionState[], { now, display }: Shell): string[] =>
  renderTable(
    HEAD,
    connections.map((connection) => rowOf(connection, now())),
    display,
  )

function rowOf({ vendor, connection, state, expires_at, owner, next_action }: ConnectionState, now: Date): Cell[] {
  const end = expires_at === undefined ? undefined : new Date(expires_at)
  const paint = PAINT[state]
  return [
    { text: vendor },
    { text: connection },
    { text: state.replaceAll('_', ' '), ...(paint && { paint }) },
    { text: end ? dateOf(end, now) : '-' },
    { text: end ? timeLeft(end, now) : '-' },
    { text: owner ?? '-' },
    { text: next_action },
  ]
}

/** A time of day only for what is less than two days away. */
const dateOf = (end: Date, now: Date): string =>
  Math.abs(end.getTime() - now.getTime()) < 2 * DAY_MS
    ? `${end.toISOString().slice(0, 16).replace('T', ' ')}Z`
    : end.toISOString().slice(0, 10)
