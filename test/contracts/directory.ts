import type { CachedToken, Registry, TokenStore } from '../../functions/core/store.ts'
import type { Directory } from '../../functions/keeper/directory.ts'
import { Secret } from '../../functions/kit/secret.ts'
import { acme, apex, hq, later, mnemo, now, policy } from './vendors.ts'

/** What every directory promises, whatever it is made of. */
export function directoryContract(
  name: string,
  open: () => Promise<{ readonly registry: Registry; readonly tokens: TokenStore; readonly directory: Directory }>,
): void {
  describe(`${name} as a directory`, () => {
    let registry: Registry
    let tokens: TokenStore
    let directory: Directory
    beforeEach(async () => {
      ;({ registry, tokens, directory } = await open())
    })

    const of = (connection: string, vendor = acme) => ({ vendor, name: connection })

    it('gives pages that are complete and without doubles, whatever happens in between', async () => {
      const named = (...names: string[]) => names.map((name) => of(name))
      for (const name of ['e', 'a-1', 'c', 'a', 'b', 'd']) await registry.register(of(name), { sweepAt: now })
      await registry.register(of('b-of-apex', apex), { sweepAt: now })
      expect(await directory.page(acme, { limit: 2 })).toEqual(named('a', 'a-1'))
      // One comes before the place, one behind it, one has its turn put off, and one is stopped.
      await registry.register(of('0'), { sweepAt: now })
      await registry.register(of('b0'), { sweepAt: now })
      await registry.postpone(of('c'), { now, until: later(60) })
      await tokens.stop(of('d'), { kind: 'disable' })
      expect(await directory.page(acme, { after: 'a-1', limit: 2 })).toEqual(named('b', 'b0'))
      // The place need not be a connection.
      expect(await directory.page(acme, { after: 'b1', limit: 10 })).toEqual(named('c', 'd', 'e'))
      expect(await directory.page(acme, { after: 'e', limit: 10 })).toEqual([])
      expect(await directory.page(acme, { after: 'b' })).toEqual(named('b0', 'c', 'd', 'e'))
    })

    it('shows many rows as they are read one by one, in their order, without the tokens themselves', async () => {
      const lease = await tokens.acquire(hq, (await tokens.read(hq)).state, { policy, now, until: later(15) })
      if (!lease) throw new Error('no lease')
      const accessToken = { value: new Secret('t1'), issuedAt: now, expiresAt: later(3600), context: {} }
      const success = { credentialVersion: 'v1', at: now, used: true } as const
      await tokens.record(lease, { success, refreshToken: new Secret('r1') })
      const { fence, epoch } = lease
      const token: CachedToken = {
        policy: 'table',
        accessToken,
        refreshAt: later(2880),
        fence,
        epoch,
        credentialVersion: 'v1',
      }
      await tokens.put(lease, token)
      const leased = of('leased')
      await tokens.acquire(leased, (await tokens.read(leased)).state, { policy, now, until: later(15) })
      const failure = {
        code: 'vendor_unavailable',
        detail: 'd',
        count: 1,
        since: now,
        credentialVersion: 'v1',
      } as const
      await tokens.record({ connection: of('hq', mnemo), epoch: 0 }, { failure })
      await registry.register(of('known'), { sweepAt: now, owner: 'ann', keepWarm: true })
      const others = Array.from({ length: 120 }, (_, i) => of(`nobody-${i}`))
      const asked = [leased, of('known'), ...others, of('hq', mnemo), hq]
      const seen = await directory.glance(asked)
      expect(seen.map(({ connection }) => connection)).toEqual(asked)
      for (const { connection, token: held, ...row } of seen.filter((_, i) => i < 4 || i > 118)) {
        const { token: opened, ...read } = await tokens.read(connection)
        expect(row).toEqual(read)
        expect(held === undefined).toBe(opened === undefined)
      }
      expect(seen.at(-1)?.token).toEqual({
        accessToken: { issuedAt: now, expiresAt: later(3600) },
        ...{ refreshAt: later(2880), fence, epoch },
      })
      expect(seen[0]?.state.lease).toEqual({ since: now, until: later(15) })
    })

    it('has nothing to show of nothing', async () => {
      expect(await directory.glance([])).toEqual([])
    })
  })
}
