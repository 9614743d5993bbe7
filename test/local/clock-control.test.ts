import { machineClock } from '../../lib/local/clock.ts'
import { clockControl } from '../../lib/local/clock-control.ts'
import type { ScheduledCall } from '../../lib/local/deployment.ts'
import type { Loopback } from '../../lib/local/loopback.ts'
import type { MailSent } from '../../lib/local/notice-board.ts'
import { rhythmOf } from '../../lib/local/rhythm.ts'
import { startSimulators } from '../../lib/local/simulators.ts'
import { timetable } from '../../lib/local/timetable.ts'
import { control as controlOf } from '../support/control.ts'
import { jsonOf } from './json.ts'

const schedules: readonly ScheduledCall[] = [
  { functionId: 'iobeya', event: { task: 'renew' }, rhythm: rhythmOf('rate(1 minute)', 'UTC') },
  { functionId: 'iobeya', event: { task: 'check' }, rhythm: rhythmOf('cron(0 8 * * ? *)', 'UTC') },
]
let simulators: Loopback
let mails: MailSent[]

beforeEach(async () => {
  const clock = machineClock(() => Date.parse('2026-11-20T12:00:00Z'))
  mails = [{ at: clock.now(), subject: 'before it began' }]
  const call = async ({ event }: ScheduledCall) => {
    if (event.task === 'check') mails.push({ at: clock.now(), subject: `checked on ${clock.now().getUTCDate()}` })
    return true
  }
  const controlled = { clock, timetable: timetable({ schedules, clock, call }), mails }
  simulators = await startSimulators({ port: 0, now: clock.now, clock: clockControl(controlled) })
})
afterEach(() => simulators.close())

const control = (method = 'GET', body?: string) => controlOf(simulators.url, 'clock', method, body)
const advance = (by: string) => control('POST', JSON.stringify({ advance: by }))

describe('the clock', () => {
  it('tells the time, and how far ahead it is', async () => {
    expect(await jsonOf(control())).toEqual({ now: '2026-11-20T12:00:00Z', ahead_seconds: 0 })
    await advance('90s')
    expect(await jsonOf(control())).toEqual({ now: '2026-11-20T12:01:30Z', ahead_seconds: 90 })
  })

  it('is moved, and answers what was called and mailed on the way', async () => {
    expect(await jsonOf(advance('2d'))).toEqual({
      now: '2026-11-22T12:00:00Z',
      advanced_seconds: 172_800,
      steps: 3,
      fired: { renew: 3, check: 2 },
      failed: 0,
      notices: [
        { at: '2026-11-21T08:00:00Z', subject: 'checked on 21' },
        { at: '2026-11-22T08:00:00Z', subject: 'checked on 22' },
      ],
      note: expect.stringContaining('once a step'),
    })
    expect(await jsonOf(advance('1s'))).toMatchObject({ fired: { renew: 1, check: 0 }, notices: [] })
  })

  it.each([
    ['1s', 1],
    ['10m', 600],
    ['12h', 43_200],
    ['30d', 2_592_000],
    ['1y', 31_536_000],
    ['5y', 157_680_000],
  ])('moves by %s', async (by, seconds) => {
    expect(await jsonOf(advance(by))).toMatchObject({ advanced_seconds: seconds })
  })

  it.each(['', '{', '{}', '[]', '{"advance":30}', '{"advance":"30d","back":true}', '{"advance":null}'])(
    'refuses the body %s and says what to send',
    async (body) => {
      const answer = await control('POST', body)
      expect(answer.status).toBe(400)
      expect(answer.headers.get('content-type')).toBe('application/problem+json')
      expect(await jsonOf(answer)).toMatchObject({ detail: expect.stringMatching(/"advance": "30d".*forward only/) })
    },
  )

  it.each(['-1d', '0s', '30', 'd', '1.5h', '1w', ' 1d', '1d ', '6y', '1826d', '9999999999s'])(
    'refuses to move by %j, and stays where it is',
    async (by) => {
      expect((await advance(by)).status).toBe(400)
      expect(await jsonOf(control())).toMatchObject({ ahead_seconds: 0 })
    },
  )

  it('is neither deleted nor a vendor', async () => {
    expect((await control('DELETE')).status).toBe(405)
    const listed = await jsonOf<{ vendors: readonly string[] }>(fetch(`${simulators.url}/_control`))
    expect(listed.vendors).not.toContain('clock')
  })

  it('is there only where a machine has one', async () => {
    const alone = await startSimulators({ port: 0 })
    const answer = await fetch(`${alone.url}/_control/clock`)
    await alone.close()
    expect(answer.status).toBe(404)
  })

  it('is the one that vendors answer by', async () => {
    await advance('30d')
    const { headers } = await fetch(`${simulators.url}/acme.api.iobeya.com/v1/rooms`)
    expect(headers.get('date')).toBe('Sun, 20 Dec 2026 12:00:00 GMT')
  })
})

it('a clock refuses to go back', () => {
  const clock = machineClock()
  clock.advance(0)
  expect(() => clock.advance(-1)).toThrow(/forward only/)
  expect(() => clock.advance(Number.NaN)).toThrow(/forward only/)
  expect(clock.aheadMs).toBe(0)
})
