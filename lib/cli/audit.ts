import { ENV } from '../../functions/environment.ts'
import { Secret } from '../../functions/kit/secret.ts'
import { machineAt } from './api.ts'
import type { AuditLine, Wanted } from './audit-line.ts'
import { command, EXIT, type Given, type Result, type Shell, UsageError } from './command.ts'
import { checkNames } from './connection.ts'
import { numbered } from './deployment-checks.ts'
import { linesInFiles } from './log-files.ts'
import { linesInInsights } from './logs-insights.ts'
import { isLaptop } from './machine-address.ts'
import { NOTHING, renderTable } from './table.ts'

const HEAD = ['TIME', 'OPERATION', 'OUTCOME', 'CONNECTION', 'FINGERPRINT', 'CALLER', 'REQUEST']

const TAKES = {
  '--token <->':
    'reads a token that has leaked from standard input, or asks for it, and searches for its fingerprint. ' +
    'The token itself goes nowhere and is not shown',
  '--fingerprint <digits>': '16 digits, as answers and records have it',
  '--connection <vendor/connection>': 'only of this connection',
  '--caller <text>': 'only of callers with this in their ARN',
  '--since <time>': 'how far back: minutes, hours or days, as 90m, 24h, 30d (default: 24h)',
} as const

export const audit = command({
  about: `Searches the records of the machine: who was given a token and when, when it was
obtained and with which version of the secret, who revoked, changed, connected
or removed a connection. Every answer has been recorded before it left.

At least one of the first four options is needed. A deployed machine is searched
with CloudWatch Logs Insights, which bills by what it reads: the records of the
last minute may still be missing. On a laptop the log files are read
(.local/logs, or VENDOMAT_LOGS).

To end a token that has leaked: vendomat revoke <vendor> <connection>

Exits with 6 when there is no such record.`,
  takes: TAKES,
  outputs: { table: 'for people, the oldest first; times are UTC', json: 'the records as they were written' },
  examples: [
    'vendomat audit --token - --since 30d',
    'vendomat audit --fingerprint 628b49d96dcde97a',
    'vendomat audit --connection accelo/hq --caller billing --since 90m -o json',
  ],

  async run(given, shell) {
    const { since, ...asked } = await read(given, shell)
    const wanted = { ...asked, since: new Date(shell.now().getTime() - since.seconds * 1000) }
    const { lines, isCutOff } = await search(wanted, shell)
    shell.progress?.('')
    const records = lines.toSorted((a, b) => (a.time < b.time ? -1 : 1))
    const json = { since: wanted.since.toISOString(), fingerprint: asked.fingerprint, records }
    const next = [
      ...(isCutOff ? [`there are more than ${records.length}: ask for less with --since`] : []),
      ...conclusion(records, wanted, since.text),
    ].join('\n')
    if (records.length === 0) return { exitCode: EXIT.notFound, json, next }
    return { text: tableOf(records, wanted, shell).join('\n'), json, next } satisfies Result
  },
})

const UNITS: Readonly<Record<string, { readonly seconds: number; readonly name: string }>> = {
  m: { seconds: 60, name: 'min' },
  h: { seconds: 3600, name: 'h' },
  d: { seconds: 86_400, name: 'days' },
}

async function read(given: Given<keyof typeof TAKES>, shell: Shell) {
  const { token, connection, caller, fingerprint: digits } = given
  // What is wrong is not repeated: it may be a token.
  if (token !== undefined && token !== '-')
    throw new UsageError('--token takes "-": the token comes from standard input, where no list of processes shows it')
  if (token !== undefined && digits !== undefined) throw new UsageError('--fingerprint does not go with --token')
  if (digits !== undefined && !/^[0-9a-f]{16}$/.test(digits))
    throw new UsageError('--fingerprint takes 16 digits of 0-9 and a-f; of a token, --token - works it out')
  if (connection !== undefined) {
    const names = connection.split('/')
    if (names.length !== 2) throw new UsageError('--connection takes a vendor and a connection, as accelo/hq')
    checkNames(...names)
  }
  // IAM, "Names and paths", and the ARNs made of them.
  if (caller !== undefined && !/^[\w+=,.@:/-]{1,200}$/.test(caller))
    throw new UsageError('--caller takes a part of an ARN')
  const since = sinceOf(given.since ?? '24h')
  if ([token, digits, connection, caller].every((one) => one === undefined))
    throw new UsageError('say what to search for: --token -, --fingerprint, --connection or --caller')
  const fingerprint = token === undefined ? digits : await fingerprintOfToken(shell)
  return { fingerprint, connection, caller, since }
}

function sinceOf(text: string): { readonly seconds: number; readonly text: string } {
  const [, count, letter = ''] = /^([1-9]\d{0,3})([mhd])$/.exec(text) ?? []
  const unit = UNITS[letter]
  if (!unit) throw new UsageError('--since takes minutes, hours or days, as 90m, 24h, 30d')
  return { seconds: Number(count) * unit.seconds, text: `${count} ${unit.name}` }
}

/** People copy it with the name of its scheme. */
async function fingerprintOfToken({ stdin, person }: Shell): Promise<string> {
  const given = await (person ? person.askSecret('token (it is not shown): ') : stdin())
  const token = given.trim().replace(/^Bearer\s+/i, '')
  if (token === '' || /\s/.test(token)) throw new UsageError('standard input has no token, or more than one')
  return new Secret(token).fingerprint
}

async function search(wanted: Wanted, shell: Shell) {
  const { environment } = shell
  const { base, region } = machineAt(environment)
  if (!isLaptop(base)) return linesInInsights(wanted, { region, stage: environment[ENV.stage] }, shell)
  return { lines: await linesInFiles(environment.VENDOMAT_LOGS ?? '.local/logs', wanted), isCutOff: false }
}

/** What follows: how the token is ended, or that nothing was found and what that means. */
function conclusion(records: readonly AuditLine[], { fingerprint }: Wanted, since: string): readonly string[] {
  const about = fingerprint === undefined ? '' : ` of ${fingerprint}`
  if (records.length === 0)
    return [
      `no record${about} in the last ${since}`,
      'next step: look further back, as far as logs are kept: --since 90d',
    ]
  const callers = new Set(records.map(({ caller }) => caller)).size
  const count = `${numbered(records.length, 'record')}${about} by ${numbered(callers, 'caller')} in the last ${since}`
  const places = fingerprint === undefined ? [] : [...new Set(records.map(({ connection }) => placeOf(connection)))]
  return [count, ...places.map((place) => `next step: to end this token, vendomat revoke ${place.replace('/', ' ')}`)]
}

/** The machine names a connection as its key does, people as its path does. */
const placeOf = (key: string): string => key.replace('#', '/')

function tableOf(records: readonly AuditLine[], { fingerprint }: Wanted, { display }: Shell): string[] {
  const isShown = (title: string) => title !== 'FINGERPRINT' || fingerprint === undefined
  const rows = records.map((record) => {
    const { time, op, outcome, connection, caller, request_id: request } = record
    const texts = [
      ...[`${time.slice(0, 19)}Z`, op, outcome, placeOf(connection), record.fingerprint ?? NOTHING, caller, request],
    ]
    const cells = texts.flatMap((text, column) => (isShown(HEAD[column] ?? '') ? [{ text }] : []))
    return { cells }
  })
  return renderTable(HEAD.filter(isShown), rows, display)
}
