import type { Ask } from '../../functions/core/ask.ts'
import type { Lease, TokenStore } from '../../functions/core/store.ts'
import { vend } from '../../functions/core/vend.ts'
import { memoryStore } from '../support/memory-store.ts'
import { fakeVendor, gives, refuses, type Script, world } from '../support/world.ts'

const policy = { keep: 'memory' as const, maxLifeSeconds: 3600, refreshAfter: 0.5 }
const fake = (script?: Script) => fakeVendor({ policy, ...(script && { script }) })
const ask = (vendor: Ask['vendor'], more: Partial<Ask> = {}): Ask => ({
  vendor,
  connection: 'hq',
  minTtlSeconds: 0,
  ...more,
})
const minutes = (count: number) => count * 60

/** What would have been written down. */
function spied(store: TokenStore) {
  const written: string[] = []
  const spy = new Proxy(store, {
    get: (target, name, receiver) => {
      const method: unknown = Reflect.get(target, name, receiver)
      if (typeof method !== 'function') return method
      return (...parameters: unknown[]) => {
        written.push(JSON.stringify([name, ...parameters], (_, value) => value?.reveal?.() ?? value))
        return method.apply(target, parameters)
      }
    },
  })
  return { spy, written }
}

describe('a token that may not be stored', () => {
  it('C88 is never handed to the store, by any method', async () => {
    const { spy, written } = spied(memoryStore())
    const { process, clock } = world({ store: spy })
    const { vendor } = fake(gives({ name: 'canary' }))
    const one = process()
    await vend(ask(vendor), one)
    clock.advance(minutes(40))
    await vend(ask(vendor), one)
    expect(written.length).toBeGreaterThan(3)
    expect(written.join()).not.toContain('canary')
    expect(written.some((call) => /"(acquire|commit|put)"/.test(call))).toBe(false)
  })

  it('does not fit into a store: the compiler refuses it', () => {
    const wrong = (store: TokenStore, lease: Lease, token: import('../../functions/core/store.ts').HeldToken) =>
      // @ts-expect-error a HeldToken may be one of memory; only a StoredToken says that it may be written down
      store.put(lease, token)
    expect(typeof wrong).toBe('function')
  })

  it('C87 is served for the first half of its life, and renewed in the second', async () => {
    const { process, clock } = world()
    const { vendor, calls } = fake()
    const one = process()
    await vend(ask(vendor), one)
    clock.advance(minutes(26))
    expect((await vend(ask(vendor), one)).source).toBe('cache')
    clock.advance(minutes(8))
    expect((await vend(ask(vendor), one)).source).toBe('vendor')
    expect(calls).toHaveLength(2)
  })

  it('C87 is served until its margin when renewing it fails', async () => {
    const { process, clock } = world()
    const { vendor, will } = fake()
    const one = process()
    await vend(ask(vendor), one)
    will(refuses('vendor_malformed', 'nonsense'))
    clock.advance(minutes(58.5))
    expect((await vend(ask(vendor), one)).source).toBe('stale')
    clock.advance(minutes(1))
    await expect(vend(ask(vendor), one)).rejects.toMatchObject({ code: 'vendor_malformed' })
  })

  it('C94 is obtained by each process for itself, and once for all callers within one', async () => {
    const { process, clock } = world()
    const { vendor, calls } = fake(async (...given) => {
      await clock.sleep(0.3)
      return gives({})(...given)
    })
    const runtimes = Array.from({ length: 5 }, process)
    await Promise.all(runtimes.flatMap((runtime) => Array.from({ length: 20 }, () => vend(ask(vendor), runtime))))
    expect(calls).toHaveLength(5)
  })

  it('ends with a revoke, a disabled connection and new credentials', async () => {
    const { process, store, secrets, clock } = world()
    const { vendor, calls } = fake()
    const one = process()
    await vend(ask(vendor), one)
    await store.revoke('acme#hq')
    clock.advance(5)
    await vend(ask(vendor), one)
    expect(calls).toHaveLength(2)
    secrets.replace('acme/hq', { password: 'p2' })
    clock.advance(300)
    await vend(ask(vendor), one)
    expect(calls.map(({ password }) => password)).toEqual(['p1', 'p1', 'p2'])
    await store.setStatus('acme#hq', 'disabled')
    clock.advance(5)
    await expect(vend(ask(vendor), one)).rejects.toMatchObject({ code: 'connection_disabled' })
  })

  it('is remembered to have failed by all processes', async () => {
    const { process } = world()
    const { vendor, calls } = fake(refuses('credential_rejected', 'the key was regenerated'))
    await expect(vend(ask(vendor), process())).rejects.toMatchObject({ code: 'credential_rejected' })
    await expect(vend(ask(vendor), process())).rejects.toMatchObject({ code: 'credential_rejected' })
    expect(calls).toHaveLength(1)
  })

  it('is counted: people hear of 30 in an hour, and at 120 it ends until the next', async () => {
    const { process, notices, clock } = world()
    const { vendor, calls } = fake()
    for (let i = 0; i < 120; i++) await vend(ask(vendor), process())
    expect(notices).toEqual([{ kind: 'minting', vendor: 'acme', title: 'Acme', connection: 'hq', count: 30 }])
    await expect(vend(ask(vendor), process())).rejects.toMatchObject({ code: 'vendor_paused', retryAfterSeconds: 3600 })
    expect(calls).toHaveLength(120)
    clock.advance(3600)
    expect((await vend(ask(vendor), process())).source).toBe('vendor')
  })

  it('that was refused is replaced once, and a report of another costs nothing', async () => {
    const { process } = world()
    const { vendor, calls } = fake()
    const one = process()
    const { token } = await vend(ask(vendor), one)
    const rejected = token.accessToken.value.fingerprint
    const [first] = await Promise.all(Array.from({ length: 20 }, () => vend(ask(vendor, { rejected }), one)))
    expect(first?.token.accessToken.value.reveal()).toBe('t2')
    expect((await vend(ask(vendor, { rejected }), one)).token.accessToken.value.reveal()).toBe('t2')
    expect(calls).toHaveLength(2)
  })
})
