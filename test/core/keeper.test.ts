import { change } from '../../functions/core/connections.ts'
import { renewDue } from '../../functions/core/keeper.ts'
import { secondsAfter } from '../../functions/core/token.ts'
import { vend } from '../../functions/core/vend.ts'
import type { Vendor } from '../../functions/core/vendor.ts'
import { fakeVendor, gives, refuses, type Script, world } from '../world.ts'

const HOUR = 3600
const DAY = 24 * HOUR

/** A machine whose schedule runs each minute. */
function kept(options: Parameters<typeof fakeVendor>[0] = {}) {
  const w = world()
  const fake = fakeVendor(options)
  const sweep = (vendor: Vendor = fake.vendor) => renewDue(vendor, w.process(), secondsAfter(w.clock.now(), 20))
  const ask = (connection = 'hq') => vend({ vendor: fake.vendor, connection, minTtlSeconds: 0 }, w.process())
  const toRefresh = async () => {
    const { refreshAt } = (await ask()).token
    w.clock.advance((refreshAt.getTime() - w.clock.now().getTime()) / 1000)
  }
  return { ...w, ...fake, sweep, ask, toRefresh }
}

describe('the keeper', () => {
  it('renews a token when it is due, so that the next caller waits for nobody', async () => {
    const { sweep, ask, toRefresh, clock, calls } = kept()
    await toRefresh()
    clock.advance(-1)
    expect(await sweep()).toEqual({ due: 0, renewed: 0, failed: 0 })
    clock.advance(1)
    expect(await sweep()).toEqual({ due: 1, renewed: 1, failed: 0 })
    expect((await ask()).source).toBe('cache')
    expect(calls).toHaveLength(2)
    expect((await sweep()).due).toBe(0)
  })

  it('makes one vendor call when two run at once', async () => {
    const { sweep, toRefresh, calls, will, clock } = kept()
    await toRefresh()
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
    const { toRefresh, process, vendor, clock, calls } = kept()
    await toRefresh()
    expect(await renewDue(vendor, process(), secondsAfter(clock.now(), 17))).toEqual({ due: 1, renewed: 0, failed: 0 })
    expect(calls).toHaveLength(1)
  })

  it('leaves a failing vendor alone for a minute, and refused credentials for an hour', async () => {
    const { sweep, toRefresh, will, clock } = kept()
    await toRefresh()
    will(refuses('vendor_throttled', 'wait', { retryAfterSeconds: 10 }))
    expect(await sweep()).toEqual({ due: 1, renewed: 0, failed: 1 })
    clock.advance(59)
    expect((await sweep()).due).toBe(0)
    clock.advance(HOUR)
    will(refuses('credential_rejected', 'no'))
    expect(await sweep()).toEqual({ due: 1, renewed: 0, failed: 1 })
    clock.advance(HOUR - 1)
    expect((await sweep()).due).toBe(0)
    clock.advance(1)
    expect((await sweep()).due).toBe(1)
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
    expect(await sweep()).toEqual({ due: 3, renewed: 2, failed: 1 })
  })

  it('lets rest what nobody has asked for in 14 days, unless it is kept warm, and takes it up again when asked', async () => {
    const policy = { maxLifeSeconds: 100 * DAY }
    const { sweep, ask, clock, vendor, process, calls } = kept({ policy, script: gives({ lifeSeconds: 20 * DAY }) })
    await ask()
    clock.advance(19 * DAY)
    expect(await sweep()).toEqual({ due: 1, renewed: 0, failed: 0 })
    expect((await sweep()).due).toBe(0)
    clock.advance(DAY)
    expect((await ask()).source).toBe('vendor')
    await change({ vendor, connection: 'hq' }, { keep_warm: true }, process())
    clock.advance(18 * DAY)
    expect(await sweep()).toEqual({ due: 1, renewed: 1, failed: 0 })
    expect(calls).toHaveLength(3)
  })

  it('never lets a grant rest, which would die of it', async () => {
    const policy = { rotates: true, maxLifeSeconds: 100 * DAY } as const
    const { sweep, ask, clock } = kept({ policy, script: gives({ lifeSeconds: 20 * DAY, refreshToken: 'r' }) })
    await ask()
    clock.advance(19 * DAY)
    expect(await sweep()).toEqual({ due: 1, renewed: 1, failed: 0 })
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

  it('passes over a disabled connection and a dead grant', async () => {
    const { sweep, toRefresh, store, calls } = kept()
    await toRefresh()
    await store.setStatus('acme#hq', 'disabled')
    expect(await sweep()).toEqual({ due: 1, renewed: 0, failed: 0 })
    expect((await sweep()).due).toBe(0)
    expect(calls).toHaveLength(1)
  })
})

it('a day of 200 connections that are kept: every token is fresh at every minute, with one vendor call for each life', async () => {
  const { clock, secrets, sweep, ask, store, calls } = kept()
  const names = Array.from({ length: 200 }, (_, i) => `site-${i}`)
  for (const name of names) {
    secrets.replace(`acme/${name}`, { password: name })
    await ask(name)
  }
  const atOnce = calls.length
  expect(atOnce).toBe(200)
  const perMinute: number[] = []
  for (let minute = 1; minute <= 24 * 60; minute++) {
    clock.advance(60)
    const before = calls.length
    await sweep()
    perMinute.push(calls.length - before)
    for (const name of names) {
      const { token } = await store.read(`acme#${name}`)
      const left = token ? (token.accessToken.expiresAt.getTime() - clock.now().getTime()) / 1000 : 0
      // Of an hour the last 15 to 25 % are ageing; a sweep a minute renews within the first of them.
      expect(left).toBeGreaterThan(HOUR * 0.15 - 61)
    }
  }
  const lives = calls.reduce<Record<string, Date[]>>((sum, { password, at }) => {
    sum[password] = [...(sum[password] ?? []), at]
    return sum
  }, {})
  for (const times of Object.values(lives)) {
    const between = times.slice(1).map((at, i) => (at.getTime() - (times[i]?.getTime() ?? 0)) / 1000)
    expect(Math.min(...between)).toBeGreaterThanOrEqual(HOUR * 0.75)
    expect(Math.max(...between)).toBeLessThanOrEqual(HOUR * 0.85 + 60)
  }
  // Made at one moment, they are renewed over six minutes the first time.
  expect(Math.max(...perMinute.slice(0, 60))).toBeLessThan(200 / 4)
}, 60_000)
