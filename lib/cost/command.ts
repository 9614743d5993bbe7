import { parseArgs } from 'node:util'
import { renderTable } from '../cli/table.ts'
import { billOf, type Item, perMillion, sharesOf, sum, type Usage } from './bill.ts'
import { AS_OF } from './prices.ts'

const HELP = `npm run cost -- [--connections 10] [--vends 1M] [--renewals 24]

What the machine costs a month at list prices (us-east-1, ${AS_OF}; lib/cost/prices.ts), by item.

  --connections   how many there are; each has a secret of its own
  --vends         of all callers together, a month: 250000, 10k, 1M
  --renewals      of each connection, a day: 24 for a token that lives an hour`

const DEFAULTS = { connections: '10', vends: '1M', renewals: '24' }
/** What the second table shows, each connection being used as much as the ones that were asked for. */
const SIZES = [10, 1000, 100_000]
/** A sweep a minute. */
const MOST_RENEWALS = 24 * 60

export interface Screen {
  readonly out: (line: string) => void
  readonly say: (line: string) => void
}

/** Runs `npm run cost`. Returns the exit code. */
export function cost(parameters: readonly string[], { out, say }: Screen): number {
  const usage = read(parameters)
  if (usage === 'help') {
    out(HELP)
    return 0
  }
  if (typeof usage === 'string') {
    say(`cost: ${usage}`)
    return 2
  }
  out(bill(usage))
  out('')
  out(bySize(usage))
  out('')
  out(notes())
  return 0
}

/** What was asked for, 'help', or a line that says what is wrong with it. */
function read(parameters: readonly string[]): Usage | string {
  const text = { type: 'string' } as const
  const options = { connections: text, vends: text, renewals: text, help: { type: 'boolean', short: 'h' } } as const
  try {
    const { values } = parseArgs({ args: [...parameters], options })
    if (values.help) return 'help'
    const given = { ...DEFAULTS, ...values }
    const connections = amount(given.connections)
    const vends = amount(given.vends)
    const renewals = amount(given.renewals)
    if (!Number.isInteger(connections) || connections < 1)
      return `--connections ${given.connections} is no whole number from 1 on, like 10 or 1k`
    if (Number.isNaN(vends)) return `--vends ${given.vends} is no amount; write 250000, 10k or 1M`
    if (!(renewals <= MOST_RENEWALS))
      return `--renewals ${given.renewals} is no number from 0 to ${MOST_RENEWALS} a day, like 24 for a token that lives an hour`
    return { connections, vends, renewals }
  } catch (error) {
    // What parseArgs throws says in one line what is wrong.
    return typeof error === 'object' && error !== null && 'message' in error ? `${error.message}` : String(error)
  }
}

/** '1.5M' is 1,500,000. NaN for what is no amount. */
function amount(text: string): number {
  const [, digits = '', scale = ''] = /^(\d{1,12}(?:\.\d{1,6})?)([kKM]?)$/.exec(text) ?? []
  const times = { k: 1e3, K: 1e3, M: 1e6 }[scale] ?? 1
  return digits === '' ? Number.NaN : Math.round(Number(digits) * times * 1e6) / 1e6
}

function bill(usage: Usage): string {
  const items = billOf(usage)
  const total = sum(items)
  const rows = items.map(({ name, quantity, unit, dollars }) => [
    name,
    `${figure(quantity)} ${unit}`,
    money(dollars),
    `${((dollars / total) * 100).toFixed(0)} %`,
  ])
  const door = sum(items.filter((item) => item.door))
  return [
    `${figure(usage.connections)} connections, ${figure(usage.vends)} vends a month, ${usage.renewals} renewals a day each: ${money(total)} a month (${money(total - door)} without the front door)`,
    '',
    table(['item', 'a month', '$', 'share'], rows),
  ].join('\n')
}

function bySize(usage: Usage): string {
  const bills = SIZES.map((connections) => {
    const scaled = { ...usage, connections, vends: (usage.vends / usage.connections) * connections }
    return { connections, items: billOf(scaled), shares: sharesOf(scaled) }
  })
  const names = (bills[0]?.items ?? []).map(({ name }) => name)
  const dollarsOf = (items: readonly Item[], name: string) => items.find((item) => item.name === name)?.dollars ?? 0
  const rows = [
    ...names.map((name) => [name, ...bills.map(({ items }) => money(dollarsOf(items, name)))]),
    ['together', ...bills.map(({ items }) => money(sum(items)))],
    ['each connection', ...bills.map(({ items, connections }) => money(sum(items) / connections))],
    ['most of it', ...bills.map(({ items }) => largest(items))],
  ]
  return ['used as much each, with so many connections:', '', table(['item', ...SIZES.map(figure)], rows)].join('\n')
}

/** What bills most, in a few words. */
function largest(items: readonly Item[]): string {
  const total = sum(items)
  const [first, second] = [...items].sort((a, b) => b.dollars - a.dollars)
  const share = (item: Item | undefined) => item && `${item.name} ${((item.dollars / total) * 100).toFixed(0)} %`
  return [share(first), share(second)].filter(Boolean).join(', ')
}

function notes(): string {
  const { busyVends, quietVends, renewals } = perMillion()
  return [
    `a million more, without the front door: busy vends (one a second of each connection) ${money(busyVends)}, quiet vends (one a day) ${money(quietVends)}, renewals by sweeps ${money(renewals)}`,
    '',
    'What changes with size:',
    '  10        what there is whatever happens: metrics, keys, alarms, the dashboard',
    '  1,000     the front door and the secrets, at 0.40 $ each whether they are used or not',
    '  100,000   secrets first, then the front door or renewals. Connections of one application could share a document,',
    '            where an operator chooses so; the machine has no such choice, each connection has a secret of its own.',
    '            A process keeps 1,000 open keys: of a vendor with more connections most table vends call the key service',
    'A vend whose process has opened none of this connection within the hour calls the key service: 3 $ a million of these.',
    'A caller that keeps its token until refresh_after saves the front door too.',
    'Each method of the API that is called beside GET /tokens has metrics of its own: 1.50 $ a month of each vendor. A key',
    'costs 1 $ more a month after its first yearly rotation, and after its second. What goes wrong costs more: metrics of',
    'failures, dead letters.',
    '',
    `List prices of us-east-1, ${AS_OF}, without free tiers, taxes, data transfer and cold starts. Calls, metrics and the`,
    'stack are counted by tests; durations, notices and log lines of AWS itself are assumed (lib/cost/bill.ts), nothing was',
    'measured in an account yet.',
  ].join('\n')
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  renderTable(
    head,
    rows.map((row) => ({ cells: row.map((text) => ({ text })) })),
    {},
  ).join('\n')

const money = (dollars: number): string =>
  dollars >= 100 ? figure(Math.round(dollars)) : dollars.toFixed(dollars < 0.1 ? 4 : 2)

const figure = (quantity: number): string =>
  quantity.toLocaleString('en-US', { maximumFractionDigits: quantity < 10 ? 2 : 0 })
