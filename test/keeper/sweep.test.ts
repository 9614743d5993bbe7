import { change } from '../../functions/api/connections.ts'
import { dueAt, secondsAfter, secondsBetween } from '../../functions/core/token.ts'
import { vend } from '../../functions/core/vend.ts'
import type { Vendor } from '../../functions/core/vendor.ts'
import { renewDue } from '../../functions/keeper/sweep.ts'
import { brokenStore, fakeVendor, gives, refuses, type Script, world } from '../support/world.ts'

const HOUR = 3600
const DAY = 24 * HOUR

/** A machine whose schedule runs each minute. */
function kept(options: Parameters<typeof fakeVendor>[0] = {}) {
  const w = world()
  const fake = fakeVendor(options)
  const sweep = (vendor: Vendor = fake.vendor) =>
    renewDue(vendor, w.process(), secondsAfter(w.clock.now(), vendor.tokens.rotates ? 28 : 20))
  const ask = (connection = 'hq') => vend({ vendor: fake.vendor, connection, minTtlSeconds: 0 }, w.process())
  /** To the moment at which the keeper, but no caller yet, wants it renewed. */
  const toDue = async () => {
    const due = dueAt((await ask()).token)
    w.clock.advance(secondsBetween(w.clock.now(), due))
  }
  return { ...w, ...fake, sweep, ask, toDue }
}

describe('the keeper', () => {
  it('renews a token when it is due, so that the next caller waits for nobody', async () => {
    const { sweep, ask, toDue, clock, calls } = kept()
    await toDue()
    clock.advance(-1)
    expect(await sweep()).toEqual({ due: 0, renewed: 0, failed: 0, left: 0 })
    clock.advance(1)
    expect(await sweep()).toEqual({ due: 1, renewed: 1, failed: 0, left: 0 })
    expect((await ask()).source).toBe('cache')
    expect(calls).toHaveLength(2)
    expect((await sweep()).due).toBe(0)
  })

  it('makes one vendor call when two run at once', async () => {
    const { sweep, toDue, calls, will, clock } = kept()
    await toDue()
    const slow: Script = async (...given) => {
      await clock.sleep(0.3)
      return gives({})(...given)
    }
    will(slow)
    const [one, two] = await Promise.all([sweep(), sweep()])
    expect(one.renewed + two.renewed).toBe(1)
    expect(calls).toHaveLength(2)
  })

  it('begins nothing that could not end in the time left', async () => {
    const { toDue, process, vendor, clock, calls } = kept()
    await toDue()
    expect(await renewDue(vendor, process(), secondsAfter(clock.now(), 13))).toEqual({
      due: 1,
      renewed: 0,
      failed: 0,
      left: 1,
    })
    expect(calls).toHaveLength(1)
  })

  it('leaves a failing vendor alone for a minute, and refused credentials for an hour', async () => {
    const { sweep, toDue, will, clock } = kept()
    await toDue()
    will(refuses('vendor_throttled', 'wait', { retryAfterSeconds: 10 }))
    expect(await sweep()).toEqual({ due: 1, renewed: 0, failed: 1, left: 0 })
    clock.advance(59)
    expect((await sweep()).due).toBe(0)
    clock.advance(HOUR)
    will(refuses('credential_rejected', 'no'))
    expect(await sweep()).toEqual({ due: 1, renewed: 0, failed: 1, left: 0 })
    clock.advance(HOUR - 1)
    expect((await sweep()).due).toBe(0)
    clock.advance(1)
    // It is known by now, and nothing was tried.
    expect(await sweep()).toEqual({ due: 1, renewed: 0, failed: 0, left: 0 })
  })

  it('tries a vendor that goes on failing every five minutes', async () => {
    const { sweep, toDue, will, clock, calls } = kept()
    await toDue()
    will(refuses('vendor_unavailable', 'down', { retryAfterSeconds: 1 }))
    const before = calls.length
    for (let minute = 0; minute < 60; minute++) {
      await sweep()
      clock.advance(60)
    }
    // After 1, 2, 3 and 4 minutes, and then every 5.
    expect(calls.length - before).toBe(14)
  })

  it('does not stop at one that fails', async () => {
    const { sweep, secrets, ask, clock, will } = kept()
    for (const name of ['a', 'b', 'c']) {
      secrets.replace(`acme/${name}`, { password: name })
      await ask(name)
    }
    clock.advance(HOUR - 60)
    let calls = 0
    will((...given) => {
      calls += 1
      return calls === 1 ? refuses('vendor_malformed', 'nonsense')(...given) : gives({})(...given)
    })
    expect(await sweep()).toEqual({ due: 3, renewed: 2, failed: 1, left: 0 })
  })

  it('lets rest what nobody has asked for in 14 days, unless it is kept warm, and takes it up again when asked', async () => {
    const policy = { maxLifeSeconds: 100 * DAY }
    const { sweep, ask, clock, vendor, process, calls } = kept({ policy, script: gives({ lifeSeconds: 20 * DAY }) })
    await ask()
    clock.advance(19 * DAY)
    expect(await sweep()).toEqual({ due: 1, renewed: 0, failed: 0, left: 0 })
    expect((await sweep()).due).toBe(0)
    clock.advance(DAY)
    expect((await ask()).source).toBe('vendor')
    await change({ vendor, connection: 'hq' }, { by: 'ann', keep_warm: true }, process())
    clock.advance(18 * DAY)
    expect(await sweep()).toEqual({ due: 1, renewed: 1, failed: 0, left: 0 })
    expect(calls).toHaveLength(3)
  })

  it('lets rest after as many days as the deployment says, and tokens in memory after two at most', async () => {
    const policy = { maxLifeSeconds: 100 * DAY }
    for (const [keep, days, due] of [
      ['table', 3, 0],
      ['table', 30, 1],
      ['memory', 30, 0],
    ] as const) {
      const m = kept({ policy: { ...policy, keep }, script: gives({ lifeSeconds: 20 * DAY }) })
      await m.ask()
      m.clock.advance(19 * DAY)
      const process = { ...m.process(), restAfterDays: days }
      expect((await renewDue(m.vendor, process, secondsAfter(m.clock.now(), 20))).renewed).toBe(due)
    }
  })

  it('never lets a grant rest, which would die of it', async () => {
    const policy = { rotates: true, maxLifeSeconds: 100 * DAY } as const
    const { sweep, ask, clock } = kept({ policy, script: gives({ lifeSeconds: 20 * DAY, refreshToken: 'r' }) })
    await ask()
    clock.advance(19 * DAY)
    expect(await sweep()).toEqual({ due: 1, renewed: 1, failed: 0, left: 0 })
  })

  it('does not count its own calls as somebody asking', async () => {
    const { sweep, ask, clock, store } = kept()
    await ask()
    await ask()
    const { askedAt } = (await store.read('acme#hq')).state
    clock.advance(2 * DAY)
    await sweep()
    expect((await store.read('acme#hq')).state.askedAt).toEqual(askedAt)
  })

  it('takes up again what rests when it is enabled or kept warm, before anybody asks', async () => {
    const { sweep, toDue, vendor, process, clock } = kept()
    const alter = (body: object) => change({ vendor, connection: 'hq' }, { by: 'ann', ...body }, process())
    await toDue()
    await alter({ status: 'disabled' })
    expect((await sweep()).renewed).toBe(0)
    await alter({ status: 'active' })
    expect((await sweep()).renewed).toBe(1)
    clock.advance(30 * DAY)
    expect((await sweep()).renewed).toBe(0)
    await alter({ keep_warm: true })
    expect((await sweep()).renewed).toBe(1)
  })

  it('passes over a disabled connection and a dead grant', async () => {
    const { sweep, toDue, store, calls } = kept()
    await toDue()
    await store.setStatus('acme#hq', 'disabled')
    expect(await sweep()).toEqual({ due: 1, renewed: 0, failed: 0, left: 0 })
    expect((await sweep()).due).toBe(0)
    expect(calls).toHaveLength(1)
  })
})

it('spreads the renewals of 1,000 tokens that were obtained together: never more than 2 % of them in one second', async () => {
  const { clock, secrets, sweep, ask, calls } = kept()
  const names = Array.from({ length: 1000 }, (_, i) => `site-${i}`)
  for (const name of names) secrets.replace(`acme/${name}`, { password: name })
  for (const name of names) await ask(name)
  const madeAt = clock.now()
  calls.length = 0
  for (let minute = 1; minute <= 4 * 60; minute++) {
    clock.advance(Math.max(0, secondsBetween(clock.now(), secondsAfter(madeAt, minute * 60))))
    await sweep()
  }
  const perSecond = new Map<number, number>()
  for (const { at } of calls) {
    const second = Math.floor(at.getTime() / 1000)
    perSecond.set(second, (perSecond.get(second) ?? 0) + 1)
  }
  expect(calls.length).toBeGreaterThan(4000)
  expect(Math.max(...perSecond.values())).toBeLessThanOrEqual(20)
}, 60_000)

describe('the health of sweeps', () => {
  /** Nobody hears of it in the first ten minutes; then one notice, and one when it is over. */
  it('is told of once when they leave work undone for ten minutes, and once when they do not any more', async () => {
    const { toDue, process, vendor, clock, notices } = kept()
    await toDue()
    const cramped = () => renewDue(vendor, process(), secondsAfter(clock.now(), 10))
    for (let minute = 0; minute < 10; minute++) {
      expect((await cramped()).left).toBe(1)
      clock.advance(60)
    }
    expect(notices).toEqual([])
    for (let minute = 0; minute < 30; minute++) {
      await cramped()
      clock.advance(60)
    }
    const detail = '1 renewals were due and could not be begun in time'
    expect(notices).toMatchObject([{ kind: 'sweep_failing', vendor: 'acme', title: 'Acme', detail }])
    await renewDue(vendor, process(), secondsAfter(clock.now(), 20))
    await renewDue(vendor, process(), secondsAfter(clock.now(), 20))
    expect(notices).toMatchObject([{}, { kind: 'recovered', was: 'sweep_failing' }])
    expect(notices).toHaveLength(2)
  })

  it('is not doubted for a sweep that broke and the next that went well', async () => {
    const { toDue, process, vendor, clock, notices, store } = kept()
    await toDue()
    for (let minute = 0; minute < 30; minute++) {
      const broken = { ...process(), store: brokenStore(store, 'due') }
      await expect(renewDue(vendor, broken, secondsAfter(clock.now(), 20))).rejects.toMatchObject({
        code: 'store_unavailable',
      })
      clock.advance(30)
      await renewDue(vendor, process(), secondsAfter(clock.now(), 20))
      clock.advance(30)
    }
    expect(notices).toEqual([])
  })
})
