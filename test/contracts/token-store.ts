import type { Failure } from '../../functions/core/failure.ts'
import type { CachedToken, Lease, Outcome, Registry, State, Success, TokenStore } from '../../functions/core/store.ts'
import type { Directory } from '../../functions/keeper/directory.ts'
import { Secret } from '../../functions/kit/secret.ts'
import { acme, apex, hq, later, mnemo, now, policy } from './vendors.ts'

const token = (lease: Lease, value = 't1'): CachedToken => ({
  policy: 'table',
  accessToken: {
    value: new Secret(value),
    issuedAt: now,
    expiresAt: later(3600),
    scope: 'read',
    context: { account: '17' },
  },
  refreshAt: later(2880),
  fence: lease.fence,
  epoch: lease.epoch,
  credentialVersion: 'v1',
})

const success: Success = { credentialVersion: 'v1', usualSeconds: 0.25, at: now }
const worked = (refreshToken?: string, more: Partial<Success> = {}): Outcome => ({
  ...(refreshToken !== undefined && { refreshToken: new Secret(refreshToken) }),
  success: { ...success, ...more },
})

const failure: Failure = {
  code: 'vendor_unavailable',
  detail: 'Acme answered 503',
  count: 2,
  since: now,
  until: later(30),
  credentialVersion: 'v1',
}
const { credentialVersion: _, until: __, ...ofGrant } = failure
const grantEnded: Failure = { ...ofGrant, code: 'grant_rejected' }

/** What every token store promises, whatever it is made of. */
export function tokenStoreContract(
  name: string,
  open: () => Promise<{ readonly tokens: TokenStore; readonly registry: Registry; readonly directory: Directory }>,
): void {
  describe(`${name} as a token store`, () => {
    let store: TokenStore
    let registry: Registry
    let directory: Directory
    beforeEach(async () => {
      ;({ tokens: store, registry, directory } = await open())
    })

    const stateNow = async (): Promise<State> => (await store.read(hq)).state
    const acquire = async (seen?: State, at = 0) =>
      store.acquire(hq, seen ?? (await stateNow()), { policy, now: later(at), until: later(at + 15) })
    const mustAcquire = async (at = 0): Promise<Lease> => {
      const lease = await acquire(undefined, at)
      if (!lease) throw new Error('no lease')
      return lease
    }
    const reveal = async () => (await store.read(hq)).token?.accessToken.value.reveal()
    /** Obtains the first refresh token, with nothing left under way. */
    const connect = async (refreshToken = 'r1'): Promise<void> => {
      const lease = await mustAcquire()
      await store.record(lease, worked(refreshToken))
      await store.record(lease, {})
    }
    const refreshTokenNow = async (): Promise<string | undefined> => {
      const lease = await mustAcquire(1000)
      await store.record(lease, {})
      return lease.refreshToken?.reveal()
    }

    describe('of what is there', () => {
      it('knows nothing of a connection that nobody has used', async () => {
        expect(await store.read(hq)).toEqual({ exists: false, state: { status: 'active', epoch: 0, fence: 0 } })
      })

      it('gives back what was put, to the millisecond', async () => {
        const lease = await mustAcquire()
        await store.record(lease, worked())
        await store.put(lease, token(lease))
        const { exists, state, token: held } = await store.read(hq)
        expect(exists).toBe(true)
        expect(await reveal()).toBe('t1')
        expect(held).toEqual({
          ...token(lease),
          accessToken: { ...token(lease).accessToken, value: held?.accessToken.value },
        })
        expect(state).toEqual({
          ...{ status: 'active', epoch: 0, fence: 1 },
          ...{ provenVersion: 'v1', usualSeconds: 0.25, succeededAt: now },
        })
      })

      it('keeps the connections of a vendor apart, and those of the same name at two vendors', async () => {
        await connect()
        for (const other of [
          { vendor: acme, name: 'hq2' },
          { ...hq, vendor: apex },
        ])
          expect(await store.read(other)).toMatchObject({ exists: false })
      })
    })

    describe('of leases', () => {
      it('gives one to 50 who ask at once', async () => {
        const state = await stateNow()
        const leases = await Promise.all(Array.from({ length: 50 }, () => acquire(state)))
        expect(leases.filter(Boolean)).toHaveLength(1)
      })

      it('says how long it is held, by whom it was not, and under what policy', async () => {
        const lease = await mustAcquire(5)
        expect(lease).toMatchObject({ connection: hq, policy, fence: 1, epoch: 0, since: later(5), until: later(20) })
        expect((await stateNow()).lease).toEqual({ since: later(5), until: later(20) })
      })

      it('gives none to a caller whose reading is out of date', async () => {
        const state = await stateNow()
        await store.record(await mustAcquire(), {})
        expect(await acquire(state)).toBeUndefined()
        expect((await mustAcquire()).fence).toBe(2)
      })

      it('gives none to a caller who has not seen a revoke', async () => {
        await connect()
        const state = await stateNow()
        await store.stop(hq, { kind: 'revoke' })
        expect(await acquire(state)).toBeUndefined()
        expect(await acquire({ ...state, epoch: state.epoch + 2 })).toBeUndefined()
        expect(await acquire()).toBeDefined()
      })

      it('gives none on a disabled connection, whatever the caller has seen', async () => {
        const state = await stateNow()
        await store.stop(hq, { kind: 'disable' })
        expect(await acquire()).toBeUndefined()
        expect(await acquire(state)).toBeUndefined()
        await store.enable(hq)
        expect(await acquire()).toBeDefined()
      })

      it('gives none to a caller who has seen it disabled, before it is read again', async () => {
        await connect()
        await store.stop(hq, { kind: 'disable' })
        const state = await stateNow()
        await store.enable(hq)
        expect(await acquire(state)).toBeUndefined()
        expect(await acquire()).toBeDefined()
      })

      it('gives none to a caller who has seen what is not there any more, and makes no row of it', async () => {
        const state = await stateNow()
        expect(await acquire({ ...state, fence: 1 })).toBeUndefined()
        expect(await acquire({ ...state, epoch: 1 })).toBeUndefined()
        expect((await store.read(hq)).exists).toBe(false)
      })

      it('ends one with the token obtained under it, with a failure, and when nothing came of it', async () => {
        const isLeased = async () => (await stateNow()).lease !== undefined
        const first = await mustAcquire()
        await store.record(first, worked())
        expect(await isLeased()).toBe(true)
        await store.put(first, token(first))
        expect(await isLeased()).toBe(false)
        const second = await mustAcquire()
        expect(await isLeased()).toBe(true)
        await store.record(second, { failure })
        expect(await isLeased()).toBe(false)
        const third = await mustAcquire()
        await store.record(third, {})
        expect(await isLeased()).toBe(false)
      })

      it('does not let a former holder end the one of the next', async () => {
        const slow = await mustAcquire()
        const quick = await mustAcquire(20)
        expect(await store.record(slow, {})).toBe('superseded')
        expect(await store.record(slow, { failure })).toBe('superseded')
        const { lease, failure: remembered } = await stateNow()
        expect([lease?.until, remembered]).toEqual([later(35), undefined])
        expect(await store.noteSend(quick)).toBe(1)
      })
    })

    describe('of the cached token', () => {
      it('refuses one of an earlier fence once a later one is there', async () => {
        const slow = await mustAcquire()
        const quick = await mustAcquire(20)
        await store.record(quick, worked())
        expect(await store.put(quick, token(quick, 'newer'))).toBe(true)
        expect(await store.record(slow, worked())).toBe('superseded')
        expect(await store.put(slow, token(slow, 'older'))).toBe(false)
        expect(await reveal()).toBe('newer')
      })

      it('takes one of a later fence, and the same one twice', async () => {
        const first = await mustAcquire()
        const second = await mustAcquire(20)
        expect(await store.put(first, token(first, 'older'))).toBe(true)
        expect(await store.put(second, token(second, 'newer'))).toBe(true)
        expect(await store.put(second, token(second, 'newer'))).toBe(true)
        expect(await reveal()).toBe('newer')
      })
    })

    describe('of outcomes', () => {
      it('remembers a failure whole, and forgets it with the next success', async () => {
        await store.record(await mustAcquire(), { failure })
        expect((await stateNow()).failure).toEqual(failure)
        const { until: _, ...latched } = failure
        await store.record(await mustAcquire(), { failure: latched })
        expect((await stateNow()).failure).toEqual(latched)
        await store.record(await mustAcquire(), worked())
        expect((await stateNow()).failure).toBeUndefined()
      })

      it('notes what a success says, and keeps what it does not say', async () => {
        const checked = { at: now, result: 'limited' } as const
        const ends = { since: later(-3600), until: later(3600) }
        await store.record(await mustAcquire(), worked(undefined, { used: true, checked, ends }))
        const after = { credentialVersion: 'v2', at: later(60) }
        await store.record(await mustAcquire(20), { success: after })
        expect(await stateNow()).toMatchObject({
          ...{ provenVersion: 'v2', succeededAt: later(60), usedAt: now, usualSeconds: 0.25 },
          ...{ checked, ends },
        })
        await store.record(await mustAcquire(40), { success: { ...after, ends: 'never' } })
        expect((await stateNow()).ends).toBeUndefined()
      })

      it('sets the keeper’s next turn as a success says, else leaves it, else takes the present', async () => {
        const due = (at: number) => registry.due(acme, later(at), 1)
        await store.record(await mustAcquire(), worked())
        expect([await due(-0.001), await due(0)]).toEqual([[], [hq]])
        await store.record(await mustAcquire(20), worked(undefined, { sweepAt: later(2880) }))
        await store.record(await mustAcquire(40), worked())
        expect([await due(2879.999), await due(2880)]).toEqual([[], [hq]])
      })

      it('makes a connection known whose first attempt fails', async () => {
        await store.record(await mustAcquire(), { failure })
        expect(await registry.due(acme, now, 1)).toEqual([hq])
        await store.record({ connection: { vendor: apex, name: 'hq' }, epoch: 0 }, { failure })
        expect(await directory.page(apex)).toEqual([{ vendor: apex, name: 'hq' }])
      })

      it('does not put off the keeper’s turn by a failure', async () => {
        await registry.register(hq, { sweepAt: later(-60) })
        await store.record(await mustAcquire(), { failure })
        expect(await registry.due(acme, later(-60), 1)).toEqual([hq])
      })

      it('remembers which versions are refused, each until it works again', async () => {
        await store.record(await mustAcquire(), worked())
        await store.record(await mustAcquire(20), { failure })
        expect((await stateNow()).refusedVersions).toBeUndefined()
        await store.record(await mustAcquire(40), { failure, refusedVersion: 'v1' })
        expect(await stateNow()).toMatchObject({ provenVersion: 'v1', refusedVersions: new Set(['v1']), failure })
        await store.record(await mustAcquire(60), { failure })
        expect((await stateNow()).refusedVersions).toEqual(new Set(['v1']))
        await store.record(await mustAcquire(80), worked(undefined, { credentialVersion: 'v2' }))
        expect(await stateNow()).toMatchObject({ provenVersion: 'v2', refusedVersions: new Set(['v1']) })
        await store.record(await mustAcquire(100), worked())
        expect((await stateNow()).refusedVersions).toBeUndefined()
      })

      it('remembers nothing of an attempt that came to nothing', async () => {
        await store.record(await mustAcquire(), worked())
        const before = await stateNow()
        await store.record(await mustAcquire(20), {})
        const { lease: _, ...rest } = before
        expect(await stateNow()).toEqual({ ...rest, fence: 2 })
      })
    })

    describe.each([
      ['a vendor whose tokens stay in memory', { vendor: mnemo, name: 'hq' }],
      ['a static token', hq],
    ])('of outcomes without a lease, of %s', (_, connection) => {
      const reading = { connection, epoch: 0 }

      it('records them for a connection that nobody has used, and for one that is known', async () => {
        expect(await store.record(reading, { failure })).toBe('recorded')
        expect(await store.read(connection)).toEqual({
          ...{ exists: true, state: { status: 'active', epoch: 0, fence: 0, failure } },
        })
        expect(await store.record(reading, { success: { credentialVersion: 'v2', at: now } })).toBe('recorded')
        expect(await store.read(connection)).toEqual({
          exists: true,
          state: { status: 'active', epoch: 0, fence: 0, succeededAt: now, provenVersion: 'v2' },
        })
      })

      it('records none of another epoch', async () => {
        expect(await store.record({ connection, epoch: 1 }, { failure })).toBe('superseded')
        expect((await store.read(connection)).exists).toBe(false)
        await store.stop(connection, { kind: 'revoke' })
        expect(await store.record(reading, { success })).toBe('superseded')
        expect(await store.record({ connection, epoch: 2 }, { success })).toBe('superseded')
        expect((await store.read(connection)).state).toEqual({ status: 'active', epoch: 1, fence: 0 })
        expect(await store.record({ connection, epoch: 1 }, { success })).toBe('recorded')
      })

      it('records none of a connection that is disabled', async () => {
        await store.stop(connection, { kind: 'disable' })
        expect(await store.record(reading, { success })).toBe('superseded')
        expect(await store.record(reading, { failure })).toBe('superseded')
        expect((await store.read(connection)).state).toEqual({ status: 'disabled', epoch: 0, fence: 0 })
      })

      it('makes no connection known by nothing', async () => {
        expect(await store.record(reading, {})).toBe('recorded')
        expect((await store.read(connection)).exists).toBe(false)
      })

      it('does not end a lease', async () => {
        const { state } = await store.read(connection)
        const lease = await store.acquire(connection, state, { policy, now, until: later(15) })
        await store.record(reading, { failure })
        expect((await store.read(connection)).state.lease).toBeDefined()
        expect(lease && (await store.record(lease, {}))).toBe('recorded')
      })
    })

    describe('of refresh tokens', () => {
      it('shows one to the next holder of a lease and to nobody else', async () => {
        await store.record(await mustAcquire(), worked('r1'))
        expect(JSON.stringify(await store.read(hq))).not.toContain(new Secret('r1').fingerprint.slice(0, 4))
        const second = await mustAcquire(20)
        expect(second.refreshToken?.reveal()).toBe('r1')
        await store.record(second, worked())
        const third = await mustAcquire(40)
        expect(third.refreshToken?.reveal()).toBe('r1')
        expect(third.generation).toBe(1)
      })

      it.each<[string, Outcome]>([
        ['a failure', { failure }],
        ['nothing', {}],
      ])('keeps a new one that came with %s', async (_, outcome) => {
        await connect()
        const lease = await mustAcquire(20)
        expect(await store.record(lease, { ...outcome, refreshToken: new Secret('r2') })).toBe('recorded')
        expect((await stateNow()).lease).toBeUndefined()
        expect(await mustAcquire(40)).toMatchObject({ generation: 2 })
        expect(await refreshTokenNow()).toBe('r2')
      })

      it('forgets the failure before when a new one came with nothing else: it was not about that', async () => {
        await connect()
        await store.record(await mustAcquire(20), { failure: grantEnded })
        expect((await stateNow()).failure).toEqual(grantEnded)
        await store.record(await mustAcquire(40), {})
        expect((await stateNow()).failure).toEqual(grantEnded)
        await store.record(await mustAcquire(60), { refreshToken: new Secret('r2') })
        expect((await stateNow()).failure).toBeUndefined()
      })

      it('keeps a new one although the lease was lost, as long as it is the newest', async () => {
        const slow = await mustAcquire()
        const next = await mustAcquire(20)
        expect(await store.record(slow, worked('r1'))).toBe('superseded')
        expect((await stateNow()).provenVersion).toBeUndefined()
        expect(await store.noteSend(next)).toBe(1)
        await store.record(next, {})
        expect(await refreshTokenNow()).toBe('r1')
      })

      it('keeps a new one although the connection was disabled meanwhile', async () => {
        await connect()
        const lease = await mustAcquire(20)
        await store.noteSend(lease)
        await store.stop(hq, { kind: 'disable' })
        expect(await store.record(lease, worked('r2'))).toBe('superseded')
        expect((await stateNow()).unconfirmedSends).toBeUndefined()
        await store.enable(hq)
        expect(await refreshTokenNow()).toBe('r2')
      })

      it('does not let a late one replace a newer one', async () => {
        const slow = await mustAcquire()
        await store.record(await mustAcquire(20), worked('newer'))
        expect(await store.record(slow, worked('older'))).toBe('superseded')
        expect(await refreshTokenNow()).toBe('newer')
      })

      it('does not keep one of an epoch that a revoke has ended', async () => {
        const lease = await mustAcquire()
        await store.stop(hq, { kind: 'revoke' })
        expect(await store.record(lease, worked('r1'))).toBe('superseded')
        expect(await stateNow()).toEqual({ status: 'active', epoch: 1, fence: 1 })
        expect(await refreshTokenNow()).toBeUndefined()
      })

      it('begins anew with a new grant, and forgets the refresh token of the one before', async () => {
        await connect()
        await store.record(await mustAcquire(20), { failure })
        await store.record(await mustAcquire(40), worked(undefined, { newGrant: true }))
        expect((await stateNow()).failure).toBeUndefined()
        expect(await refreshTokenNow()).toBeUndefined()
        await store.record(await mustAcquire(60), worked('r2', { newGrant: true }))
        expect(await refreshTokenNow()).toBe('r2')
      })
    })

    describe('of the end of a grant', () => {
      const grantEnd = { since: now, at: later(60), until: later(86_400), stated: later(90_000) }
      const next = { since: now, at: later(120), until: later(86_460), isFixed: true } as const
      const endNow = async () => (await stateNow()).grantEnd

      it('keeps it with the success that told it, and as the last one does', async () => {
        await store.record(await mustAcquire(), worked('r1', { grantEnd }))
        expect(await endNow()).toEqual(grantEnd)
        await store.record(await mustAcquire(20), worked('r2', { grantEnd: next }))
        expect(await endNow()).toEqual(next)
        await store.record(await mustAcquire(40), worked(undefined, { grantEnd }))
        expect(await endNow()).toEqual(grantEnd)
        const [seen] = await directory.glance([hq])
        expect(seen?.state.grantEnd).toEqual(grantEnd)
      })

      it('forgets it with a success that tells none: another grant, or one of a version of ours that knows of no ends', async () => {
        await store.record(await mustAcquire(), worked('r1', { grantEnd }))
        await store.record(await mustAcquire(20), worked(undefined))
        expect(await endNow()).toBeUndefined()
        expect(await refreshTokenNow()).toBe('r1')
      })

      it('forgets it with the success of a static token, which has taken the place of the grant', async () => {
        await store.record(await mustAcquire(), worked('r1', { grantEnd }))
        const ends = { since: now, until: later(60) }
        await store.record({ connection: hq, epoch: 0 }, { success: { ...success, ends } })
        expect(await endNow()).toBeUndefined()
      })

      it.each<[string, Outcome]>([
        ['a failure', { failure }],
        ['the end of the grant', { failure: grantEnded }],
        ['nothing', {}],
      ])('keeps it with %s', async (_, outcome) => {
        await store.record(await mustAcquire(), worked('r1', { grantEnd }))
        await store.record(await mustAcquire(20), outcome)
        expect(await endNow()).toEqual(grantEnd)
      })

      it('forgets it with the refresh token that a revoke takes', async () => {
        await store.record(await mustAcquire(), worked('r1', { grantEnd }))
        await store.stop(hq, { kind: 'revoke' })
        expect(await endNow()).toBeUndefined()
      })

      it('keeps it with a refresh token that came too late for the lease, and with none that is not kept', async () => {
        const slow = await mustAcquire()
        await mustAcquire(20)
        expect(await store.record(slow, worked('r1', { grantEnd }))).toBe('superseded')
        expect(await endNow()).toEqual(grantEnd)
        await store.record(await mustAcquire(40), worked('r2', { grantEnd: next }))
        expect(await store.record(slow, worked('older', { grantEnd }))).toBe('superseded')
        expect(await store.record(slow, worked(undefined, { grantEnd }))).toBe('superseded')
        expect([await endNow(), await refreshTokenNow()]).toEqual([next, 'r2'])
      })

      it('is recorded once, however often it is sent', async () => {
        const lease = await mustAcquire()
        for (const _ of [1, 2]) await store.record(lease, worked('r1', { grantEnd }))
        expect(await endNow()).toEqual(grantEnd)
        expect(await mustAcquire(20)).toMatchObject({ generation: 1 })
      })
    })

    describe('of a grant that ends', () => {
      it('forgets its refresh token', async () => {
        await connect()
        const lease = await mustAcquire(20)
        await store.noteSend(lease)
        expect(await store.record(lease, { failure: grantEnded })).toBe('recorded')
        const { failure: remembered, unconfirmedSends } = await stateNow()
        expect([remembered, unconfirmedSends]).toEqual([grantEnded, undefined])
        expect(await refreshTokenNow()).toBeUndefined()
      })

      it('keeps the refresh token with every other failure', async () => {
        await connect()
        await store.record(await mustAcquire(20), { failure })
        expect(await refreshTokenNow()).toBe('r1')
      })

      it('forgets nothing when the refresh token has been replaced meanwhile, and keeps nobody waiting', async () => {
        const slow = await mustAcquire()
        const next = await mustAcquire(20)
        await store.record(slow, worked('r1'))
        expect(await store.record(next, { failure: grantEnded })).toBe('superseded')
        const { failure: remembered, lease } = await stateNow()
        expect([remembered, lease]).toEqual([undefined, undefined])
        expect(await refreshTokenNow()).toBe('r1')
      })

      it('forgets nothing on the word of a former holder', async () => {
        await connect()
        const slow = await mustAcquire(20)
        await mustAcquire(40)
        expect(await store.record(slow, { failure: grantEnded })).toBe('superseded')
        expect((await stateNow()).failure).toBeUndefined()
        expect(await refreshTokenNow()).toBe('r1')
      })

      it('is no more than a failure where nothing is cached', async () => {
        await connect()
        expect(await store.record({ connection: hq, epoch: 0 }, { failure: grantEnded })).toBe('recorded')
        expect((await stateNow()).failure).toEqual(grantEnded)
        expect(await refreshTokenNow()).toBe('r1')
      })
    })

    describe('of refresh tokens that may be spent', () => {
      const sends = async () => (await stateNow()).unconfirmedSends

      it('counts each lease once, however often it notes a send', async () => {
        await connect()
        const lease = await mustAcquire(20)
        expect([await store.noteSend(lease), await store.noteSend(lease)]).toEqual([1, 1])
        expect(await sends()).toEqual(new Set([lease.id]))
      })

      it('counts until an answer settles it', async () => {
        await connect()
        const first = await mustAcquire(20)
        await store.noteSend(first)
        await store.record(first, { failure, unconfirmed: true })
        const second = await mustAcquire(40)
        expect(second.refreshToken?.reveal()).toBe('r1')
        expect(await store.noteSend(second)).toBe(2)
        await store.record(second, { unconfirmed: true })
        expect(await sends()).toEqual(new Set([first.id, second.id]))
        await store.record(await mustAcquire(60), worked())
        expect(await sends()).toBeUndefined()
      })

      it.each<[string, Outcome]>([
        ['a failure', { failure }],
        ['nothing', {}],
      ])('takes only its own send back with %s', async (_, outcome) => {
        await connect()
        const first = await mustAcquire(20)
        await store.noteSend(first)
        await store.record(first, { unconfirmed: true })
        const second = await mustAcquire(40)
        await store.noteSend(second)
        expect(await store.record(second, outcome)).toBe('recorded')
        expect(await sends()).toEqual(new Set([first.id]))
      })

      it('has none of a refresh token that has just come', async () => {
        await connect()
        const lease = await mustAcquire(20)
        await store.noteSend(lease)
        await store.record(lease, { failure, refreshToken: new Secret('r2'), unconfirmed: true })
        expect(await sends()).toBeUndefined()
      })

      it('takes its own send back although the connection was disabled meanwhile', async () => {
        await connect()
        const lease = await mustAcquire(20)
        await store.noteSend(lease)
        await store.stop(hq, { kind: 'disable' })
        expect(await store.record(lease, { failure })).toBe('superseded')
        const { failure: remembered, lease: held, unconfirmedSends } = await stateNow()
        expect([remembered, held, unconfirmedSends]).toEqual([undefined, undefined, undefined])
      })

      it('lets nobody note a send whose lease is lost, revoked or disabled', async () => {
        const slow = await mustAcquire()
        const next = await mustAcquire(20)
        expect(await store.noteSend(slow)).toBeUndefined()
        await store.stop(hq, { kind: 'disable' })
        expect(await store.noteSend(next)).toBeUndefined()
        await store.enable(hq)
        expect(await store.noteSend(next)).toBe(1)
        await store.stop(hq, { kind: 'revoke' })
        expect(await store.noteSend(next)).toBeUndefined()
        expect(await sends()).toBeUndefined()
      })
    })

    describe('of stops', () => {
      it('disables a connection that nobody has used, and leaves everything else of one that is known', async () => {
        expect(await store.stop(hq, { kind: 'disable' })).toEqual({})
        expect(await store.read(hq)).toEqual({ exists: true, state: { status: 'disabled', epoch: 0, fence: 0 } })
        await store.enable(hq)
        await connect()
        await mustAcquire(20)
        const before = await stateNow()
        expect(await store.stop(hq, { kind: 'disable' })).toEqual({})
        expect(await stateNow()).toEqual({ ...before, status: 'disabled' })
        await store.enable(hq)
        expect(await stateNow()).toEqual(before)
        expect(await refreshTokenNow()).toBe('r1')
      })

      it.each<[string, Outcome]>([
        ['a success', worked()],
        ['a failure', { failure }],
        ['nothing', {}],
      ])('records no attempt that ends with %s when the connection was disabled meanwhile', async (_, outcome) => {
        const lease = await mustAcquire()
        await store.stop(hq, { kind: 'disable' })
        expect(await store.record(lease, outcome)).toBe('superseded')
        expect(await stateNow()).toEqual({ status: 'disabled', epoch: 0, fence: 1 })
      })

      it('does not enable a connection that nobody knows', async () => {
        await store.enable(hq)
        expect((await store.read(hq)).exists).toBe(false)
      })

      it('revokes: raises the epoch, gives the refresh token out for the last time, and ends the lease', async () => {
        await connect()
        const lease = await mustAcquire(20)
        await store.noteSend(lease)
        const { refreshToken, leasedUntil } = await store.stop(hq, { kind: 'revoke' })
        expect([refreshToken?.reveal(), leasedUntil]).toEqual(['r1', lease.until])
        const { epoch, fence, lease: held, unconfirmedSends } = await stateNow()
        expect([epoch, fence, held, unconfirmedSends]).toEqual([1, 2, undefined, undefined])
        expect(await store.stop(hq, { kind: 'revoke' })).toEqual({})
        expect(await mustAcquire(40)).toMatchObject({ epoch: 2, fence: 3 })
        expect(await refreshTokenNow()).toBeUndefined()
      })

      it.each<[string, Outcome]>([
        ['a success', worked('r2')],
        ['a failure', { failure }],
        ['nothing', {}],
      ])('records no attempt that ends with %s when the connection was revoked meanwhile', async (_, outcome) => {
        await connect()
        const lease = await mustAcquire(20)
        await store.stop(hq, { kind: 'revoke' })
        const before = await stateNow()
        expect(await store.record(lease, outcome)).toBe('superseded')
        expect(await stateNow()).toEqual(before)
        expect(await refreshTokenNow()).toBeUndefined()
      })

      it('revokes a connection that nobody has used, and leaves a disabled one disabled', async () => {
        await store.stop(hq, { kind: 'revoke' })
        expect(await store.read(hq)).toEqual({ exists: true, state: { status: 'active', epoch: 1, fence: 0 } })
        await store.stop(hq, { kind: 'disable' })
        await store.stop(hq, { kind: 'revoke' })
        expect(await stateNow()).toEqual({ status: 'disabled', epoch: 2, fence: 0 })
      })

      it('bars a revoked connection by the failure that is given', async () => {
        await connect()
        await store.stop(hq, { kind: 'revoke', failure })
        expect(await stateNow()).toMatchObject({ epoch: 1, failure })
        expect((await stateNow()).refusedVersions).toBeUndefined()
        const revoked: Failure = { ...failure, code: 'credential_revoked' }
        await store.stop(hq, { kind: 'revoke', failure: revoked, refusedVersions: ['v1', 'v2'] })
        expect(await stateNow()).toMatchObject({ epoch: 2, failure: revoked, refusedVersions: new Set(['v1', 'v2']) })
        await store.stop(hq, { kind: 'revoke' })
        expect(await stateNow()).toMatchObject({ epoch: 3, failure: revoked })
      })

      it('revokes a connection whose tokens are never stored', async () => {
        const connection = { vendor: mnemo, name: 'hq' }
        await store.record({ connection, epoch: 0 }, { success })
        expect(await store.stop(connection, { kind: 'revoke', failure })).toEqual({})
        expect((await store.read(connection)).state).toMatchObject({ epoch: 1, failure })
      })
    })

    describe('of what is applied twice', () => {
      it('records a success once', async () => {
        await connect()
        const lease = await mustAcquire(20)
        expect(await store.record(lease, worked('r2'))).toBe('recorded')
        const once = await stateNow()
        expect(await store.record(lease, worked('r2'))).toBe('recorded')
        expect(await stateNow()).toEqual(once)
        expect(await mustAcquire(40)).toMatchObject({ generation: 2 })
        expect(await refreshTokenNow()).toBe('r2')
      })

      it.each<[string, Outcome]>([
        ['a failure', { failure, refusedVersion: 'v1' }],
        ['a failure with a new refresh token', { failure, refreshToken: new Secret('r2') }],
        ['a failure that leaves its send unconfirmed', { failure, unconfirmed: true }],
        ['the end of a grant', { failure: grantEnded }],
        ['nothing', {}],
      ])('records %s once', async (_, outcome) => {
        await connect()
        const lease = await mustAcquire(20)
        await store.noteSend(lease)
        expect(await store.record(lease, outcome)).toBe('recorded')
        const once = await stateNow()
        const refreshToken = await refreshTokenNow()
        await store.record(lease, outcome)
        expect(await stateNow()).toEqual({ ...once, fence: once.fence + 1 })
        expect(await refreshTokenNow()).toBe(refreshToken)
      })

      it('keeps a new refresh token of a lost lease once', async () => {
        await connect()
        const slow = await mustAcquire(20)
        const next = await mustAcquire(40)
        await store.record(slow, worked('r2'))
        await store.record(slow, worked('r2'))
        await store.record(next, {})
        expect(await mustAcquire(60)).toMatchObject({ generation: 2 })
      })

      it('disables and enables once', async () => {
        await connect()
        for (const _ of [1, 2]) await store.stop(hq, { kind: 'disable' })
        expect((await stateNow()).status).toBe('disabled')
        for (const _ of [1, 2]) await store.enable(hq)
        expect(await refreshTokenNow()).toBe('r1')
      })
    })
  })
}
