import { vend } from '../../functions/core/vend.ts'
import { issueIobeyaToken } from '../../functions/iobeya/simulator.ts'
import { iobeya } from '../../functions/iobeya/vendor.ts'
import { checkAll } from '../../functions/keeper/check.ts'
import { DAY_SECONDS } from '../../functions/kit/time.ts'
import { simulatedVendors } from '../support/simulated-vendors.ts'
import { world } from '../support/world.ts'

const api_url = 'https://acme.api.iobeya.com'
/** The day of the check, and of the end, are counted from the day on which the token was made. */
const LADDER = [...[60, 30, 14, 7, 3, 1, 0], ...[-1, -2, -3, -4, -5, -6, -7], ...[-14, -21, -28]]

/** The machine of one iObeya connection whose token was made today, for a year. */
function machine() {
  const w = world()
  const { clock, secrets } = w
  const vendors = simulatedVendors(clock.now)
  const process = () => ({ ...w.process(), http: vendors.http })
  const connection = { vendor: iobeya, name: 'main' }
  const store = (token: string) => secrets.replace('iobeya/main', { token, api_url })
  store(issueIobeyaToken(365, clock.now()))
  return {
    ...w,
    ...vendors,
    ask: () => vend({ connection, minTtlSeconds: 0 }, process()),
    check: () => checkAll(iobeya, { ...w.processFor(20), http: vendors.http }),
    /** A person makes a new token at iObeya and stores it. */
    rotate: (days = 365) => {
      const token = issueIobeyaToken(days, clock.now())
      store(token)
      return token
    },
    steps: () => w.notices.flatMap((notice) => ('step' in notice ? [notice.step] : [])),
    kinds: () => w.notices.map(({ kind }) => kind),
  }
}

/** A plain generator of numbers from 0 to 1, the same for the same seed (mulberry32). */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

describe('a year of an iObeya token', () => {
  it('is notified of by exactly the ladder, when the daily check never misses', async () => {
    const { check, ask, clock, steps, notices } = machine()
    await ask()
    for (let day = 1; day <= 365 + 28; day++) {
      clock.advance(DAY_SECONDS)
      await check()
    }
    expect(steps()).toEqual(LADDER)
    expect(notices.map(({ kind }) => kind)).toEqual([
      ...Array.from({ length: 6 }, () => 'expiring'),
      // At the hour of this check its last day is half over, and so is the token.
      ...Array.from({ length: 11 }, () => 'expired'),
    ])
  })

  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'is notified of by the tightest step that is due, once, with days missed and runs doubled (seed %i)',
    async (seed) => {
      const { check, ask, clock, steps } = machine()
      const chance = random(seed)
      await ask()
      const due: number[] = []
      for (let day = 1; day <= 365 + 28; day++) {
        clock.advance(DAY_SECONDS)
        if (chance() < 0.4) continue
        const left = 365 - day
        const step = LADDER.findLast((each) => (left < 0 ? each >= left && each < 0 : each >= left))
        if (step !== undefined && !due.includes(step)) due.push(step)
        await Promise.all(Array.from({ length: chance() < 0.5 ? 1 : 3 }, () => check()))
      }
      expect(steps()).toEqual(due)
      expect(due.length).toBeGreaterThan(8)
    },
  )

  it('begins its ladder anew after a rotation', async () => {
    const { check, ask, clock, steps, rotate, kinds, notices } = machine()
    await ask()
    for (let day = 1; day <= 355; day++) {
      clock.advance(DAY_SECONDS)
      await check()
    }
    expect(steps()).toEqual([60, 30, 14])
    rotate()
    await check()
    expect(kinds().slice(3)).toEqual(['rotated'])
    notices.length = 0
    for (let day = 1; day <= 365; day++) {
      clock.advance(DAY_SECONDS)
      await check()
    }
    expect(steps()).toEqual([60, 30, 14, 7, 3, 1, 0])
  })

  it('does not stop its ladder for a new token that fails its live check, and serves the old one to its end', async () => {
    const { check, ask, clock, steps, rotate, revoke, kinds } = machine()
    await ask()
    clock.advance(340 * DAY_SECONDS)
    await check()
    revoke('iobeya', rotate())
    for (let day = 341; day <= 372; day++) {
      await check()
      if (day < 365) expect((await ask()).warnings.map(({ code }) => code)).toContain('not_replaced')
      clock.advance(DAY_SECONDS)
    }
    expect(steps()).toEqual([30, 14, 7, 3, 1, 0, -1, -2, -3, -4, -5, -6])
    expect(kinds().filter((kind) => kind === 'credentials_refused')).toHaveLength(1)
    await expect(ask()).rejects.toMatchObject({ code: 'credential_expired' })
    rotate()
    await check()
    expect(kinds().slice(-2)).toEqual(['recovered', 'rotated'])
    expect((await ask()).source).toBe('cache')
  })

  it('goes on for a new token that ends no later than the old one', async () => {
    const { check, ask, clock, steps, rotate } = machine()
    await ask()
    clock.advance(350 * DAY_SECONDS)
    await check()
    rotate(15)
    for (let day = 350; day <= 365; day++) {
      await check()
      clock.advance(DAY_SECONDS)
    }
    expect(steps()).toEqual([30, 14, 7, 3, 1, 0])
  })

  it('is checked with one call a day', async () => {
    const { check, ask, clock, calls } = machine()
    await ask()
    for (let day = 1; day <= 100; day++) {
      clock.advance(DAY_SECONDS)
      await check()
      await ask()
    }
    expect(calls.map(({ path }) => path)).toEqual(Array.from({ length: 101 }, () => '/v1/rooms'))
  })
})
