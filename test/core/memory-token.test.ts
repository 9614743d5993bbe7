import type { Vended, VendRequest } from '../../functions/core/request.ts'
import type { HeldToken, Lease, TokenStore } from '../../functions/core/store.ts'
import { vend } from '../../functions/core/vend.ts'
import type { Vendor } from '../../functions/kit/vendor.ts'
import { memoryTable } from '../support/memory-store.ts'
import { happensAfter } from '../support/ports.ts'
import { type Clock, fakeVendor, gives, refuses, type Script, The, world } from '../support/world.ts'

const policy = { storage: 'memory' as const, maxLifeSeconds: 3600, refreshAfter: 0.5 }
const fake = (script?: Script) => fakeVendor({ policy, ...(script && { script }) })
const wanted = (vendor: Vendor, more: Partial<VendRequest> = {}): VendRequest => ({
  connection: { vendor, name: The.connection },
  minTtlSeconds: 0,
  ...more,
})
const minutes = (count: number) => count * 60

/** A port that notes what is written by any of its methods. */
function spied<P extends object>(port: P) {
  const written: string[] = []
  const spy = new Proxy(port, {
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
  it('is never handed to a port, by any method', async () => {
    const table = memoryTable()
    const [tokens, registry, allowance] = [spied(table.tokens), spied(table.registry), spied(table.allowance)]
    const { process, clock } = world({ tokens: tokens.spy, registry: registry.spy, allowance: allowance.spy })
    const { vendor } = fake(gives({ name: 'canary' }))
    const one = process()
    await vend(wanted(vendor), one)
    clock.advance(minutes(40))
    await vend(wanted(vendor), one)
    expect(tokens.written.length).toBeGreaterThan(3)
    expect([tokens, registry, allowance].flatMap(({ written }) => written).join()).not.toContain('canary')
    expect(tokens.written.some((call) => /^\["(acquire|put|noteSend)"/.test(call))).toBe(false)
  })

  it('does not fit into a store: the compiler refuses it', () => {
    const wrong = (tokens: TokenStore, lease: Lease, token: HeldToken) =>
      // @ts-expect-error a HeldToken may be one of memory; only a CachedToken says that it may be written down
      tokens.put(lease, token)
    expect(typeof wrong).toBe('function')
  })

  it('is served for the first half of its life, and renewed in the second', async () => {
    const { process, clock } = world()
    const { vendor, calls } = fake()
    const one = process()
    await vend(wanted(vendor), one)
    clock.advance(minutes(26))
    expect((await vend(wanted(vendor), one)).source).toBe('cache')
    clock.advance(minutes(8))
    expect((await vend(wanted(vendor), one)).source).toBe('vendor')
    expect(calls).toHaveLength(2)
  })

  it('is served until its margin when renewing it fails', async () => {
    const { process, clock } = world()
    const { vendor, will } = fake()
    const one = process()
    await vend(wanted(vendor), one)
    will(refuses('vendor_malformed', 'nonsense'))
    clock.advance(minutes(58.5))
    expect((await vend(wanted(vendor), one)).source).toBe('stale')
    clock.advance(minutes(1))
    await expect(vend(wanted(vendor), one)).rejects.toMatchObject({ code: 'vendor_malformed' })
  })

  it('is obtained by each process for itself, and once for all callers within one', async () => {
    const { process, clock } = world()
    const { vendor, calls } = fake(async (...given) => {
      await clock.sleep(0.3)
      return gives({})(...given)
    })
    const runtimes = Array.from({ length: 5 }, process)
    await Promise.all(runtimes.flatMap((runtime) => Array.from({ length: 20 }, () => vend(wanted(vendor), runtime))))
    expect(calls).toHaveLength(5)
  })

  it('ends with a revoke, a disabled connection and new credentials', async () => {
    const { process, tokens, secrets, clock } = world()
    const { vendor, connection, calls } = fake()
    const one = process()
    await vend(wanted(vendor), one)
    await tokens.stop(connection, { kind: 'revoke' })
    clock.advance(5)
    await vend(wanted(vendor), one)
    expect(calls).toHaveLength(2)
    secrets.replace('acme/hq', { password: 'p2' })
    clock.advance(300)
    await vend(wanted(vendor), one)
    expect(calls.map(({ password }) => password)).toEqual(['p1', 'p1', 'p2'])
    await tokens.stop(connection, { kind: 'disable' })
    clock.advance(5)
    await expect(vend(wanted(vendor), one)).rejects.toMatchObject({ code: 'connection_disabled' })
  })

  it('is remembered to have failed by all processes', async () => {
    const { process } = world()
    const { vendor, calls } = fake(refuses('credential_rejected', 'the key was regenerated'))
    await expect(vend(wanted(vendor), process())).rejects.toMatchObject({ code: 'credential_rejected' })
    await expect(vend(wanted(vendor), process())).rejects.toMatchObject({ code: 'credential_rejected' })
    expect(calls).toHaveLength(1)
  })

  it('is counted: people hear of 30 in an hour, and at 120 it ends until the next', async () => {
    const { process, notices, clock } = world()
    const { vendor, calls } = fake()
    for (let i = 0; i < 120; i++) await vend(wanted(vendor), process())
    expect(notices).toEqual([{ kind: 'many_obtained', vendor: 'acme', title: 'Acme', connection: 'hq', count: 30 }])
    await expect(vend(wanted(vendor), process())).rejects.toMatchObject({
      code: 'vendor_paused',
      retryAfterSeconds: 3600,
    })
    expect(calls).toHaveLength(120)
    clock.advance(3600)
    expect((await vend(wanted(vendor), process())).source).toBe('vendor')
  })

  it('that was refused is replaced once, and a report of another costs nothing', async () => {
    const { process } = world()
    const { vendor, calls } = fake()
    const one = process()
    const { token } = await vend(wanted(vendor), one)
    const rejected = token.accessToken.value.fingerprint
    const [first] = await Promise.all(Array.from({ length: 20 }, () => vend(wanted(vendor, { rejected }), one)))
    expect(first?.token.accessToken.value.reveal()).toBe('t2')
    expect((await vend(wanted(vendor, { rejected }), one)).token.accessToken.value.reveal()).toBe('t2')
    expect(calls).toHaveLength(2)
  })

  it('cannot be obtained so often by asking for a long life that nobody has one any more', async () => {
    const { process, clock } = world()
    const { vendor, calls } = fake()
    const runtimes = Array.from({ length: 4 }, process)
    const sources = new Set<string>()
    for (let i = 0; i < 58; i++) {
      for (const runtime of runtimes) {
        const vended = await vend(wanted(vendor, { minTtlSeconds: 3539 }), runtime)
        sources.add(vended.source)
        if (vended.source === 'stale')
          expect(vended.warnings.map(({ code }) => code)).toEqual(['not_renewed', 'min_ttl_not_met'])
      }
      clock.advance(62)
    }
    // What every process obtains anyway, each half hour, and 30 that were forced.
    expect(calls.length).toBeLessThanOrEqual(4 * 3 + 30)
    expect(calls.length).toBeGreaterThan(4 + 20)
    expect(sources).toEqual(new Set(['vendor', 'stale']))
    expect((await vend(wanted(vendor), process())).source).toBe('vendor')
  })

  it('gives the longer life that a caller wants while nobody overdoes it', async () => {
    const { process, clock } = world()
    const { vendor } = fake()
    const one = process()
    await vend(wanted(vendor), one)
    clock.advance(100)
    expect((await vend(wanted(vendor, { minTtlSeconds: 3500 }), one)).source).toBe('cache')
    clock.advance(1)
    expect((await vend(wanted(vendor, { minTtlSeconds: 3500 }), one)).source).toBe('vendor')
  })

  it('is given to who wants any, though another who shares it wanted more than the vendor can give', async () => {
    const { process } = world()
    const { vendor, calls } = fake(gives({ lifeSeconds: 1800 }))
    const one = process()
    const [greedy, modest] = await Promise.allSettled([
      vend(wanted(vendor, { minTtlSeconds: 3000 }), one),
      vend(wanted(vendor), one),
    ])
    expect(greedy).toMatchObject({ status: 'rejected', reason: { code: 'min_ttl_unavailable' } })
    expect(modest).toMatchObject({ status: 'fulfilled', value: { source: 'vendor' } })
    expect(calls).toHaveLength(1)
  })

  it('is served while it lives when no more may be obtained in this hour', async () => {
    const { process, clock } = world()
    const { vendor, calls } = fake()
    clock.advance(minutes(30))
    const one = process()
    await vend(wanted(vendor), one)
    clock.advance(minutes(34))
    for (let i = 0; i < 120; i++) await vend(wanted(vendor), process())
    await expect(vend(wanted(vendor), process())).rejects.toMatchObject({ code: 'vendor_paused' })
    const vended = await vend(wanted(vendor), one)
    expect([vended.source, vended.token.accessToken.value.reveal()]).toEqual(['stale', 't1'])
    expect(calls).toHaveLength(121)
  })
})

describe('a revoke, where tokens stay in memory,', () => {
  const takes =
    (seconds: number, clock: Clock, script: Script = gives({})): Script =>
    async (...given) => {
      await clock.sleep(seconds)
      return script(...given)
    }
  const tokenOf = ({ token }: Vended) => token.accessToken.value.reveal()

  it('ends a token that is being obtained: another is, and that is handed out', async () => {
    const { process, clock, tokens } = world()
    const { vendor, connection, will, calls } = fake()
    will(takes(2, clock))
    const one = process()
    const vending = vend(wanted(vendor), one)
    await clock.sleep(1)
    await tokens.stop(connection, { kind: 'revoke' })
    expect(tokenOf(await vending)).toBe('t2')
    expect(tokenOf(await vend(wanted(vendor), one))).toBe('t2')
    expect(calls).toHaveLength(2)
  })

  it('ends an ageing token also for who fails to renew it meanwhile', async () => {
    const { process, clock, tokens } = world()
    const { vendor, connection, will } = fake()
    const one = process()
    await vend(wanted(vendor), one)
    clock.advance(minutes(40))
    will(takes(4, clock, refuses('vendor_malformed', 'nonsense')))
    const outcome = expect(vend(wanted(vendor), one)).rejects.toMatchObject({ code: 'vendor_malformed' })
    await clock.sleep(1)
    await tokens.stop(connection, { kind: 'revoke' })
    await outcome
  })

  it('leaves an ageing token of another connection to who fails to renew it', async () => {
    const { process, clock, tokens, secrets } = world()
    secrets.replace('acme/other', { password: 'p1' })
    const { vendor, will } = fake()
    const one = process()
    await vend(wanted(vendor), one)
    clock.advance(minutes(40))
    will(takes(4, clock, refuses('vendor_malformed', 'nonsense')))
    const vending = vend(wanted(vendor), one)
    await clock.sleep(1)
    await tokens.stop({ vendor, name: 'other' }, { kind: 'revoke' })
    const vended = await vending
    expect([vended.source, tokenOf(vended)]).toEqual(['stale', 't1'])
  })

  it('is heard within 5 seconds after the table was read, however slow the reading was', async () => {
    const { process, clock, tokens } = world()
    const { vendor, connection } = fake()
    const one = process()
    await vend(wanted(vendor), one)
    clock.advance(10)
    const slow = { ...one, tokens: happensAfter(tokens, 'read', () => clock.sleep(3)) }
    expect(tokenOf(await vend(wanted(vendor), slow))).toBe('t1')
    await tokens.stop(connection, { kind: 'revoke' })
    clock.advance(1.999)
    expect(tokenOf(await vend(wanted(vendor), one))).toBe('t1')
    clock.advance(0.001)
    expect(tokenOf(await vend(wanted(vendor), one))).toBe('t2')
  })
})
