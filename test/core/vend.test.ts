import { disable, revoke } from '../../functions/api/revoke.ts'
import type { Vended } from '../../functions/core/request.ts'
import type { Runtime } from '../../functions/core/runtime.ts'
import { vend } from '../../functions/core/vend.ts'
import type { VendingError } from '../../functions/kit/errors.ts'
import { secondsAfter, secondsBetween } from '../../functions/kit/time.ts'
import type { Vendor } from '../../functions/kit/vendor.ts'
import { figure } from '../support/figure.ts'
import { happensAfter, happensBefore } from '../support/ports.ts'
import { broken, fakeVendor, gives, refuses, type Script, The, world } from '../support/world.ts'

const HOUR = 3600

const hq = (vendor: Vendor) => ({ vendor, name: The.connection })
const wanted = (vendor: Vendor, minTtlSeconds = 0) => ({ connection: hq(vendor), minTtlSeconds })
const other = (vendor: Vendor) => ({ connection: { vendor, name: 'other' }, minTtlSeconds: 0 })
const tokenOf = ({ token }: Vended) => token.accessToken.value.reveal()
const get = async (vendor: Vendor, runtime: Runtime, minTtlSeconds = 0) =>
  tokenOf(await vend(wanted(vendor, minTtlSeconds), runtime))
const takes =
  (seconds: number, clock: { sleep: (seconds: number) => Promise<void> }, script: Script): Script =>
  async (...args) => {
    await clock.sleep(seconds)
    return script(...args)
  }

describe('a token in its prime', () => {
  it('is obtained once and then served from memory and table', async () => {
    const { process } = world()
    const { vendor, calls } = fakeVendor()
    const first = process()
    expect((await vend(wanted(vendor), first)).source).toBe('vendor')
    expect((await vend(wanted(vendor), first)).source).toBe('cache')
    expect(await get(vendor, process())).toBe('t1')
    expect(calls).toHaveLength(1)
  })

  it('is served from memory for less than 5 seconds, then the table is read again', async () => {
    const { process, clock, tokens } = world()
    const { vendor } = fakeVendor()
    const one = process()
    await get(vendor, one)
    await tokens.stop(hq(vendor), { kind: 'revoke' })
    clock.advance(4.999)
    expect(await get(vendor, one)).toBe('t1')
    clock.advance(0.001)
    expect(await get(vendor, one)).toBe('t2')
  })

  it('counts its life from before the request was sent', async () => {
    const { process, clock } = world()
    const { vendor } = fakeVendor({
      script: (context, held, call) => gives({})({ ...context, now: () => The.now }, held, call),
    })
    clock.advance(0)
    const { token } = await vend(wanted(vendor), process())
    expect(token.accessToken.expiresAt).toEqual(secondsAfter(The.now, HOUR))
  })

  it('is never shared with another connection or vendor', async () => {
    const { process, secrets } = world()
    secrets.replace('acme/other', { password: 'p1' })
    secrets.replace('apex/hq', { password: 'p1' })
    const one = process()
    const acme = fakeVendor({ script: gives({ name: 'acme' }) })
    const apex = fakeVendor({ id: 'apex', script: gives({ name: 'apex' }) })
    expect(await get(acme.vendor, one)).toBe('acme1')
    expect(tokenOf(await vend(other(acme.vendor), one))).toBe('acme2')
    expect(await get(apex.vendor, one)).toBe('apex1')
  })
})

describe('an ageing token', () => {
  const DAY_SECONDS = 24 * 60 * 60

  it.each([
    ['of an hour', 3600, 3600 - 60 - 180],
    ['of a day', DAY_SECONDS, DAY_SECONDS - 60 - 180],
  ])('%s is left to the sweep until three minutes before its margin', async (_, lifeSeconds, lateAt) => {
    const { process, clock } = world()
    const { vendor, calls } = fakeVendor({ script: gives({ lifeSeconds }), policy: { maxLifeSeconds: DAY_SECONDS } })
    const { token } = await vend(wanted(vendor), process())
    expect(secondsBetween(clock.now(), token.refreshAt)).toBeLessThan(lateAt - 60)
    clock.advance(lateAt - 0.001)
    const { source, warnings } = await vend(wanted(vendor), process())
    expect([source, warnings, calls.length]).toEqual(['cache', [], 1])
    clock.advance(0.001)
    expect(await get(vendor, process())).toBe('t2')
  })

  it('that is too short-lived for the sweep to come in time is renewed by callers from refreshAt on', async () => {
    const { process, clock } = world()
    const { vendor } = fakeVendor({ script: gives({ lifeSeconds: 300 }) })
    const { token } = await vend(wanted(vendor), process())
    clock.advance(secondsBetween(clock.now(), token.refreshAt) - 0.001)
    expect(await get(vendor, process())).toBe('t1')
    clock.advance(0.001)
    expect(await get(vendor, process())).toBe('t2')
  })

  it('is renewed for a caller who needs it for longer', async () => {
    const { process, clock } = world()
    const { vendor } = fakeVendor()
    await get(vendor, process())
    clock.advance(3200)
    expect(await get(vendor, process(), 399)).toBe('t1')
    expect(await get(vendor, process(), 401)).toBe('t2')
  })
})

describe('a late token', () => {
  const aged = async () => {
    const w = world()
    const fake = fakeVendor()
    await vend(wanted(fake.vendor), w.process())
    w.clock.advance(3360)
    return { ...w, ...fake }
  }

  it('is renewed by one caller while all others are served at once', async () => {
    const { process, vendor, clock, will, calls } = await aged()
    will(takes(7, clock, gives({})))
    const startedAt = clock.now()
    const holder = get(vendor, process())
    const others = await Promise.all(
      Array.from({ length: 20 }, async () => ({ token: await get(vendor, process()), at: clock.now() })),
    )
    expect(others.every(({ token }) => token === 't1')).toBe(true)
    expect(others.every(({ at }) => at.getTime() === startedAt.getTime())).toBe(true)
    expect(await holder).toBe('t2')
    expect(calls).toHaveLength(2)
  })

  it('does not make callers of the same process wait either', async () => {
    const { process, vendor, clock, will, calls } = await aged()
    will(takes(7, clock, gives({})))
    const one = process()
    const holder = get(vendor, one)
    await new Promise(setImmediate)
    expect(await Promise.all(Array.from({ length: 20 }, () => get(vendor, one)))).toEqual(Array(20).fill('t1'))
    expect(await holder).toBe('t2')
    expect(calls).toHaveLength(2)
  })

  it('is served with a warning when renewing fails, and the vendor is then left alone for a while', async () => {
    const { process, vendor, will, calls } = await aged()
    will(refuses('vendor_unavailable', 'Acme answered 503'))
    const vended = await vend(wanted(vendor), process())
    expect(tokenOf(vended)).toBe('t1')
    expect(vended.source).toBe('stale')
    expect(vended.warnings[0]?.code).toBe('not_renewed')
    const callsSoFar = calls.length
    expect((await vend(wanted(vendor), process())).source).toBe('stale')
    expect(calls).toHaveLength(callsSoFar)
  })

  it('is never served once it has come within its margin', async () => {
    const { process, vendor, will, clock } = await aged()
    will(refuses('vendor_malformed', 'Acme answered nonsense'))
    const { token } = await vend(wanted(vendor), process())
    const margin = 60
    const left = (token.accessToken.expiresAt.getTime() - clock.now().getTime()) / 1000
    clock.advance(left - margin - 0.001)
    expect((await vend(wanted(vendor), process())).source).toBe('stale')
    clock.advance(0.001)
    await expect(vend(wanted(vendor), process())).rejects.toMatchObject({ code: 'vendor_malformed' })
  })

  it('is served when our own services fail while it is being renewed', async () => {
    const { process, vendor, tokens } = await aged()
    const vended = await vend(wanted(vendor), { ...process(), tokens: broken(tokens, 'acquire') })
    expect(vended.source).toBe('stale')
    expect(tokenOf(vended)).toBe('t1')
  })
})

describe('no token', () => {
  it('makes one call for 100 callers in one process and 100 processes alike', async () => {
    for (const processes of [1, 100]) {
      const { process, clock } = world()
      const { vendor, calls } = fakeVendor({ script: takes(0.3, clock, gives({})) })
      const runtimes = Array.from({ length: processes }, process)
      const tokens = await Promise.all(
        Array.from({ length: 100 }, (_, i) => get(vendor, runtimes[i % processes] ?? process())),
      )
      expect(new Set(tokens)).toEqual(new Set(['t1']))
      expect(calls).toHaveLength(1)
      figure('one-renewal', `${calls.length} call for ${tokens.length} callers in ${processes} processes`)
    }
  })

  it('gives all who waited the same failure, and the next caller after the pause a token', async () => {
    const { process, clock } = world()
    const { vendor, calls, will } = fakeVendor({
      script: takes(4, clock, refuses('vendor_unavailable', 'Acme answered 500')),
    })
    const runtimes = Array.from({ length: 10 }, process)
    const outcomes = await Promise.allSettled(
      Array.from({ length: 50 }, (_, i) => get(vendor, runtimes[i % 10] ?? process())),
    )
    expect(
      outcomes.every((outcome) => outcome.status === 'rejected' && outcome.reason.code === 'vendor_unavailable'),
    ).toBe(true)
    expect(calls).toHaveLength(1)
    will(gives({}))
    clock.advance(20)
    expect(await get(vendor, process())).toBe('t2')
  })

  it('keeps callers no longer than 6 seconds, then says busy with a time to come back', async () => {
    const { process, clock } = world()
    const { vendor } = fakeVendor({ script: takes(14, clock, gives({})) })
    const holder = get(vendor, process())
    await new Promise(setImmediate)
    const startedAt = clock.now().getTime()
    await expect(get(vendor, process())).rejects.toMatchObject({ code: 'busy', retryAfterSeconds: 2 })
    expect((clock.now().getTime() - startedAt) / 1000).toBeCloseTo(6, 1)
    await holder
  })

  it('waits the usual time of the vendor first, so that a waiter reads only a few times', async () => {
    const { process, clock, tokens } = world()
    const { vendor } = fakeVendor({ script: takes(0.3, clock, gives({ lifeSeconds: 100 })) })
    await get(vendor, process())
    clock.advance(100)
    const holder = get(vendor, process())
    let reads = 0
    const counting = new Proxy(tokens, {
      get: (target, name, receiver) => {
        if (name === 'read') reads += 1
        return Reflect.get(target, name, receiver)
      },
    })
    expect(await get(vendor, { ...process(), tokens: counting })).toBe('t2')
    await holder
    expect(reads).toBeLessThanOrEqual(4)
  })

  it('waits as long for a connection that is new, where the process knows how long the vendor takes', async () => {
    const { process, clock, tokens, secrets } = world()
    secrets.replace('acme/branch', { password: 'p2' })
    const { vendor } = fakeVendor({ script: takes(0.3, clock, gives({})) })
    const [holder, waiter] = [process(), process()]
    await get(vendor, holder)
    let reads = 0
    const counting = new Proxy(tokens, {
      get: (target, name, receiver) => {
        if (name === 'read') reads += 1
        return Reflect.get(target, name, receiver)
      },
    })
    await get(vendor, waiter)
    const branch = { connection: { vendor, name: 'branch' }, minTtlSeconds: 0 }
    await Promise.all([vend(branch, holder), vend(branch, { ...waiter, tokens: counting })])
    expect(reads).toBeLessThanOrEqual(3)
  })

  it.each([0, 0.5, 0.999])(
    "serves who lost the race for the lease within the vendor's time, 20 %% and 25 ms (jitter %s)",
    async (random) => {
      for (const seconds of [0.1, 0.3, 1, 4]) {
        const { process, clock } = world({ random: () => random })
        const { vendor, calls } = fakeVendor({ script: takes(seconds, clock, gives({ lifeSeconds: 100 })) })
        const race = async () => {
          const startedAt = clock.now()
          const timed = async (runtime: Runtime) => {
            const token = await get(vendor, runtime)
            return { token, took: secondsBetween(startedAt, clock.now()) }
          }
          return Promise.all([process(), process(), process()].map(timed))
        }
        // The first race, one after it has become known how long the vendor takes, and one long after that.
        for (const [token, pause] of [
          ['t1', 100],
          ['t2', 3600],
          ['t3', 0],
        ] as const) {
          const served = await race()
          expect(new Set(served.map((one) => one.token))).toEqual(new Set([token]))
          for (const { took } of served) expect(took).toBeLessThanOrEqual(seconds * 1.2 + 0.025)
          clock.advance(pause)
        }
        expect(calls).toHaveLength(3)
      }
    },
  )

  it('does not make who lost the race wait by the clock of a lease that lapsed long ago', async () => {
    const { process, clock, tokens } = world()
    const { vendor } = fakeVendor({ script: takes(0.5, clock, gives({})) })
    const { state } = await tokens.read(hq(vendor))
    const policy = { storage: 'table', maxLifeSeconds: HOUR } as const
    await tokens.acquire(hq(vendor), state, { policy, now: clock.now(), until: secondsAfter(clock.now(), 15) })
    clock.advance(HOUR)
    const startedAt = clock.now()
    await Promise.all([get(vendor, process()), get(vendor, process())])
    expect(secondsBetween(startedAt, clock.now())).toBeLessThanOrEqual(0.5 * 1.2 + 0.025)
  })

  it('lets the next caller take over from a holder that died, and only when its lease has ended', async () => {
    const { process, clock, tokens } = world()
    const { vendor, calls } = fakeVendor()
    const { state } = await tokens.read(hq(vendor))
    const policy = { storage: 'table', maxLifeSeconds: HOUR } as const
    await tokens.acquire(hq(vendor), state, { policy, now: clock.now(), until: secondsAfter(clock.now(), 15) })
    clock.advance(8)
    await expect(get(vendor, process())).rejects.toMatchObject({ code: 'busy' })
    clock.advance(1)
    expect(await get(vendor, process())).toBe('t1')
    expect(calls).toHaveLength(1)
  })

  it('is a 404 for a connection without credentials, and leaves no trace in the table', async () => {
    const { process, tokens } = world()
    const { vendor } = fakeVendor()
    const nobody = { vendor, name: 'nobody' }
    await expect(vend({ connection: nobody, minTtlSeconds: 0 }, process())).rejects.toMatchObject({
      code: 'unknown_connection',
    })
    expect((await tokens.read(nobody)).state.fence).toBe(0)
  })

  it('is no reason to serve an expired one that the table has not deleted yet', async () => {
    const { process, clock } = world()
    const { vendor, will } = fakeVendor({ script: gives({ lifeSeconds: 100 }) })
    await get(vendor, process())
    will(refuses('vendor_unavailable', 'Acme is down'))
    clock.advance(90)
    await expect(get(vendor, process())).rejects.toMatchObject({ code: 'vendor_unavailable' })
  })
})

describe('a longer life than usual', () => {
  it('is obtained from the vendor when the token at hand has too little left', async () => {
    const { process, clock } = world()
    const { vendor } = fakeVendor()
    await get(vendor, process())
    clock.advance(600)
    expect(await get(vendor, process(), HOUR - 600)).toBe('t1')
    expect(await get(vendor, process(), HOUR - 599)).toBe('t2')
  })

  it('is refused without a vendor call when the vendor cannot give it', async () => {
    const { process } = world()
    const { vendor, calls } = fakeVendor()
    await expect(get(vendor, process(), 999_999_999)).rejects.toMatchObject({ code: 'min_ttl_unavailable' })
    expect(calls).toHaveLength(0)
    await expect(get(vendor, process(), 2 * HOUR)).rejects.toMatchObject({ code: 'min_ttl_unavailable' })
    await expect(get(vendor, process(), 2 * HOUR)).rejects.toMatchObject({ code: 'min_ttl_unavailable' })
    expect(calls).toHaveLength(1)
  })

  it('that cannot be had now is made up for with the token at hand and a warning', async () => {
    const { process, clock } = world()
    const { vendor, will } = fakeVendor()
    await get(vendor, process())
    clock.advance(1800)
    will(refuses('vendor_throttled', 'Acme asks us to wait', { retryAfterSeconds: 120 }))
    const vended = await vend(wanted(vendor, 2000), process())
    expect(tokenOf(vended)).toBe('t1')
    expect(vended.warnings.map(({ code }) => code)).toEqual(['not_renewed', 'min_ttl_not_met'])
  })
})

describe('a failing vendor', () => {
  it('is not called before the time in its Retry-After', async () => {
    const { process, clock } = world()
    const { vendor, calls, will } = fakeVendor({
      script: refuses('vendor_throttled', 'wait', { retryAfterSeconds: 120 }),
    })
    await expect(get(vendor, process())).rejects.toMatchObject({ retryAfterSeconds: 120 })
    will(gives({}))
    clock.advance(119.999)
    await expect(get(vendor, process())).rejects.toMatchObject({ code: 'vendor_throttled', retryAfterSeconds: 1 })
    expect(calls).toHaveLength(1)
    clock.advance(0.001)
    expect(await get(vendor, process())).toBe('t2')
  })

  it('is tried once more within one call when it failed quickly', async () => {
    const { process } = world()
    const { vendor, calls, will } = fakeVendor({
      script: () => {
        will(gives({}))
        return refuses('vendor_unavailable', 'Acme answered 500')(...([] as unknown as Parameters<Script>))
      },
    })
    expect(await get(vendor, process())).toBe('t2')
    expect(calls).toHaveLength(2)
  })

  it('is not tried twice with a refresh token, whose first use may have counted', async () => {
    const { process, clock } = world()
    const { vendor, calls, will } = fakeVendor({ script: gives({ lifeSeconds: 100, refreshToken: 'r' }) })
    await get(vendor, process())
    clock.advance(100)
    will(refuses('vendor_unavailable', 'time-out'))
    await expect(get(vendor, process())).rejects.toMatchObject({ code: 'vendor_unavailable' })
    expect(calls.map(({ refreshToken }) => refreshToken)).toEqual([undefined, 'r1'])
  })

  it('that refuses our credentials is not called again for 200 requests, until they are replaced', async () => {
    const { process, secrets } = world()
    const { vendor, calls, will } = fakeVendor({ script: refuses('credential_rejected', 'Acme refused the client') })
    const requests = Array.from({ length: 200 }, () => () => get(vendor, process()))
    for (const request of requests) await expect(request()).rejects.toMatchObject({ code: 'credential_rejected' })
    expect(calls).toHaveLength(1)
    figure('refused-credentials-rest', `${calls.length} call for ${requests.length} requests`)
    will(gives({}))
    secrets.replace('acme/hq', { password: 'p2' })
    expect(await get(vendor, process())).toBe('t2')
    expect(calls[1]?.password).toBe('p2')
  })

  it('that refuses credentials we read a while ago is called once more with those of today', async () => {
    const { process, secrets, clock } = world()
    const { vendor, calls } = fakeVendor({ script: gives({ lifeSeconds: 100 }) })
    const one = process()
    await get(vendor, one)
    secrets.replace('acme/hq', { password: 'p2' })
    clock.advance(100)
    const { vendor: strict, calls: strictCalls } = fakeVendor({
      script: (context, held, call) =>
        strictCalls[call - 1]?.password === 'p2'
          ? gives({})(context, held, call)
          : refuses('credential_rejected', 'no')(context, held, call),
    })
    expect(await get(strict, one)).toBe('t2')
    expect(strictCalls.map(({ password }) => password)).toEqual(['p1', 'p2'])
    expect(calls).toHaveLength(1)
  })

  it('that has locked us out is left alone by every connection', async () => {
    const { process, secrets, clock } = world()
    secrets.replace('acme/other', { password: 'p1' })
    const { vendor, calls, will } = fakeVendor({
      script: refuses('vendor_locked_out', 'too many', { retryAfterSeconds: 300 }),
    })
    await expect(get(vendor, process())).rejects.toMatchObject({ code: 'vendor_locked_out' })
    will(gives({}))
    await expect(vend(other(vendor), process())).rejects.toMatchObject({
      code: 'vendor_paused',
      retryAfterSeconds: 300,
    })
    expect(calls).toHaveLength(1)
    clock.advance(300)
    expect(tokenOf(await vend(other(vendor), process()))).toBe('t2')
  })

  it('that is only ill is asked by every connection: that is no refusal', async () => {
    const { process, secrets } = world()
    const { vendor, calls } = fakeVendor({ script: refuses('vendor_malformed', 'nonsense') })
    for (let i = 0; i < 15; i++) {
      secrets.replace(`acme/site-${i}`, { password: 'p1' })
      const asking = vend({ connection: { vendor, name: `site-${i}` }, minTtlSeconds: 0 }, process())
      await expect(asking).rejects.toMatchObject({ code: 'vendor_malformed' })
    }
    expect(calls).toHaveLength(15)
  })

  it('is not called with credentials that never worked by who got no permit, although one has become free since', async () => {
    const { process, allowance } = world()
    const { vendor, calls } = fakeVendor()
    const late = { ...process(), allowance: { ...allowance, take: async () => undefined } }
    await expect(get(vendor, late)).rejects.toMatchObject({ code: 'vendor_paused' })
    expect(calls).toHaveLength(0)
  })

  it('hears at most 10 wrong secrets in each stretch of 5 minutes, and 20 in any 5 minutes, from however many connections', async () => {
    const { process, secrets, clock } = world()
    const { vendor, calls } = fakeVendor({ script: refuses('credential_rejected', 'no') })
    const names = Array.from({ length: 50 }, (_, i) => `site-${i}`)
    for (const name of names) secrets.replace(`acme/${name}`, { password: 'wrong' })
    const all = () =>
      Promise.allSettled(names.map((name) => vend({ connection: { vendor, name }, minTtlSeconds: 0 }, process())))
    // The stretches begin at full 5 minutes, as the clock of this test does.
    clock.advance(299)
    await all()
    expect(calls).toHaveLength(10)
    await all()
    expect(calls).toHaveLength(10)
    clock.advance(5)
    await all()
    expect(calls).toHaveLength(20)
    clock.advance(295)
    await all()
    expect(calls).toHaveLength(20)
    clock.advance(5)
    await all()
    expect(calls).toHaveLength(30)
    figure('lock-out-budget', `${calls.length} refused of ${names.length * 5} calls, in 3 stretches of 5 minutes`)
  })

  it('hears few of the wrong secrets of 150 connections that worked before', async () => {
    const { process, secrets, clock } = world()
    const { vendor, calls, will } = fakeVendor({ script: gives({ lifeSeconds: 1000 }) })
    const names = Array.from({ length: 150 }, (_, i) => `site-${i}`)
    for (const name of names) secrets.replace(`acme/${name}`, { password: 'p1' })
    const vendAll = async (some: readonly string[]) =>
      Promise.allSettled(some.map((name) => vend({ connection: { vendor, name }, minTtlSeconds: 0 }, process())))
    for (const name of names) await vendAll([name])
    expect(calls).toHaveLength(150)
    clock.advance(1200)
    will(refuses('credential_rejected', 'the client was deleted'))
    // As many at once as a sweep has.
    for (let i = 0; i < 150; i += 16) await vendAll(names.slice(i, i + 16))
    const refused = calls.length - 150
    expect(refused).toBeGreaterThan(0)
    expect(refused).toBeLessThanOrEqual(36)
    clock.advance(299)
    await vendAll(names)
    expect(calls.length - 150).toBe(refused)
  })

  it('that gives good tokens is not held up by its budget of refusals, however many are renewed at once', async () => {
    const { process, secrets, clock } = world()
    const { vendor, calls } = fakeVendor({ script: gives({ lifeSeconds: 1000 }) })
    const names = Array.from({ length: 150 }, (_, i) => `site-${i}`)
    for (const name of names) secrets.replace(`acme/${name}`, { password: 'p1' })
    const vendAll = async () =>
      Promise.all(names.map((name) => vend({ connection: { vendor, name }, minTtlSeconds: 0 }, process())))
    for (const name of names) await vend({ connection: { vendor, name }, minTtlSeconds: 0 }, process())
    clock.advance(1000)
    await vendAll()
    expect(calls).toHaveLength(300)
  })

  it('is given a pause that grows, and never one longer than a minute while a token is at hand', async () => {
    const { process, clock } = world()
    const { vendor, calls, will } = fakeVendor({ script: gives({ lifeSeconds: 100_000 }) })
    const { token } = await vend(wanted(vendor), process())
    clock.advance(secondsBetween(clock.now(), token.accessToken.expiresAt) - 240)
    will(refuses('vendor_malformed', 'nonsense'))
    const pauses: number[] = []
    for (let i = 0; i < 6; i++) {
      const before = clock.now().getTime()
      const count = calls.length
      while (calls.length === count) {
        clock.advance(0.25)
        await vend(wanted(vendor), process())
      }
      pauses.push((clock.now().getTime() - before) / 1000)
    }
    expect(pauses[3]).toBeGreaterThan(pauses[1] ?? Number.NaN)
    expect(Math.max(...pauses)).toBeLessThanOrEqual(60)
    expect(Math.min(...pauses.slice(1))).toBeGreaterThanOrEqual(1)
  })

  it('costs nothing but the caller its token when the error is none it should be', async () => {
    const { process, tokens } = world()
    const { vendor } = fakeVendor({
      script: () => {
        throw new TypeError('a bug')
      },
    })
    await expect(get(vendor, process())).rejects.toThrow(TypeError)
    expect((await tokens.read(hq(vendor))).state.lease).toBeUndefined()
  })
})

describe('a token that is short-lived', () => {
  it.each([0.001, 0.5, 1])('for %s s is nonsense of the vendor, who is then left alone', async (lifeSeconds) => {
    const { process } = world()
    const { vendor, calls } = fakeVendor({ script: gives({ lifeSeconds }) })
    await expect(get(vendor, process())).rejects.toMatchObject({ code: 'vendor_malformed' })
    await expect(get(vendor, process())).rejects.toMatchObject({ code: 'vendor_malformed' })
    expect(calls).toHaveLength(1)
  })

  it('for 2 s is served in the first of them', async () => {
    const { process, clock } = world()
    const { vendor } = fakeVendor({ script: gives({ lifeSeconds: 2 }) })
    expect(await get(vendor, process())).toBe('t1')
    clock.advance(0.999)
    expect(await get(vendor, process())).toBe('t1')
    clock.advance(0.001)
    expect(await get(vendor, process())).toBe('t2')
  })

  it('and ended while the vendor was giving it is not answered', async () => {
    const { process, clock } = world()
    const { vendor } = fakeVendor({
      script: async (...given) => {
        const issued = await gives({ lifeSeconds: 5 })(...given)
        await clock.sleep(5)
        return issued
      },
    })
    await expect(get(vendor, process())).rejects.toMatchObject({ code: 'vendor_malformed' })
  })

  it.each(['record', 'put'] as const)('and ended while the table was slow to %s is not answered', async (method) => {
    const { process, clock, tokens } = world()
    const { vendor, will } = fakeVendor({ script: gives({ lifeSeconds: 4 }) })
    const slow = { ...process(), tokens: happensAfter(tokens, method, () => clock.sleep(3.9)) }
    will((...given) => {
      will(gives({ name: 'next' }))
      return gives({ lifeSeconds: 4 })(...given)
    })
    expect(await get(vendor, slow)).toBe('next2')
  })
})

describe('a table that does not answer', () => {
  const down = (runtime: Runtime) => ({ ...runtime, tokens: broken(runtime.tokens, 'read', Number.POSITIVE_INFINITY) })

  it('leaves the copy of this process, as stale, for 5 minutes after it was last read, and not longer', async () => {
    const { process, clock } = world()
    const { vendor } = fakeVendor()
    const one = process()
    await get(vendor, one)
    clock.advance(4.999)
    expect((await vend(wanted(vendor), down(one))).source).toBe('cache')
    clock.advance(0.001)
    const vended = await vend(wanted(vendor), down(one))
    expect([tokenOf(vended), vended.source, ...vended.warnings.map(({ code }) => code)]).toEqual([
      't1',
      'stale',
      'not_renewed',
    ])
    clock.advance(294.999)
    expect((await vend(wanted(vendor), down(one))).source).toBe('stale')
    clock.advance(0.001)
    await expect(get(vendor, down(one))).rejects.toMatchObject({ code: 'store_unavailable' })
    expect((await vend(wanted(vendor), one)).source).toBe('cache')
  })

  it('leaves nothing to a process that has no copy', async () => {
    const { process } = world()
    const { vendor } = fakeVendor()
    await get(vendor, process())
    await expect(get(vendor, down(process()))).rejects.toMatchObject({ code: 'store_unavailable' })
  })

  it('does not have the token served that the caller reports as refused, but serves it to everybody else', async () => {
    const { process, clock } = world()
    const { vendor } = fakeVendor()
    const one = process()
    const rejected = (await vend(wanted(vendor), one)).token.accessToken.value.fingerprint
    clock.advance(10)
    const reporting = vend({ ...wanted(vendor), rejected }, down(one))
    await expect(reporting).rejects.toMatchObject({ code: 'store_unavailable' })
    expect(await get(vendor, down(one))).toBe('t1')
  })

  it('does not have an expired token served', async () => {
    const { process, clock } = world()
    const { vendor } = fakeVendor({ script: gives({ lifeSeconds: 100 }) })
    const one = process()
    await get(vendor, one)
    clock.advance(89.999)
    expect(await get(vendor, down(one))).toBe('t1')
    clock.advance(0.001)
    await expect(get(vendor, down(one))).rejects.toMatchObject({ code: 'store_unavailable' })
  })

  it('does not have a token served that this process has revoked or seen disabled', async () => {
    const { process, clock } = world()
    const { vendor } = fakeVendor()
    for (const stop of [revoke, disable]) {
      const one = process()
      await get(vendor, one)
      await stop(hq(vendor), one)
      clock.advance(10)
      await expect(get(vendor, down(one))).rejects.toMatchObject({ code: 'store_unavailable' })
    }
  })
})

describe('a refresh token', () => {
  it('is stored before the access token and sent at the next renewal', async () => {
    const { process, clock } = world()
    const { vendor, calls } = fakeVendor({ script: gives({ lifeSeconds: 100, refreshToken: 'r' }) })
    await get(vendor, process())
    clock.advance(100)
    await get(vendor, process())
    clock.advance(100)
    await get(vendor, process())
    expect(calls.map(({ refreshToken }) => refreshToken)).toEqual([undefined, 'r1', 'r2'])
  })

  it('is kept when the vendor sends none', async () => {
    const { process, clock } = world()
    const { vendor, calls, will } = fakeVendor({ script: gives({ lifeSeconds: 100, refreshToken: 'r' }) })
    await get(vendor, process())
    will(gives({ lifeSeconds: 100 }))
    clock.advance(100)
    await get(vendor, process())
    clock.advance(100)
    await get(vendor, process())
    expect(calls.map(({ refreshToken }) => refreshToken)).toEqual([undefined, 'r1', 'r1'])
  })

  it('that cannot be stored at all costs the caller the access token', async () => {
    const { process, tokens } = world()
    const { vendor } = fakeVendor({ script: gives({ refreshToken: 'r' }) })
    const broke = { ...process(), tokens: broken(tokens, 'record', Number.POSITIVE_INFINITY) }
    await expect(get(vendor, broke)).rejects.toMatchObject({ code: 'store_unavailable' })
    expect((await tokens.read(hq(vendor))).token).toBeUndefined()
  })

  it('once stored, lets the caller have an access token that could not be cached', async () => {
    const { process, tokens } = world()
    const { vendor } = fakeVendor({ script: gives({ refreshToken: 'r' }) })
    const vended = await vend(wanted(vendor), { ...process(), tokens: broken(tokens, 'put') })
    expect(tokenOf(vended)).toBe('t1')
    expect(vended.warnings.map(({ code }) => code)).toEqual(['not_cached'])
  })
})

describe('a revoke', () => {
  it('in the middle of a renewal throws away what the vendor gives', async () => {
    const { process, clock, tokens } = world()
    const { vendor, calls } = fakeVendor({ script: takes(1, clock, gives({})) })
    const holder = get(vendor, process())
    await clock.sleep(0.5)
    await tokens.stop(hq(vendor), { kind: 'revoke' })
    expect(await holder).toBe('t2')
    expect(calls).toHaveLength(2)
  })

  it('is heard by who was renewing a late token for longer than anybody waits, also when the table was read long before', async () => {
    const { process, clock, tokens } = world()
    const { vendor, will } = fakeVendor()
    await get(vendor, process())
    clock.advance(3400)
    will(takes(7, clock, gives({})))
    const renewing = get(vendor, process())
    const outcome = expect(renewing).rejects.toMatchObject({ code: 'busy' })
    await clock.sleep(1)
    await tokens.stop(hq(vendor), { kind: 'revoke' })
    await outcome
    expect(await get(vendor, process())).toBe('t3')
  })

  it('is heard by who is served a late token since our own services fail, however slowly they do', async () => {
    for (const [seconds, outcome] of [
      [4, 't1'],
      [5, 'vendor_paused'],
    ] as const) {
      const { process, clock, tokens } = world()
      const { vendor, will } = fakeVendor()
      await get(vendor, process())
      clock.advance(3400)
      will(refuses('vendor_paused', 'not now'))
      const broke = happensBefore(broken(tokens, 'acquire'), 'acquire', () => clock.sleep(seconds))
      const renewing = get(vendor, { ...process(), tokens: broke }).catch((error: VendingError) => error.code)
      await clock.sleep(1)
      await tokens.stop(hq(vendor), { kind: 'revoke' })
      expect(await renewing).toBe(outcome)
    }
  })

  it('in the middle of caching a token has the one answered that another has obtained since', async () => {
    const { process, tokens } = world()
    const { vendor } = fakeVendor()
    const overtaken = happensBefore(tokens, 'put', async () => {
      await tokens.stop(hq(vendor), { kind: 'revoke' })
      await get(vendor, process())
    })
    expect(await get(vendor, { ...process(), tokens: overtaken })).toBe('t2')
  })

  it('in the long time that it takes to cache a token is heard by who has obtained that', async () => {
    const { process, clock, tokens } = world()
    const { vendor } = fakeVendor()
    let puts = 0
    const slow = happensAfter(tokens, 'put', async () => {
      puts += 1
      if (puts > 1) return
      await clock.sleep(1)
      await tokens.stop(hq(vendor), { kind: 'revoke' })
      await clock.sleep(4)
    })
    expect(await get(vendor, { ...process(), tokens: slow })).toBe('t2')
  })

  it('reaches who has cached a token within 5 seconds after that was recorded, however slow the caching was', async () => {
    const { process, clock, tokens } = world()
    const { vendor } = fakeVendor()
    const one = process()
    expect(await get(vendor, { ...one, tokens: happensAfter(tokens, 'put', () => clock.sleep(3)) })).toBe('t1')
    await tokens.stop(hq(vendor), { kind: 'revoke' })
    clock.advance(1.999)
    expect(await get(vendor, one)).toBe('t1')
    clock.advance(0.001)
    expect(await get(vendor, one)).toBe('t2')
  })

  it('in the long time that it takes to record a failure ends the late token too', async () => {
    const { process, clock, tokens } = world()
    const { vendor, will } = fakeVendor()
    await get(vendor, process())
    clock.advance(3400)
    will(refuses('vendor_malformed', 'nonsense'))
    const slow = happensAfter(tokens, 'record', async () => {
      await tokens.stop(hq(vendor), { kind: 'revoke' })
      await clock.sleep(5)
    })
    await expect(get(vendor, { ...process(), tokens: slow })).rejects.toMatchObject({ code: 'vendor_malformed' })
  })

  it('reaches a process whose clock was set back after it had asked the table', async () => {
    const { process, clock, tokens } = world()
    const { vendor } = fakeVendor()
    const one = process()
    await get(vendor, one)
    await tokens.stop(hq(vendor), { kind: 'revoke' })
    clock.advance(-60)
    expect(await get(vendor, one)).toBe('t2')
  })

  it('ends every token of before, also one that a late writer puts back', async () => {
    const { process, tokens } = world()
    const { vendor } = fakeVendor()
    await get(vendor, process())
    await tokens.stop(hq(vendor), { kind: 'revoke' })
    expect(await get(vendor, process())).toBe('t2')
  })

  it('is not needed for a disabled connection, which vends nothing at all', async () => {
    const { process, tokens } = world()
    const { vendor } = fakeVendor()
    await get(vendor, process())
    await tokens.stop(hq(vendor), { kind: 'disable' })
    await expect(get(vendor, process())).rejects.toMatchObject({ code: 'connection_disabled' })
    await tokens.enable(hq(vendor))
    expect(await get(vendor, process())).toBe('t1')
  })
})

describe('replaced credentials', () => {
  it('end the tokens obtained with the old ones as soon as the process has read the new', async () => {
    const { process, secrets, clock } = world()
    const { vendor, calls } = fakeVendor({ script: gives({ lifeSeconds: HOUR }) })
    const one = process()
    await get(vendor, one)
    secrets.replace('acme/hq', { password: 'p2' })
    await one.credentials.read(hq(vendor), 0)
    clock.advance(5)
    expect(await get(vendor, one)).toBe('t2')
    expect(calls[1]?.password).toBe('p2')
  })

  it('leave a token of the old ones in use, with a warning, while the vendor refuses the new', async () => {
    const { process, secrets, clock } = world()
    const { vendor, calls, will } = fakeVendor()
    const one = process()
    await get(vendor, one)
    will(refuses('credential_rejected', 'Acme refused the client'))
    secrets.replace('acme/hq', { password: 'p2' })
    const another = process()
    for (const each of [one, another]) await each.credentials.read(hq(vendor), 0)
    for (const seconds of [5, 4, 5, 600]) {
      clock.advance(seconds)
      for (const each of [one, another, process()]) {
        const vended = await vend(wanted(vendor), each)
        if (each === one || each === another)
          expect(vended).toMatchObject({ source: 'stale', fault: 'credential_rejected' })
        expect(tokenOf(vended)).toBe('t1')
      }
    }
    expect(calls.map(({ password }) => password)).toEqual(['p1', 'p2'])
    clock.advance(HOUR)
    await expect(get(vendor, one)).rejects.toMatchObject({ code: 'credential_rejected' })
  })

  it('are used as soon as the next ones work', async () => {
    const { process, secrets, clock } = world()
    const { vendor, will } = fakeVendor()
    const one = process()
    await get(vendor, one)
    will(refuses('credential_rejected', 'Acme refused the client'))
    secrets.replace('acme/hq', { password: 'p2' })
    await one.credentials.read(hq(vendor), 0)
    clock.advance(5)
    expect(await get(vendor, one)).toBe('t1')
    will(gives({}))
    secrets.replace('acme/hq', { password: 'p3' })
    clock.advance(5)
    expect(await vend(wanted(vendor), one)).toMatchObject({ source: 'vendor', warnings: [] })
    expect((await vend(wanted(vendor), one)).source).toBe('cache')
  })

  it('are not undone by a process that still remembers the old ones', async () => {
    const { process, secrets, clock } = world()
    const { vendor, calls } = fakeVendor()
    const old = process()
    await get(vendor, old)
    secrets.replace('acme/hq', { password: 'p2' })
    const fresh = process()
    await fresh.credentials.read(hq(vendor), 0)
    expect(await get(vendor, fresh)).toBe('t2')
    clock.advance(5)
    expect(await get(vendor, old)).toBe('t2')
    expect(calls).toHaveLength(2)
  })
})

describe('a vendor whose credential is the token', () => {
  const DAY = 24 * HOUR
  const stored = (days: number) =>
    fakeVendor({
      holdsToken: true,
      policy: { maxLifeSeconds: 365 * DAY },
      script: (context, held, call) =>
        gives({ name: 'jwt', lifeSeconds: days * DAY })({ ...context, now: () => The.now }, held, call),
    })

  it('needs no lease and leaves no token in the table', async () => {
    const { process, tokens } = world()
    const { vendor } = stored(300)
    const vended = await vend(wanted(vendor), process())
    expect(vended.source).toBe('cache')
    const { state, token } = await tokens.read(hq(vendor))
    expect(token).toBeUndefined()
    expect(state).toMatchObject({ epoch: 0, fence: 0, provenVersion: 'v1' })
  })

  it('is handed out with a life of one minute, but not with less than its margin left', async () => {
    const { process, clock } = world()
    const { vendor } = stored(1 / (24 * 60))
    expect(await get(vendor, process())).toBe('jwt1')
    clock.advance(53.999)
    await get(vendor, process())
    clock.advance(0.001)
    await expect(get(vendor, process())).rejects.toMatchObject({ code: 'credential_expired' })
  })

  it('is taken from the new version of the secret within 5 seconds when the old one has ended', async () => {
    const { process, secrets, clock } = world()
    const { vendor, calls } = fakeVendor({
      holdsToken: true,
      script: (context, held, call) =>
        gives({ name: 'jwt', lifeSeconds: calls[call - 1]?.password === 'p2' ? DAY : 100 })(
          { ...context, now: () => The.now },
          held,
          call,
        ),
    })
    const one = process()
    await get(vendor, one)
    clock.advance(95)
    await expect(get(vendor, one)).rejects.toMatchObject({ code: 'credential_expired' })
    secrets.replace('acme/hq', { password: 'p2' })
    await expect(get(vendor, one)).rejects.toMatchObject({ code: 'credential_expired' })
    clock.advance(5)
    expect((await vend(wanted(vendor), one)).token.accessToken.expiresAt).toEqual(secondsAfter(The.now, DAY))
  })

  it('cannot give more than what is left of it', async () => {
    const { process } = world()
    const { vendor } = stored(2)
    expect(await get(vendor, process(), 2 * DAY)).toBe('jwt1')
    await expect(get(vendor, process(), 2 * DAY + 1)).rejects.toMatchObject({ code: 'min_ttl_unavailable' })
  })
})
