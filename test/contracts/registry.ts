import type { Registry, TokenStore } from '../../functions/core/store.ts'
import type { Directory } from '../../functions/keeper/directory.ts'
import { acme, apex, hq, later, now, policy } from './vendors.ts'

/** What every registry promises, whatever it is made of. */
export function registryContract(
  name: string,
  open: () => Promise<{ readonly registry: Registry; readonly tokens: TokenStore; readonly directory: Directory }>,
): void {
  describe(`${name} as a registry`, () => {
    let registry: Registry
    let tokens: TokenStore
    let directory: Directory
    beforeEach(async () => {
      ;({ registry, tokens, directory } = await open())
    })

    const of = (connection: string, vendor = acme) => ({ vendor, name: connection })
    const stateOf = async (connection = hq) => (await tokens.read(connection)).state

    it('lists the connections of a vendor that were registered or vended, by name', async () => {
      await registry.register(of('late'), { owner: 'ada@acme.example', sweepAt: now })
      await registry.register(of('b'), { sweepAt: later(10) })
      await registry.register(of('a', apex), { sweepAt: now })
      const { state } = await tokens.read(hq)
      const lease = await tokens.acquire(hq, state, { policy, now, until: later(15) })
      if (lease) await tokens.record(lease, { success: { credentialVersion: 'v1', at: now } })
      expect(await directory.page(acme)).toEqual([of('b'), hq, of('late')])
      expect(await directory.page(apex)).toEqual([of('a', apex)])
      expect(await stateOf(of('late'))).toEqual({ status: 'active', epoch: 0, fence: 0, owner: 'ada@acme.example' })
    })

    it('does not list what was only stopped', async () => {
      await tokens.stop(hq, { kind: 'disable' })
      expect(await directory.page(acme)).toEqual([])
    })

    it('names whose turn has come, the longest due first, and no more than asked for', async () => {
      await registry.register(of('late'), { sweepAt: later(20) })
      await registry.register(of('early'), { sweepAt: later(10) })
      await registry.register(of('a', apex), { sweepAt: now })
      expect(await registry.due(acme, later(9.999), 10)).toEqual([])
      expect(await registry.due(acme, later(10), 10)).toEqual([of('early')])
      expect(await registry.due(acme, later(20), 10)).toEqual([of('early'), of('late')])
      expect(await registry.due(acme, later(20), 1)).toEqual([of('early')])
    })

    it('puts a turn off, unless something else has done so', async () => {
      await registry.register(hq, { sweepAt: later(10) })
      await registry.postpone(hq, { now: later(9.999), until: later(60) })
      expect(await registry.due(acme, later(10), 10)).toEqual([hq])
      await registry.postpone(hq, { now: later(20), until: later(60) })
      expect(await registry.due(acme, later(59.999), 10)).toEqual([])
      await registry.postpone(hq, { now: later(20), until: later(30) })
      expect(await registry.due(acme, later(59.999), 10)).toEqual([])
      expect(await registry.due(acme, later(60), 10)).toEqual([hq])
    })

    it('does not make a connection known by putting its turn off', async () => {
      await registry.postpone(hq, { now, until: later(60) })
      expect(await tokens.read(hq)).toMatchObject({ exists: false })
      expect(await directory.page(acme)).toEqual([])
    })

    it('leaves the next turn of a connection where it is, unless it is to wake', async () => {
      await registry.register(hq, { sweepAt: later(60) })
      await registry.register(hq, { sweepAt: now })
      expect(await registry.due(acme, now, 10)).toEqual([])
      await registry.register(hq, { sweepAt: now, wakes: true })
      expect(await registry.due(acme, now, 10)).toEqual([hq])
    })

    it('notes when a caller uses a connection, if it is known', async () => {
      await registry.touch(hq, now)
      expect(await tokens.read(hq)).toMatchObject({ exists: false })
      await registry.register(hq, { sweepAt: now, keepWarm: true })
      await registry.touch(hq, later(5))
      expect(await stateOf()).toMatchObject({ usedAt: later(5), keepWarm: true })
    })

    it('changes what is given and keeps the rest', async () => {
      const ends = { since: later(-3600), until: later(3600) }
      const person = { by: 'arn:aws:iam::1:user/ann', at: now, note: 'on it' }
      const acknowledged = { ...person, until: later(60), endsAt: later(9) }
      await registry.register(hq, { sweepAt: now, ends, acknowledged })
      await registry.register(hq, { sweepAt: now, owner: 'erp', keepWarm: true })
      await registry.register(hq, { sweepAt: now })
      expect(await stateOf()).toMatchObject({ ends, acknowledged, owner: 'erp', keepWarm: true })
      await registry.register(hq, { sweepAt: now, ends: 'never', keepWarm: false })
      const state = await stateOf()
      expect([state.ends, state.keepWarm]).toEqual([undefined, undefined])
      expect(state).toMatchObject({ acknowledged, owner: 'erp' })
    })
  })
}
