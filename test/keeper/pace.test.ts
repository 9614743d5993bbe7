import { paceFrom } from '../../functions/keeper/pace.ts'
import { stillClock } from '../support/world.ts'

describe('the pace of a sweep', () => {
  it.each([
    ['four side by side for a few', 10, 4],
    ['as many as have them done in a quarter of a minute', 300, 10],
    ['64 at most', 10_000, 64],
    ['64 while nobody knows how many wait', Number.POSITIVE_INFINITY, 64],
  ])('is %s', (_, waiting, lanes) => {
    expect(paceFrom(stillClock()).lanes(waiting)).toBe(lanes)
  })

  it('follows the time that its renewals take', async () => {
    const clock = stillClock()
    const pace = paceFrom(clock)
    const before = pace.lanes(300)
    for (let i = 0; i < 10; i++) await pace.measured(clock.sleep(0.1))
    expect(pace.lanes(300)).toBeLessThan(before)
    await Promise.all(Array.from({ length: 20 }, () => pace.measured(clock.sleep(4))))
    expect(pace.lanes(300)).toBeGreaterThan(3 * before)
  })

  it('takes more side by side as its quarter of the minute ends, so that the last ones do not trail behind', () => {
    const clock = stillClock()
    const pace = paceFrom(clock)
    expect(pace.lanes(120)).toBe(4)
    clock.advance(10)
    expect(pace.lanes(120)).toBe(12)
    clock.advance(10)
    expect(pace.lanes(120)).toBe(60)
  })

  it('ends 55 s after it began', () => {
    const clock = stillClock()
    const pace = paceFrom(clock)
    clock.advance(54.999)
    expect(pace.isOver()).toBe(false)
    clock.advance(0.001)
    expect(pace.isOver()).toBe(true)
  })
})
