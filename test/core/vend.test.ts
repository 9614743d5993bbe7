import type { Vended } from '../../functions/core/ask.ts'
import type { Runtime } from '../../functions/core/runtime.ts'
import { secondsAfter } from '../../functions/core/token.ts'
import { vend } from '../../functions/core/vend.ts'
import type { Vendor } from '../../functions/core/vendor.ts'
import { memoryStore } from '../support/memory-store.ts'
import { brokenStore, fakeVendor, gives, refuses, type Script, The, world } from '../support/world.ts'

const HOUR = 3600

const ask = (vendor: Vendor, minTtlSeconds = 0) => ({ vendor, connection: The.connection, minTtlSeconds })
const tokenOf = ({ token }: Vended) => token.accessToken.value.reveal()
const get = async (vendor: Vendor, runtime: Runtime, minTtlSeconds = 0) =>
  tokenOf(await vend(ask(vendor, minTtlSeconds), runtime))
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
    expect((await vend(ask(vendor), first)).source).toBe('vendor')
    expect((await vend(ask(vendor), first)).source).toBe('cache')
    expect(await get(vendor, process())).toBe('t1')
    expect(calls).toHaveLength(1)
  })

  it('is served from memory for less than 5 seconds, then the table is asked', async () => {
    const { process, clock, store } = world()
    const { vendor } = fakeVendor()
    const one = process()
    await get(vendor, one)
    await store.revoke('acme#hq')
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
    const { token } = await vend(ask(vendor), process())
    expect(token.accessToken.expiresAt).toEqual(secondsAfter(The.now, HOUR))
  })

  it('C18 is never shared with another connection or vendor', async () => {
    const { process, secrets } = world()
    secrets.replace('acme/other', { password: 'p1' })
    secrets.replace('apex/hq', { password: 'p1' })
    const one = process()
    const acme = fakeVendor({ script: gives({ name: 'acme' }) })
    const apex = fakeVendor({ id: 'apex', script: gives({ name: 'apex' }) })
    expect(await get(acme.vendor, one)).toBe('acme1')
    expect(tokenOf(await vend({ vendor: acme.vendor, connection: 'other', minTtlSeconds: 0 }, one))).toBe('acme2')
    expect(await get(apex.vendor, one)).toBe('apex1')
  })
})

describe('an ageing token', () => {
  const aged = async () => {
    const w = world()
    const fake = fakeVendor()
    const first = await vend(ask(fake.vendor), w.process())
    const { refreshAt } = first.token
    w.clock.advance((refreshAt.getTime() - w.clock.now().getTime()) / 1000)
    return { ...w, ...fake, refreshAt }
  }

  it('is renewed from refreshAt on and not a moment earlier', async () => {
    const { process, vendor, clock } = await aged()
    clock.advance(-0.001)
    expect(await get(vendor, process())).toBe('t1')
    clock.advance(0.001)
    expect(await get(vendor, process())).toBe('t2')
  })

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

  it('C22 is served with a warning when renewing fails, and the vendor is then left alone for a while', async () => {
    const { process, vendor, will, calls } = await aged()
    will(refuses('vendor_unavailable', 'Acme answered 503'))
    const vended = await vend(ask(vendor), process())
    expect(tokenOf(vended)).toBe('t1')
    expect(vended.source).toBe('stale')
    expect(vended.warnings[0]?.code).toBe('not_renewed')
    const callsSoFar = calls.length
    expect((await vend(ask(vendor), process())).source).toBe('stale')
    expect(calls).toHaveLength(callsSoFar)
  })

  it('C22 is never served once it has come within its margin', async () => {
    const { process, vendor, will, clock } = await aged()
    will(refuses('vendor_malformed', 'Acme answered nonsense'))
    const { token } = await vend(ask(vendor), process())
    const margin = 60
    const left = (token.accessToken.expiresAt.getTime() - clock.now().getTime()) / 1000
    clock.advance(left - margin - 0.001)
    expect((await vend(ask(vendor), process())).source).toBe('stale')
    clock.advance(0.001)
    await expect(vend(ask(vendor), process())).rejects.toMatchObject({ code: 'vendor_malformed' })
  })

  it('is served when our own services fail while it is being renewed', async () => {
    const { process, vendor, store } = await aged()
    const vended = await vend(ask(vendor), { ...process(), store: brokenStore(store, 'acquire') })
    expect(vended.source).toBe('stale')
    expect(tokenOf(vended)).toBe('t1')
  })
})

describe('no token', () => {
  it('C16 makes one call for 100 callers in one process and 100 processes alike', async () => {
    for (const processes of [1, 100]) {
      const { process, clock } = world()
      const { vendor, calls } = fakeVendor({ script: takes(0.3, clock, gives({})) })
      const runtimes = Array.from({ length: processes }, process)
      const tokens = await Promise.all(
        Array.from({ length: 100 }, (_, i) => get(vendor, runtimes[i % processes] ?? process())),
      )
      expect(new Set(tokens)).toEqual(new Set(['t1']))
      expect(calls).toHaveLength(1)
    }
  })

  it('C17 gives all who waited the same failure, and the next caller after the pause a token', async () => {
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
    const { process, clock, store } = world()
    const { vendor } = fakeVendor({ script: takes(0.3, clock, gives({ lifeSeconds: 100 })) })
    await get(vendor, process())
    clock.advance(100)
    const holder = get(vendor, process())
    let reads = 0
    const counting = new Proxy(store, {
      get: (target, name, receiver) => {
        if (name === 'read') reads += 1
        return Reflect.get(target, name, receiver)
      },
    })
    expect(await get(vendor, { ...process(), store: counting })).toBe('t2')
    await holder
    expect(reads).toBeLessThanOrEqual(4)
  })

  it('lets the next caller take over from a holder that died, and only when its lease has ended', async () => {
    const { process, clock, store } = world()
    const { vendor, calls } = fakeVendor()
    const { state } = await store.read('acme#hq')
    await store.acquire('acme#hq', state, { now: clock.now(), until: secondsAfter(clock.now(), 15) })
    clock.advance(8)
    await expect(get(vendor, process())).rejects.toMatchObject({ code: 'busy' })
    clock.advance(1)
    expect(await get(vendor, process())).toBe('t1')
    expect(calls).toHaveLength(1)
  })

  it('is a 404 for a connection without credentials, and leaves no trace in the table', async () => {
    const { process, store } = world()
    const { vendor } = fakeVendor()
    const unknown = { vendor, connection: 'nobody', minTtlSeconds: 0 }
    await expect(vend(unknown, process())).rejects.toMatchObject({ code: 'unknown_connection' })
    expect((await store.read('acme#nobody')).state.fence).toBe(0)
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
  it('is asked of the vendor when the token at hand has too little left', async () => {
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
    const vended = await vend(ask(vendor, 2000), process())
    expect(tokenOf(vended)).toBe('t1')
    expect(vended.warnings.map(({ code }) => code)).toEqual(['not_renewed', 'min_ttl_not_met'])
  })
})

describe('a failing vendor', () => {
  it('C21 is not called before the time in its Retry-After', async () => {
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

  it('C60 that refuses our credentials is not called again for 200 requests, until they are replaced', async () => {
    const { process, secrets } = world()
    const { vendor, calls, will } = fakeVendor({ script: refuses('credential_rejected', 'Acme refused the client') })
    for (let i = 0; i < 200; i++)
      await expect(get(vendor, process())).rejects.toMatchObject({ code: 'credential_rejected' })
    expect(calls).toHaveLength(1)
    will(gives({}))
    secrets.replace('acme/hq', { password: 'p2' })
    expect(await get(vendor, process())).toBe('t2')
    expect(calls[1]?.password).toBe('p2')
  })

  it('that refuses credentials we read a while ago is asked once more with those of today', async () => {
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

  it('C61 that has locked us out is left alone by every connection', async () => {
    const { process, secrets, clock } = world()
    secrets.replace('acme/other', { password: 'p1' })
    const { vendor, calls, will } = fakeVendor({
      script: refuses('vendor_locked_out', 'too many', { retryAfterSeconds: 300 }),
    })
    await expect(get(vendor, process())).rejects.toMatchObject({ code: 'vendor_locked_out' })
    will(gives({}))
    const other = { vendor, connection: 'other', minTtlSeconds: 0 }
    await expect(vend(other, process())).rejects.toMatchObject({ code: 'vendor_paused', retryAfterSeconds: 300 })
    expect(calls).toHaveLength(1)
    clock.advance(300)
    expect(tokenOf(await vend(other, process()))).toBe('t2')
  })

  it('hears at most 20 wrong secrets in 5 minutes, from however many connections', async () => {
    const { process, secrets, clock } = world()
    clock.advance(-(The.now.getTime() / 1000) % 300)
    const { vendor, calls } = fakeVendor({ script: refuses('credential_rejected', 'no') })
    const connections = Array.from({ length: 50 }, (_, i) => `site-${i}`)
    for (const connection of connections) secrets.replace(`acme/${connection}`, { password: 'wrong' })
    await Promise.allSettled(connections.map((connection) => vend({ vendor, connection, minTtlSeconds: 0 }, process())))
    expect(calls).toHaveLength(20)
    clock.advance(299)
    await Promise.allSettled(connections.map((connection) => vend({ vendor, connection, minTtlSeconds: 0 }, process())))
    expect(calls).toHaveLength(20)
    clock.advance(5)
    await Promise.allSettled(connections.map((connection) => vend({ vendor, connection, minTtlSeconds: 0 }, process())))
    expect(calls).toHaveLength(40)
  })

  it('is given a pause that grows, and never one longer than a minute while a token is at hand', async () => {
    const { process, clock } = world()
    const { vendor, calls, will } = fakeVendor({ script: gives({ lifeSeconds: 100_000 }) })
    const { token } = await vend(ask(vendor), process())
    clock.advance((token.refreshAt.getTime() - clock.now().getTime()) / 1000)
    will(refuses('vendor_malformed', 'nonsense'))
    const pauses: number[] = []
    for (let i = 0; i < 10; i++) {
      const before = clock.now().getTime()
      const count = calls.length
      while (calls.length === count) {
        clock.advance(0.25)
        await vend(ask(vendor), process())
      }
      pauses.push((clock.now().getTime() - before) / 1000)
    }
    expect(pauses[3]).toBeGreaterThan(pauses[1] ?? Number.NaN)
    expect(Math.max(...pauses)).toBeLessThanOrEqual(60)
    expect(Math.min(...pauses.slice(1))).toBeGreaterThanOrEqual(1)
  })

  it('costs nothing but the caller its token when the error is none it should be', async () => {
    const { process, store } = world()
    const { vendor } = fakeVendor({
      script: () => {
        throw new TypeError('a bug')
      },
    })
    await expect(get(vendor, process())).rejects.toThrow(TypeError)
    expect((await store.read('acme#hq')).state.lease).toBeUndefined()
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

  it('that cannot be stored costs the caller the access token', async () => {
    const store = memoryStore()
    const { process } = world({ store })
    const { vendor } = fakeVendor({ script: gives({ refreshToken: 'r' }) })
    await expect(get(vendor, { ...process(), store: brokenStore(store, 'commit') })).rejects.toMatchObject({
      code: 'store_unavailable',
    })
    expect((await store.read('acme#hq')).token).toBeUndefined()
  })

  it('once stored, lets the caller have an access token that could not be cached', async () => {
    const store = memoryStore()
    const { process } = world({ store })
    const { vendor } = fakeVendor({ script: gives({ refreshToken: 'r' }) })
    const vended = await vend(ask(vendor), { ...process(), store: brokenStore(store, 'put') })
    expect(tokenOf(vended)).toBe('t1')
    expect(vended.warnings.map(({ code }) => code)).toEqual(['not_cached'])
  })
})

describe('a revoke', () => {
  it('in the middle of a renewal throws away what the vendor gives', async () => {
    const { process, clock, store } = world()
    const { vendor, calls } = fakeVendor({ script: takes(1, clock, gives({})) })
    const holder = get(vendor, process())
    await clock.sleep(0.5)
    await store.revoke('acme#hq')
    expect(await holder).toBe('t2')
    expect(calls).toHaveLength(2)
  })

  it('ends every token of before, also one that a late writer puts back', async () => {
    const { process, store } = world()
    const { vendor } = fakeVendor()
    await get(vendor, process())
    await store.revoke('acme#hq')
    expect(await get(vendor, process())).toBe('t2')
  })

  it('is not needed for a disabled connection, which vends nothing at all', async () => {
    const { process, store } = world()
    const { vendor } = fakeVendor()
    await get(vendor, process())
    await store.setStatus('acme#hq', 'disabled')
    await expect(get(vendor, process())).rejects.toMatchObject({ code: 'connection_disabled' })
    await store.setStatus('acme#hq', 'active')
    expect(await get(vendor, process())).toBe('t1')
  })
})

describe('replaced credentials', () => {
  it('C25 end the tokens obtained with the old ones as soon as the process has read the new', async () => {
    const { process, secrets, clock } = world()
    const { vendor, calls } = fakeVendor({ script: gives({ lifeSeconds: HOUR }) })
    const one = process()
    await get(vendor, one)
    secrets.replace('acme/hq', { password: 'p2' })
    await one.credentials.read('acme', 'hq', 0)
    clock.advance(5)
    expect(await get(vendor, one)).toBe('t2')
    expect(calls[1]?.password).toBe('p2')
  })

  it('C25 are not undone by a process that still remembers the old ones', async () => {
    const { process, secrets, clock } = world()
    const { vendor, calls } = fakeVendor()
    const old = process()
    await get(vendor, old)
    secrets.replace('acme/hq', { password: 'p2' })
    const fresh = process()
    await fresh.credentials.read('acme', 'hq', 0)
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
      stored: true,
      policy: { maxLifeSeconds: 365 * DAY },
      script: (context, held, call) =>
        gives({ name: 'jwt', lifeSeconds: days * DAY })({ ...context, now: () => The.now }, held, call),
    })

  it('needs no lease and leaves no token in the table', async () => {
    const { process, store } = world()
    const { vendor } = stored(300)
    const vended = await vend(ask(vendor), process())
    expect(vended.source).toBe('cache')
    const { state, token } = await store.read('acme#hq')
    expect(token).toBeUndefined()
    expect(state).toMatchObject({ epoch: 0, fence: 0, provenVersion: 'v1' })
  })

  it('C46 is handed out with a life of one minute, but not with less than its margin left', async () => {
    const { process, clock } = world()
    const { vendor } = stored(1 / (24 * 60))
    expect(await get(vendor, process())).toBe('jwt1')
    clock.advance(53.999)
    await get(vendor, process())
    clock.advance(0.001)
    await expect(get(vendor, process())).rejects.toMatchObject({ code: 'credential_expired' })
  })

  it('is taken from the new version of the secret at once when the old one has ended', async () => {
    const { process, secrets, clock } = world()
    const { vendor, calls } = fakeVendor({
      stored: true,
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
    expect((await vend(ask(vendor), one)).token.accessToken.expiresAt).toEqual(secondsAfter(The.now, DAY))
  })

  it('cannot give more than what is left of it', async () => {
    const { process } = world()
    const { vendor } = stored(2)
    expect(await get(vendor, process(), 2 * DAY)).toBe('jwt1')
    await expect(get(vendor, process(), 2 * DAY + 1)).rejects.toMatchObject({ code: 'min_ttl_unavailable' })
  })
})
