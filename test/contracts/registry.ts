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
      const acknowledgedGrant = { ...acknowledged, endsAt: later(99) }
      await registry.register(hq, { sweepAt: now, ends, acknowledged })
      await registry.register(hq, { sweepAt: now, acknowledgedGrant })
      await registry.register(hq, { sweepAt: now, owner: 'erp', keepWarm: true })
      await registry.register(hq, { sweepAt: now })
      expect(await stateOf()).toMatchObject({ ends, acknowledged, acknowledgedGrant, owner: 'erp', keepWarm: true })
      await registry.register(hq, { sweepAt: now, ends: 'never', keepWarm: false })
      const state = await stateOf()
      expect([state.ends, state.keepWarm]).toEqual([undefined, undefined])
      expect(state).toMatchObject({ acknowledged, owner: 'erp' })
    })

    describe('a forgotten connection', () => {
      /** One that has vended, was noted all that people note, and was retired. */
      async function forgotten() {
        const ends = { since: later(-3600), until: later(3600) }
        const acknowledgedGrant = { by: 'ann', at: now, until: later(60), endsAt: later(9) }
        await registry.register(hq, { sweepAt: now, owner: 'erp', keepWarm: true, ends, acknowledgedGrant })
        const lease = await tokens.acquire(hq, await stateOf(), { policy, now, until: later(15) })
        if (!lease) throw new Error('no lease')
        const grantEnd = { since: now, at: now, until: later(3600) }
        await tokens.record(lease, { success: { credentialVersion: 'v1', at: now, grantEnd } })
        await tokens.stop(hq, { kind: 'disable' })
        await tokens.stop(hq, { kind: 'revoke', refusedVersions: ['v1'] })
        return { lease, isForgotten: await registry.forget(hq) }
      }
      const left = { epoch: 1, fence: 1, refusedVersions: new Set(['v1']) }

      it('is neither listed nor due, and all that is left holds off late writers and refused tokens', async () => {
        const { lease, isForgotten } = await forgotten()
        expect(isForgotten).toBe(true)
        expect(await directory.page(acme)).toEqual([])
        expect(await registry.due(acme, later(1e6), 10)).toEqual([])
        const row = { exists: false, state: { status: 'disabled', ...left } }
        expect(await tokens.read(hq)).toEqual(row)
        expect(await directory.glance([hq])).toEqual([{ connection: hq, ...row }])
        expect(await tokens.record(lease, { success: { credentialVersion: 'v1', at: now } })).toBe('superseded')
        expect(await tokens.acquire(hq, await stateOf(), { policy, now, until: later(15) })).toBeUndefined()
        expect(await directory.page(acme)).toEqual([])
      })

      it('is not one that is in use, which stays as it is', async () => {
        await registry.register(hq, { sweepAt: now, owner: 'erp' })
        expect(await registry.forget(hq)).toBe(false)
        expect(await directory.page(acme)).toEqual([hq])
        expect(await stateOf()).toMatchObject({ status: 'active', owner: 'erp' })
        expect(await registry.forget(of('nobody'))).toBe(false)
        expect(await tokens.read(of('nobody'))).toMatchObject({ exists: false, state: { status: 'active' } })
      })

      it('may be forgotten again', async () => {
        await forgotten()
        expect(await registry.forget(hq)).toBe(true)
        expect(await tokens.read(hq)).toMatchObject({ exists: false, state: left })
      })

      it('stays forgotten, whoever was about to note something of it, and is not enabled', async () => {
        await forgotten()
        await registry.register(hq, { sweepAt: now, owner: 'late' })
        await registry.postpone(hq, { now, until: later(60) })
        await tokens.enable(hq)
        expect(await tokens.read(hq)).toEqual({ exists: false, state: { status: 'disabled', ...left } })
        expect(await directory.page(acme)).toEqual([])
      })

      it('reopens as new, but for fence and epoch, which never start again', async () => {
        await forgotten()
        await registry.register(hq, { sweepAt: later(5), owner: 'new', reopens: true })
        const state = { status: 'active', ...left, owner: 'new' }
        expect(await tokens.read(hq)).toEqual({ exists: true, state })
        expect(await directory.page(acme)).toEqual([hq])
        expect(await registry.due(acme, later(5), 10)).toEqual([hq])
        const lease = await tokens.acquire(hq, await stateOf(), { policy, now, until: later(15) })
        expect(lease).toMatchObject({ fence: 2, epoch: 1 })
        expect(lease?.refreshToken).toBeUndefined()
      })

      it('is a disabled one again when it is stopped, which reopening leaves alone', async () => {
        await forgotten()
        await tokens.stop(hq, { kind: 'disable' })
        await registry.register(hq, { sweepAt: now, reopens: true })
        expect(await tokens.read(hq)).toMatchObject({ exists: true, state: { status: 'disabled' } })
        expect(await directory.page(acme)).toEqual([hq])
      })
    })
  })
}
