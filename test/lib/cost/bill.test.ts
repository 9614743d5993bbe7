import { billOf, perMillion, sharesOf, sum } from '../../../lib/cost/bill.ts'
import { cost } from '../../../lib/cost/command.ts'
import { COUNTED } from '../../../lib/cost/counted.ts'
import { read, sectionOf } from '../../support/documents.ts'

const dollars = (usage: Parameters<typeof billOf>[0], name: string) =>
  billOf(usage).find((item) => item.name === name)?.dollars
const idle = { connections: 10, vends: 0, renewals: 0 }

describe('the bill', () => {
  it('of a machine that nobody calls is its secrets, keys, alarms, dashboard and schedules', () => {
    expect(dollars(idle, 'secrets')).toBeCloseTo(4)
    expect(dollars({ ...idle, connections: 100_000 }, 'secrets')).toBeCloseTo(40_000)
    expect(dollars(idle, 'keys')).toBe(3)
    expect(dollars(idle, 'alarms')).toBeCloseTo(4.5)
    expect(dollars(idle, 'dashboard')).toBe(3)
    // Five sweeps a minute and five checks a day, at 1 $ a million.
    expect(dollars(idle, 'schedules')).toBeCloseTo(0.219, 3)
    expect(dollars(idle, 'REST API')).toBe(0)
    expect(dollars(idle, 'table writes')).toBe(0)
  })

  it('has the metrics of functions and of methods, a notice of each connection, and no dead letter', () => {
    expect(dollars(idle, 'function metrics')).toBeCloseTo(5 * 12 * 0.3)
    expect(dollars(idle, 'gateway metrics')).toBeCloseTo(5 * 5 * 0.3)
    // A mail, a message, an event, and two calls for the key of the topic.
    expect(dollars({ ...idle, connections: 1000 }, 'notices')).toBeCloseTo(1000 * (20 + 0.5 + 1 + 6) * 1e-6)
    expect(dollars(idle, 'dead letters')).toBe(0)
  })

  it('has what DynamoDB asks of the table’s key, every 5 minutes for each function', () => {
    expect(dollars(idle, 'key calls of the table')).toBeCloseTo(((5 * 12 * 24 * 365) / 12) * 3e-6)
  })

  it('has a GB that is stored as often as months it is kept, compressed', () => {
    const usage = { ...idle, vends: 10_000_000 }
    const [written, kept] = ['access log', 'stored access log'].map((name) =>
      billOf(usage).find((item) => item.name === name),
    )
    expect((kept?.quantity ?? 0) / (written?.quantity ?? 1)).toBeCloseTo((400 / (365 / 12)) * 0.15)
    expect([written?.door, kept?.door]).toEqual([true, true])
  })

  it('has the steps of the REST API: 333 million at the first price, what is beyond at the next', () => {
    expect(dollars({ ...idle, vends: 1_000_000 }, 'REST API')).toBeCloseTo(3.5)
    expect(dollars({ ...idle, vends: 400_000_000 }, 'REST API')).toBeCloseTo(333 * 3.5 + 67 * 2.8)
    expect(dollars({ ...idle, vends: 21_000_000_000 }, 'REST API')).toBeCloseTo(
      333 * 3.5 + 667 * 2.8 + 19_000 * 2.38 + 1000 * 1.51,
    )
  })

  it('has what the counting tests say of a renewal', () => {
    const { renewal } = COUNTED
    const calls =
      renewal.readUnits * 0.125 + renewal.writeUnits * 0.625 + renewal.keyCalls * 3 + renewal.secretCalls * 5
    const { renewals } = perMillion()
    expect(renewals).toBeGreaterThan(calls)
    // The function's time and its lines.
    expect(renewals).toBeLessThan(calls + 2)
  })

  it('rises with each member of the usage', () => {
    const usage = { connections: 10, vends: 1000, renewals: 1 }
    for (const more of [{ connections: 11 }, { vends: 2000 }, { renewals: 2 }])
      expect(sum(billOf({ ...usage, ...more }))).toBeGreaterThan(sum(billOf(usage)))
  })
})

describe('of all vends', () => {
  const month = (365 / 12) * 24 * 3600

  it('nearly all open a key where a connection is called once a day, nearly none where it is called each second', () => {
    expect(sharesOf({ connections: 10, vends: 10 * 30 }).quiet).toBeGreaterThan(0.95)
    const busy = sharesOf({ connections: 10, vends: 10 * month })
    expect(busy.quiet).toBeLessThan(0.01)
    // One look-up, and five more vends in the five seconds after it.
    expect(busy.table).toBeCloseTo(1 / 6)
  })

  it('most open a key where a vendor has more connections than a process keeps keys', () => {
    expect(sharesOf({ connections: 100_000, vends: 100_000 * month * 0.1 }).quiet).toBeGreaterThan(0.6)
  })
})

describe('npm run cost', () => {
  const run = (...parameters: string[]) => {
    const [out, said] = [[] as string[], [] as string[]]
    const code = cost(parameters, { out: (line) => out.push(line), say: (line) => said.push(line) })
    return { code, out: out.join('\n'), said }
  }

  it('prints the bill by item, and that of 10, 1,000 and 100,000 connections', () => {
    const { code, out, said } = run('--connections', '20', '--vends', '1.5M', '--renewals', '24')
    expect([code, said]).toEqual([0, []])
    expect(out).toMatch(/^20 connections, 1,500,000 vends a month, 24 renewals a day each: /)
    expect(out).toMatch(/secrets +20 secrets +8\.00/)
    expect(out).toMatch(/secrets +4\.00 +400 +40,000/)
  })

  it.each([
    [['--vends', '1X'], 'cost: --vends 1X is no amount; write 250000, 10k or 1M'],
    [['--vends', ''], 'cost: --vends  is no amount; write 250000, 10k or 1M'],
    [['--connections', '0'], 'cost: --connections 0 is no whole number from 1 on, like 10 or 1k'],
    [['--connections', '1.5'], 'cost: --connections 1.5 is no whole number from 1 on, like 10 or 1k'],
    [['--renewals', '1441'], 'cost: --renewals 1441 is no number from 0 to 1440 a day, like 24 for a token that lives'],
    [['--renewals', 'x'], 'cost: --renewals x is no number'],
    [['--what'], "cost: Unknown option '--what'"],
    [['10'], 'cost: Unexpected argument'],
  ])('refuses %j in one line that says what to write', (parameters, line) => {
    const { code, out, said } = run(...parameters)
    expect([code, out, said.length]).toEqual([2, '', 1])
    expect(said[0]).toContain(line)
    expect(said[0]).not.toContain('\n')
  })

  it('takes the largest values that it names', () => {
    expect(run('--connections', '1k', '--renewals', '1440', '--vends', '0').code).toBe(0)
  })
})

it('the reference has the bill of 10 connections as it is, each item of 10 cents and more, and the others together', () => {
  const section = sectionOf(read('lib/README.md'), 'What it costs')
  const rows = [...section.matchAll(/^\| ([A-Za-z ]+) \| ([\d.,]+) ([\w-]+) \|.*\| ([\d.]+) \|$/gm)]
  const items = billOf({ connections: 10, vends: 1_000_000, renewals: 24 })
  const named = items.filter((item) => item.dollars >= 0.1)
  const digits = (quantity: number) => ({ maximumFractionDigits: quantity < 10 ? 2 : 0 })
  expect(rows.map(([, ...cells]) => cells)).toEqual(
    named.map(({ name, quantity, unit, dollars }) => [
      ...[name, quantity.toLocaleString('en-US', digits(quantity)), unit, dollars.toFixed(2)],
    ]),
  )
  const rest = items.filter((item) => !named.includes(item))
  expect(/^\| all others \|.*\| ([\d.]+) \|$/m.exec(section)?.[1]).toBe(sum(rest).toFixed(2))
})
