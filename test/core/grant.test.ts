import type { Ask } from '../../functions/core/ask.ts'
import type { Runtime } from '../../functions/core/runtime.ts'
import { vend } from '../../functions/core/vend.ts'
import { fakeVendor, gives, refuses, type Script, world } from '../support/world.ts'

/** A vendor with a grant: a refresh token that may be spent by its first use. */
const fake = (script: Script = gives({ lifeSeconds: 3600, refreshToken: 'r' })) =>
  fakeVendor({ policy: { rotates: true }, script })
const ask = (vendor: Ask['vendor'], more: Partial<Ask> = {}): Ask => ({
  vendor,
  connection: 'hq',
  minTtlSeconds: 0,
  ...more,
})
const get = async (vendor: Ask['vendor'], runtime: Runtime, more: Partial<Ask> = {}) =>
  (await vend(ask(vendor, more), runtime)).token.accessToken.value.reveal()

async function connected() {
  const w = world()
  const grant = fake()
  await get(grant.vendor, w.process())
  return { ...w, ...grant, sent: () => grant.calls.map(({ refreshToken }) => refreshToken) }
}

describe('a grant', () => {
  it('C70 is refreshed once for 100 callers over 4 processes, and its refresh token used once', async () => {
    const { process, clock, vendor, will, sent } = await connected()
    will(async (...given) => {
      await clock.sleep(0.4)
      return gives({ refreshToken: 'r' })(...given)
    })
    clock.advance(3600)
    const runtimes = Array.from({ length: 4 }, process)
    const tokens = await Promise.all(Array.from({ length: 100 }, (_, i) => get(vendor, runtimes[i % 4] ?? process())))
    expect(new Set(tokens)).toEqual(new Set(['t2']))
    expect(sent()).toEqual([undefined, 'r1'])
  })

  it('whose refresh token is refused is dead: the last token is served with a warning, then a person is needed', async () => {
    const { process, clock, vendor, will, calls } = await connected()
    will(refuses('grant_rejected', 'the vendor refused the refresh token'))
    clock.advance(3300)
    expect((await vend(ask(vendor), process())).source).toBe('stale')
    const later = await vend(ask(vendor), process())
    expect([later.source, later.warnings[0]?.code]).toEqual(['cache', 'reconnect_needed'])
    clock.advance(300)
    await expect(get(vendor, process())).rejects.toMatchObject({ code: 'grant_rejected' })
    expect(calls).toHaveLength(2)
  })

  it('is not ended by the refusal of a refresh token that has been replaced meanwhile', async () => {
    const { process, clock, vendor, will, store } = await connected()
    clock.advance(3600)
    // The holder is frozen while it waits; another takes over, wins, and only then the refusal arrives.
    will(async () => {
      await clock.sleep(40)
      return refuses('grant_rejected', 'the vendor refused the refresh token')(...([] as unknown as Parameters<Script>))
    })
    const frozen = get(vendor, process())
    await clock.sleep(33)
    will(gives({ refreshToken: 'r' }))
    expect(await get(vendor, process())).toBe('t3')
    expect(await frozen).toBe('t3')
    expect((await store.read('acme#hq')).state.status).toBe('active')
  })

  it('of which no answer came is tried once more soon, then only each quarter of an hour', async () => {
    const { process, clock, vendor, will, sent, store } = await connected()
    will(refuses('vendor_unavailable', 'time-out'))
    clock.advance(3600)
    await expect(get(vendor, process())).rejects.toMatchObject({ code: 'vendor_unavailable' })
    expect((await store.read('acme#hq')).state.inDoubt).toBe(1)
    clock.advance(2)
    await expect(get(vendor, process())).rejects.toMatchObject({ code: 'vendor_unavailable' })
    expect(sent()).toEqual([undefined, 'r1', 'r1'])
    clock.advance(899)
    await expect(get(vendor, process())).rejects.toMatchObject({ code: 'vendor_unavailable' })
    expect(sent()).toHaveLength(3)
    clock.advance(1)
    will(gives({ refreshToken: 'r' }))
    expect(await get(vendor, process())).toBe('t4')
    expect((await store.read('acme#hq')).state.inDoubt).toBeUndefined()
  })

  it('C71 that the vendor will not speak of plainly is doubted three times over a quarter of an hour, then given up', async () => {
    const { process, clock, vendor, will, calls, store } = await connected()
    will(refuses('grant_doubtful', 'the vendor answered an error without a reason', { strikes: 3 }))
    clock.advance(3000)
    const times: number[] = []
    for (let second = 0; second < 540; second += 10) {
      const before = calls.length
      expect(['stale', 'cache']).toContain((await vend(ask(vendor), process())).source)
      if (calls.length > before) times.push(second)
      clock.advance(10)
    }
    expect(times).toEqual([0, 60, 300])
    expect((await store.read('acme#hq')).state.status).toBe('reconnect')
  })

  it('whose refresh token may have been spent is dead at the first refusal after that', async () => {
    const { process, clock, vendor, will, store } = await connected()
    will(refuses('vendor_unavailable', 'the answer was lost'))
    clock.advance(3600)
    await expect(get(vendor, process())).rejects.toMatchObject({ code: 'vendor_unavailable' })
    clock.advance(2)
    will(refuses('grant_doubtful', 'the vendor answered an error without a reason', { strikes: 3 }))
    await expect(get(vendor, process())).rejects.toMatchObject({ code: 'grant_rejected' })
    expect((await store.read('acme#hq')).state.status).toBe('reconnect')
  })

  it('does not reach the vendor when the intent to refresh cannot be written', async () => {
    const { process, clock, vendor, calls, store } = await connected()
    clock.advance(3600)
    const one = process()
    const deaf = new Proxy(store, {
      get: (target, name, receiver) =>
        name === 'intend' ? async () => undefined : Reflect.get(target, name, receiver),
    })
    const vending = get(vendor, { ...one, store: deaf })
    await expect(vending).rejects.toMatchObject({ code: 'busy' })
    expect(calls).toHaveLength(1)
  })
})

describe('a refused token', () => {
  const fingerprintOf = async (vendor: Ask['vendor'], runtime: Runtime) =>
    (await vend(ask(vendor), runtime)).token.accessToken.value.fingerprint

  it('is replaced by one renewal for 200 reports over 4 processes', async () => {
    const { process, clock } = world()
    const { vendor, calls, will } = fakeVendor()
    const rejected = await fingerprintOf(vendor, process())
    will(async (...given) => {
      await clock.sleep(0.3)
      return gives({})(...given)
    })
    const runtimes = Array.from({ length: 4 }, process)
    const tokens = await Promise.all(
      Array.from({ length: 200 }, (_, i) => get(vendor, runtimes[i % 4] ?? process(), { rejected })),
    )
    expect(new Set(tokens)).toEqual(new Set(['t2']))
    expect(calls).toHaveLength(2)
  })

  it('of an earlier time gets the current one and no vendor call, also when that is ageing', async () => {
    const { process, clock } = world()
    const { vendor, calls } = fakeVendor()
    await get(vendor, process())
    expect(await get(vendor, process(), { rejected: '0'.repeat(16) })).toBe('t1')
    clock.advance(3300)
    expect(await get(vendor, process(), { rejected: '0'.repeat(16) })).toBe('t1')
    expect(calls).toHaveLength(1)
  })

  it('is still served to everybody else, and to all when renewing it fails', async () => {
    const { process } = world()
    const { vendor, will } = fakeVendor()
    const rejected = await fingerprintOf(vendor, process())
    will(refuses('vendor_throttled', 'wait', { retryAfterSeconds: 60 }))
    await expect(get(vendor, process(), { rejected })).rejects.toMatchObject({ code: 'vendor_throttled' })
    expect(await get(vendor, process())).toBe('t1')
  })

  it('is renewed once a minute and 30 times an hour at most', async () => {
    const { process, clock } = world()
    const { vendor } = fakeVendor()
    let rejected = await fingerprintOf(vendor, process())
    const report = async () => {
      const { token } = await vend(ask(vendor, { rejected }), process())
      rejected = token.accessToken.value.fingerprint
    }
    await report()
    await expect(report()).rejects.toMatchObject({ code: 'refresh_rate_limited' })
    for (let i = 1; i < 30; i++) {
      clock.advance(60)
      await report()
    }
    clock.advance(60)
    await expect(report()).rejects.toMatchObject({ code: 'refresh_rate_limited' })
    clock.advance(1800)
    await report()
  })
})
