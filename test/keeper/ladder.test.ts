import { rungAt } from '../../functions/keeper/ladder.ts'
import { DAY_SECONDS, secondsAfter } from '../../functions/kit/time.ts'

const until = new Date('2027-11-27T10:00:00Z')
const year = { since: secondsAfter(until, -365 * DAY_SECONDS), until }
const on = (day: string, hour = '08:00') => new Date(`${day}T${hour}:00Z`)

describe('the ladder', () => {
  it('has its steps at 60, 30, 14, 7, 3, 1 and 0 days, then daily for a week, then weekly', () => {
    const days = Array.from({ length: 400 }, (_, i) => secondsAfter(on('2026-11-27'), i * DAY_SECONDS))
    const steps = days.map((now) => rungAt(year, now)?.step).filter((step) => step !== undefined)
    expect([...new Set(steps)]).toEqual([
      ...[60, 30, 14, 7, 3, 1, 0],
      ...[-1, -2, -3, -4, -5, -6, -7],
      ...[-14, -21, -28],
    ])
  })

  it.each([
    ['2027-09-27', undefined],
    ['2027-09-28', 60],
    ['2027-10-27', 60],
    ['2027-10-28', 30],
    ['2027-11-13', 14],
    ['2027-11-26', 1],
    ['2027-11-27', 0],
    ['2027-11-28', -1],
    ['2027-12-04', -7],
    ['2027-12-10', -7],
    ['2027-12-11', -14],
  ])('on %s it is at step %s', (day, step) => {
    expect(rungAt(year, on(day))?.step).toBe(step)
  })

  it('counts calendar days, whatever the hour of the check and of the end', () => {
    for (const hour of ['00:00', '09:59', '10:01', '23:59'])
      expect(rungAt(year, on('2027-11-20', hour))).toMatchObject({ step: 7, daysLeft: 7 })
    const early = { ...year, until: new Date('2027-11-27T00:00:00Z') }
    expect(rungAt(early, on('2027-11-20', '23:59'))).toMatchObject({ step: 7, daysLeft: 7 })
    expect(rungAt(early, on('2027-11-21', '00:00'))).toMatchObject({ step: 7, daysLeft: 6 })
  })

  it.each([
    ['2027-11-20', '2027-11-24'],
    ['2027-11-22', '2027-11-24'],
    ['2027-11-26', '2027-11-27'],
    ['2027-11-27', '2027-11-28'],
    ['2027-11-28', '2027-11-29'],
    ['2027-12-04', '2027-12-11'],
    ['2027-12-12', '2027-12-18'],
  ])('on %s the next notice is on %s', (day, next) => {
    expect(rungAt(year, on(day))?.nextAt).toEqual(on(next, '00:00'))
  })

  it('leaves out the steps that are as long as the whole life, or longer', () => {
    const of = (days: number) => ({ since: secondsAfter(until, -days * DAY_SECONDS), until })
    expect(rungAt(of(60), on('2027-09-28', '10:00'))).toBeUndefined()
    expect(rungAt(of(61), on('2027-09-28', '10:00'))?.step).toBe(60)
    expect(rungAt(of(10), on('2027-11-17', '10:00'))).toBeUndefined()
    expect(rungAt(of(10), on('2027-11-20'))?.step).toBe(7)
    expect(rungAt(of(1 / 1440), on('2027-11-27'))?.step).toBe(0)
    expect(rungAt(of(1 / 1440), on('2027-11-28'))?.step).toBe(-1)
  })
})
