import { machineClock } from '../../lib/local/clock.ts'
import type { ScheduledCall } from '../../lib/local/deployment.ts'
import { rhythmOf } from '../../lib/local/rhythm.ts'
import { timetable } from '../../lib/local/timetable.ts'

const DAY = 24 * 3600
const NOON = '2026-11-20T12:00:00.000Z'

const renew = (functionId: string): ScheduledCall => ({
  functionId,
  event: { task: 'renew' },
  rhythm: rhythmOf('rate(1 minute)', 'UTC'),
})
const check = (functionId: string, hour = 8): ScheduledCall => ({
  functionId,
  event: { task: 'check' },
  rhythm: rhythmOf(`cron(0 ${hour} * * ? *)`, 'UTC'),
})

/** A timetable at noon, in a world where real time passes only when it is told to. */
function world(schedules: readonly ScheduledCall[], answer = async (_call: string): Promise<boolean> => true) {
  let real = Date.parse(NOON)
  const clock = machineClock(() => real)
  const calls: string[] = []
  const parts: number[] = []
  const times = timetable({
    schedules,
    clock,
    onWay: (part) => parts.push(part),
    call: ({ functionId, event }) => {
      const call = `${clock.now().toISOString().slice(0, 16)} ${functionId} ${event.task}`
      calls.push(call)
      return answer(call)
    },
  })
  return { ...times, clock, calls, parts, pass: (seconds: number) => (real += seconds * 1000) }
}

describe('a minute of real time', () => {
  it('makes the calls of the minute and no others', async () => {
    const { tick, pass, calls } = world([renew('accelo'), check('accelo'), renew('netrex')])
    pass(60)
    await tick()
    expect(calls).toEqual(['2026-11-20T12:01 accelo renew', '2026-11-20T12:01 netrex renew'])
  })

  it('brings the daily call when its moment has come, and once', async () => {
    const { tick, pass, calls } = world([check('accelo')])
    pass(20 * 3600 - 1)
    await tick()
    expect(calls).toEqual([])
    pass(1)
    await tick()
    pass(60)
    await tick()
    expect(calls).toEqual(['2026-11-21T08:00 accelo check'])
  })

  it('makes up with one call for the days that a laptop slept', async () => {
    const { tick, pass, calls } = world([renew('accelo'), check('accelo')])
    pass(5 * DAY)
    await tick()
    expect(calls).toEqual(['2026-11-25T12:00 accelo check', '2026-11-25T12:00 accelo renew'])
  })

  it('does not pile up behind calls that take long', async () => {
    const ends: (() => void)[] = []
    const { tick, calls } = world([renew('accelo')], () => new Promise((resolve) => ends.push(() => resolve(true))))
    const ticks = [tick()]
    await Promise.resolve()
    ticks.push(tick(), tick(), tick())
    expect(calls.length).toBe(1)
    ends.shift()?.()
    await ticks[0]
    await Promise.resolve()
    ends.shift()?.()
    await Promise.all(ticks)
    expect(calls.length).toBe(2)
  })
})

describe('a journey', () => {
  it('says at each stop which part of the way is done, and ends at the whole', async () => {
    const { advance, parts } = world([check('accelo')])
    await advance(4 * DAY)
    expect(parts.map((part) => Math.round(part * 24 * 4))).toEqual([20, 44, 68, 92, 96])
    expect(parts.at(-1)).toBe(1)
  })

  it('stops at each daily moment and at its end, and answers what was called', async () => {
    const { advance, calls, clock } = world([renew('accelo'), check('accelo')])
    expect(await advance(2 * DAY)).toEqual({
      from: new Date(NOON),
      to: new Date('2026-11-22T12:00:00Z'),
      steps: 3,
      fired: { check: 2, renew: 3 },
      failed: 0,
    })
    expect(calls).toEqual([
      '2026-11-21T08:00 accelo check',
      '2026-11-21T08:00 accelo renew',
      '2026-11-22T08:00 accelo check',
      '2026-11-22T08:00 accelo renew',
      '2026-11-22T12:00 accelo renew',
    ])
    expect(clock.aheadMs).toBe(2 * DAY * 1000)
  })

  it('makes the daily call when it ends on the moment, and not when it ends a second before', async () => {
    const early = world([check('accelo')])
    expect(await early.advance(20 * 3600 - 1)).toMatchObject({ steps: 1, fired: { check: 0 } })
    const exact = world([check('accelo')])
    expect(await exact.advance(20 * 3600)).toMatchObject({ fired: { check: 1 } })
    expect(await exact.advance(1)).toMatchObject({ fired: { check: 0 } })
    expect(exact.calls).toEqual(['2026-11-21T08:00 accelo check'])
  })

  it('of a year is 365 checks and not half a million renewals', async () => {
    const { advance } = world([renew('accelo'), check('accelo')])
    expect(await advance(365 * DAY)).toMatchObject({ steps: 366, fired: { check: 365, renew: 366 }, failed: 0 })
  })

  it('meets the moments of several schedules in their order', async () => {
    const { advance, calls } = world([check('accelo', 8), check('netrex', 6), check('iobeya', 8)])
    await advance(DAY)
    expect(calls).toEqual([
      '2026-11-21T06:00 netrex check',
      '2026-11-21T08:00 accelo check',
      '2026-11-21T08:00 iobeya check',
    ])
  })

  it('has the calls of one function wait for each other, and for those of no other', async () => {
    let netrexRenews = () => {}
    const netrexRenewed = new Promise<void>((resolve) => {
      netrexRenews = resolve
    })
    const schedules = [renew('accelo'), check('accelo'), renew('netrex'), check('netrex')]
    const { advance, calls } = world(schedules, async (call) => {
      if (call.endsWith('netrex renew')) netrexRenews()
      if (call.endsWith('accelo check')) await netrexRenewed
      return true
    })
    await advance(20 * 3600)
    expect(calls.map((call) => call.slice(17))).toEqual([
      'accelo check',
      'netrex check',
      'netrex renew',
      'accelo renew',
    ])
  })

  it('counts calls that failed, and goes on', async () => {
    const { advance } = world([renew('accelo'), check('accelo')], async (call) => !call.startsWith('2026-11-21'))
    expect(await advance(2 * DAY)).toMatchObject({ fired: { check: 2, renew: 3 }, failed: 2 })
  })

  it('goes after the one before it', async () => {
    const { advance, calls } = world([check('accelo')])
    const [first, second] = await Promise.all([advance(DAY), advance(DAY)])
    expect([first.to, second.from, second.to]).toEqual([
      new Date('2026-11-21T12:00:00Z'),
      new Date('2026-11-21T12:00:00Z'),
      new Date('2026-11-22T12:00:00Z'),
    ])
    expect(calls.length).toBe(2)
  })

  it('is not shortened by the real time that it takes', async () => {
    const slow = world([check('accelo')], async () => {
      slow.pass(90)
      return true
    })
    const { to, fired } = await slow.advance(2 * DAY)
    expect(slow.clock.aheadMs).toBe(2 * DAY * 1000)
    expect(to).toEqual(new Date('2026-11-22T12:03:00Z'))
    expect(fired).toEqual({ check: 2 })
  })

  it('ends when the machine stops, and calls nobody any more', async () => {
    const stopping = world([renew('accelo'), check('accelo')], async () => {
      stopping.stop()
      return true
    })
    await stopping.advance(365 * DAY)
    expect(stopping.calls).toEqual(['2026-11-21T08:00 accelo check'])
  })
})
