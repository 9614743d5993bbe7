import { type DailyRhythm, rhythmOf } from '../../lib/local/rhythm.ts'

function daily(expression: string, timeZone = 'Etc/UTC'): DailyRhythm {
  const rhythm = rhythmOf(expression, timeZone)
  if (rhythm.every !== 'day') throw new Error(`${expression} is not daily`)
  return rhythm
}

/** The moments a rhythm comes to, one after the other. */
function moments(rhythm: DailyRhythm, from: string, count: number): string[] {
  const met: string[] = []
  for (let at = new Date(from); met.length < count; ) {
    at = rhythm.after(at)
    met.push(at.toISOString().slice(0, 16))
  }
  return met
}

describe('a daily schedule', () => {
  it('comes next today or tomorrow, and never at the moment itself again', () => {
    const morning = daily('cron(0 8 * * ? *)')
    const next = (after: string) => morning.after(new Date(after)).toISOString()
    expect(next('2026-11-20T07:59:59.999Z')).toBe('2026-11-20T08:00:00.000Z')
    expect(next('2026-11-20T08:00:00Z')).toBe('2026-11-21T08:00:00.000Z')
    expect(next('2026-12-31T23:00:00Z')).toBe('2027-01-01T08:00:00.000Z')
    expect(next('2028-02-28T12:00:00Z')).toBe('2028-02-29T08:00:00.000Z')
  })

  it('follows the clocks of its time zone, and not those of the laptop', () => {
    expect(moments(daily('cron(30 23 * * ? *)', 'America/New_York'), '2026-11-20T05:00:00Z', 1)).toEqual([
      '2026-11-21T04:30',
    ])
    expect(moments(daily('cron(0 0 * * ? *)', 'Pacific/Kiritimati'), '2026-11-20T05:00:00Z', 1)).toEqual([
      '2026-11-20T10:00',
    ])
    expect(moments(daily('cron(15 5 * * ? *)', 'Asia/Kathmandu'), '2026-11-20T00:00:00Z', 1)).toEqual([
      '2026-11-20T23:30',
    ])
  })

  it('stays at 8 o’clock in Prague when summer begins and when it ends', () => {
    const morning = daily('cron(0 8 * * ? *)', 'Europe/Prague')
    expect(moments(morning, '2027-03-26T12:00:00Z', 3)).toEqual([
      '2027-03-27T07:00',
      '2027-03-28T06:00',
      '2027-03-29T06:00',
    ])
    expect(moments(morning, '2026-10-23T12:00:00Z', 3)).toEqual([
      '2026-10-24T06:00',
      '2026-10-25T07:00',
      '2026-10-26T07:00',
    ])
  })

  it('is skipped on the day that has no such time', () => {
    expect(moments(daily('cron(30 2 * * ? *)', 'Europe/Prague'), '2027-03-26T12:00:00Z', 3)).toEqual([
      '2027-03-27T01:30',
      '2027-03-29T00:30',
      '2027-03-30T00:30',
    ])
    expect(moments(daily('cron(0 3 * * ? *)', 'Europe/Prague'), '2027-03-27T12:00:00Z', 1)).toEqual([
      '2027-03-28T01:00',
    ])
  })

  it('comes once on the day that has such a time twice', () => {
    expect(moments(daily('cron(30 2 * * ? *)', 'Europe/Prague'), '2026-10-24T12:00:00Z', 2)).toEqual([
      '2026-10-25T00:30',
      '2026-10-26T01:30',
    ])
  })
})

it('a minute schedule is known', () => {
  expect(rhythmOf('rate(1 minute)', 'UTC')).toEqual({ every: 'minute' })
})

it.each([
  'rate(1 minutes)',
  'rate(5 minutes)',
  'rate(1 day)',
  'cron(0 8 ? * MON-FRI *)',
  'cron(0 8 1 * ? *)',
  'cron(0/5 8 * * ? *)',
  'cron(0 24 * * ? *)',
  'cron(60 8 * * ? *)',
  'cron(0 8 * * ? 2027)',
  'at(2026-11-20T13:00:00)',
  '',
])('the schedule %j is refused by name', (expression) => {
  expect(() => rhythmOf(expression, 'UTC')).toThrow(`a schedule of ${expression} is not known here`)
})

it('a time zone that there is not is refused', () => {
  expect(() => rhythmOf('cron(0 8 * * ? *)', 'Europe/Atlantis')).toThrow(/time zone/i)
})
