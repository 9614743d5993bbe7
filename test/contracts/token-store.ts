import type { Failure } from '../../functions/core/failure.ts'
import { Secret } from '../../functions/core/secret.ts'
import {
  isLeased,
  type Lease,
  type State,
  type StoredToken,
  type Success,
  type TokenStore,
} from '../../functions/core/store.ts'
import { secondsAfter } from '../../functions/core/token.ts'
import { The } from '../support/world.ts'

const key = 'acme#hq'
const later = (seconds: number) => secondsAfter(The.now, seconds)

const token = (lease: Lease, value = 't1'): StoredToken => ({
  keep: 'table',
  accessToken: {
    value: new Secret(value),
    issuedAt: The.now,
    expiresAt: later(3600),
    scope: 'read',
    context: { account: '17' },
  },
  refreshAt: later(2880),
  fence: lease.fence,
  epoch: lease.epoch,
  credentialVersion: 'v1',
})

const success = (refreshToken?: string): Success => ({
  ...(refreshToken !== undefined && { refreshToken: new Secret(refreshToken) }),
  credentialVersion: 'v1',
  usualSeconds: 0.25,
  now: The.now,
  dueAt: later(2880),
})

const failure: Failure = {
  code: 'vendor_unavailable',
  detail: 'Acme answered 503',
  count: 2,
  since: The.now,
  until: later(30),
  credentialVersion: 'v1',
}

/** What every store promises, whatever it is made of. */
export function tokenStoreContract(name: string, open: () => Promise<TokenStore>): void {
  describe(`${name} as a token store`, () => {
    let store: TokenStore
    beforeEach(async () => {
      store = await open()
    })

    const acquire = async (seen?: State, at = 0) => {
      const state = seen ?? (await store.read(key)).state
      return store.acquire(key, state, { now: later(at), until: later(at + 15) })
    }
    const mustAcquire = async (at = 0): Promise<Lease> => {
      const lease = await acquire(undefined, at)
      if (!lease) throw new Error('no lease')
      return lease
    }
    const reveal = async () => (await store.read(key)).token?.accessToken.value.reveal()

    it('knows nothing of a connection nobody has asked for', async () => {
      expect(await store.read(key)).toEqual({ state: { status: 'active', epoch: 0, fence: 0 } })
    })

    it('gives back what was put, to the millisecond', async () => {
      const lease = await mustAcquire()
      await store.commit(lease, success())
      await store.put(lease, token(lease))
      const { state, token: held } = await store.read(key)
      expect(await reveal()).toBe('t1')
      expect(held).toEqual({
        ...token(lease),
        accessToken: { ...token(lease).accessToken, value: held?.accessToken.value },
      })
      expect(state).toMatchObject({ fence: 1, epoch: 0, provenVersion: 'v1', usualSeconds: 0.25 })
    })

    it('gives one lease to 50 who ask at once', async () => {
      const { state } = await store.read(key)
      const leases = await Promise.all(Array.from({ length: 50 }, () => acquire(state)))
      expect(leases.filter(Boolean)).toHaveLength(1)
    })

    it('gives no lease to a caller whose look is out of date', async () => {
      const { state } = await store.read(key)
      const lease = await mustAcquire()
      await store.release(lease)
      expect(await acquire(state)).toBeUndefined()
      expect((await mustAcquire()).fence).toBe(2)
    })

    it('gives no lease on a disabled connection', async () => {
      await store.setStatus(key, 'disabled')
      expect((await store.read(key)).state.status).toBe('disabled')
      expect(await acquire()).toBeUndefined()
      await store.setStatus(key, 'active')
      expect(await acquire()).toBeDefined()
    })

    it('ends a lease with the token obtained under it, with a failure, by release, and by time', async () => {
      const leased = async (at: number) => isLeased(await store.read(key), later(at))
      const first = await mustAcquire()
      expect(await leased(14.999)).toBe(true)
      expect(await leased(15)).toBe(false)
      await store.commit(first, success())
      expect(await leased(0)).toBe(true)
      await store.put(first, token(first))
      expect(await leased(0)).toBe(false)
      const second = await mustAcquire()
      expect(await leased(0)).toBe(true)
      await store.fail(second, failure)
      expect(await leased(0)).toBe(false)
      const third = await mustAcquire()
      await store.release(third)
      expect(await leased(0)).toBe(false)
    })

    it('does not let a former holder end the lease of its successor', async () => {
      const slow = await mustAcquire()
      await mustAcquire(20)
      await store.release(slow)
      await store.fail(slow, failure)
      const row = await store.read(key)
      expect(isLeased(row, later(20))).toBe(true)
      expect(row.state.failure).toBeUndefined()
    })

    it('refuses the token of an earlier fence once a later one is there', async () => {
      const slow = await mustAcquire()
      const quick = await mustAcquire(20)
      await store.commit(quick, success())
      expect(await store.put(quick, token(quick, 'newer'))).toBe(true)
      expect(await store.commit(slow, success())).toBe('superseded')
      expect(await store.put(slow, token(slow, 'older'))).toBe(false)
      expect(await reveal()).toBe('newer')
    })

    it('remembers a failure whole, and forgets it with the next success', async () => {
      await store.fail(await mustAcquire(), failure)
      expect((await store.read(key)).state.failure).toEqual(failure)
      const { until: _, ...latched } = failure
      await store.fail(await mustAcquire(), latched)
      expect((await store.read(key)).state.failure).toEqual(latched)
      await store.commit(await mustAcquire(), success())
      expect((await store.read(key)).state.failure).toBeUndefined()
    })

    it('shows the refresh token to the next holder of a lease and to nobody else', async () => {
      const first = await mustAcquire()
      await store.commit(first, success('r1'))
      expect(JSON.stringify(await store.read(key))).not.toContain('r1')
      const second = await mustAcquire(20)
      expect(second.refreshToken?.reveal()).toBe('r1')
      await store.commit(second, success())
      const third = await mustAcquire(40)
      expect(third.refreshToken?.reveal()).toBe('r1')
      expect(third.generation).toBe(1)
    })

    it('keeps a new refresh token although the lease was lost, as long as it is the newest', async () => {
      const slow = await mustAcquire()
      const next = await mustAcquire(20)
      expect(await store.commit(slow, success('r1'))).toBe('superseded')
      await store.release(next)
      expect((await mustAcquire(40)).refreshToken?.reveal()).toBe('r1')
    })

    it('does not let a late refresh token replace a newer one', async () => {
      const slow = await mustAcquire()
      await store.commit(await mustAcquire(20), success('newer'))
      await store.commit(slow, success('older'))
      expect((await mustAcquire(40)).refreshToken?.reveal()).toBe('newer')
    })

    it('tells a holder whose connection was revoked meanwhile, and stores nothing of it', async () => {
      const lease = await mustAcquire()
      await store.revoke(key)
      expect(await store.commit(lease, success('r1'))).toBe('revoked')
      const { state } = await store.read(key)
      expect(state.epoch).toBe(1)
      expect(state.provenVersion).toBeUndefined()
      expect((await mustAcquire()).refreshToken).toBeUndefined()
    })

    it('gives up the refresh token with a revoke, and never counts the fence anew', async () => {
      await store.commit(await mustAcquire(), success('r1'))
      await store.revoke(key)
      await store.revoke(key)
      const lease = await mustAcquire(20)
      expect(lease).toMatchObject({ epoch: 2, fence: 2 })
      expect(lease.refreshToken).toBeUndefined()
    })

    it('counts how often a refresh token was sent until an answer settles it', async () => {
      const first = await mustAcquire()
      await store.commit(first, success('r1'))
      const second = await mustAcquire(20)
      expect(await store.intend(second)).toBe(1)
      await store.fail(second, failure, 'in doubt')
      expect((await store.read(key)).state.inDoubt).toBe(1)
      const third = await mustAcquire(40)
      expect(third.refreshToken?.reveal()).toBe('r1')
      expect(await store.intend(third)).toBe(2)
      await store.commit(third, success('r2'))
      expect((await store.read(key)).state.inDoubt).toBeUndefined()
      const fourth = await mustAcquire(60)
      expect(await store.intend(fourth)).toBe(1)
      await store.fail(fourth, failure)
      expect((await store.read(key)).state.inDoubt).toBeUndefined()
    })

    it('takes an intent back with the lease when the refresh token was not spent', async () => {
      await store.commit(await mustAcquire(), success('r1'))
      for (const [word, left] of [
        [undefined, 1],
        ['not spent', undefined],
      ] as const) {
        const lease = await mustAcquire(20)
        await store.intend(lease)
        await store.release(lease, word)
        expect((await store.read(key)).state.inDoubt).toBe(left)
      }
    })

    it('does not let a former holder note an intent', async () => {
      const slow = await mustAcquire()
      await mustAcquire(20)
      expect(await store.intend(slow)).toBeUndefined()
    })

    it('ends a grant on the vendor’s word, unless its refresh token has been replaced meanwhile', async () => {
      const first = await mustAcquire()
      await store.commit(first, success('r1'))
      const slow = await mustAcquire(20)
      await store.commit(slow, success('r2'))
      expect(await store.fail(slow, failure, 'rejected')).toBe(false)
      expect((await store.read(key)).state.status).toBe('active')
      const next = await mustAcquire(40)
      expect(await store.fail(slow, failure, 'rejected')).toBe(false)
      expect(await store.fail(next, failure, 'rejected')).toBe(true)
      expect((await store.read(key)).state).toMatchObject({ status: 'reconnect', failure })
    })

    it('begins anew with a new grant, and forgets the refresh token of the old one', async () => {
      await store.commit(await mustAcquire(), success('r1'))
      await store.fail(await mustAcquire(20), failure, 'rejected')
      await store.commit(await mustAcquire(40), { ...success(), newGrant: true })
      const { state } = await store.read(key)
      expect(state.status).toBe('active')
      expect(state.failure).toBeUndefined()
      expect((await mustAcquire(60)).refreshToken).toBeUndefined()
    })

    it('leaves a revoked connection as it is told to', async () => {
      await store.commit(await mustAcquire(), success('r1'))
      await store.revoke(key, { status: 'reconnect', failure })
      expect((await store.read(key)).state).toMatchObject({ status: 'reconnect', epoch: 1, failure })
    })

    it('notes how a vendor fared whose tokens it never sees', async () => {
      await store.note(key, failure)
      expect((await store.read(key)).state.failure).toEqual(failure)
      await store.note(key, { succeededAt: The.now, credentialVersion: 'v2' })
      const { state, token } = await store.read(key)
      expect(state).toEqual({ status: 'active', epoch: 0, fence: 0, succeededAt: The.now, provenVersion: 'v2' })
      expect(token).toBeUndefined()
    })

    it('counts what is obtained for memory by the hour, up to the stop', async () => {
      const count = (at: number) => store.countMint(key, { now: later(at), stop: 3 })
      expect([await count(0), await count(60), await count(120), await count(180)]).toEqual([1, 2, 3, undefined])
      expect(await count(3600)).toBe(1)
    })

    it('lists the connections of a vendor that were registered or vended', async () => {
      await store.register('acme#b', { owner: 'ada@acme.example', dueAt: The.now })
      await store.register('apex#a', { dueAt: The.now })
      await store.commit(await mustAcquire(), success())
      await store.put(await mustAcquire(20), token(await mustAcquire(40)))
      expect(await store.list('acme')).toEqual(['acme#b', 'acme#hq'])
      expect((await store.read('acme#b')).state).toEqual({
        status: 'active',
        epoch: 0,
        fence: 0,
        owner: 'ada@acme.example',
      })
    })

    it('names what is due by now, the longest due first, and no more than asked for', async () => {
      await store.register('acme#late', { dueAt: later(20) })
      await store.register('acme#early', { dueAt: later(10) })
      await store.register('apex#a', { dueAt: later(0) })
      expect(await store.due('acme', later(9.999), 10)).toEqual([])
      expect(await store.due('acme', later(20), 10)).toEqual(['acme#early', 'acme#late'])
      expect(await store.due('acme', later(20), 1)).toEqual(['acme#early'])
      await store.postpone('acme#early', { now: later(20), until: later(60) })
      expect(await store.due('acme', later(20), 10)).toEqual(['acme#late'])
      await store.postpone('acme#early', { now: later(20), until: later(30) })
      expect(await store.due('acme', later(59), 10)).toEqual(['acme#late'])
    })

    it('leaves the next look at a connection where it is, unless it is to wake', async () => {
      await store.register(key, { dueAt: later(60) })
      await store.register(key, { dueAt: The.now })
      expect(await store.due('acme', The.now, 10)).toEqual([])
      await store.register(key, { dueAt: The.now, wakes: true })
      expect(await store.due('acme', The.now, 10)).toEqual([key])
    })

    it('notes when a caller asked, of a connection that is known', async () => {
      await store.touch(key, The.now)
      expect((await store.read(key)).state.askedAt).toBeUndefined()
      await store.register(key, { dueAt: The.now, keepWarm: true })
      await store.touch(key, later(5))
      expect((await store.read(key)).state).toMatchObject({ askedAt: later(5), keepWarm: true })
    })

    it('keeps the owner when a connection is registered again without one', async () => {
      await store.register(key, { owner: 'ada@acme.example', dueAt: The.now })
      await store.register(key, { dueAt: The.now })
      expect((await store.read(key)).state.owner).toBe('ada@acme.example')
    })

    it('hands a consent out once, before its end, and to its own connection', async () => {
      const consent = {
        stateHash: 'a'.repeat(64),
        key,
        redirectUri: 'http://127.0.0.1:1/callback',
        expiresAt: later(600),
      }
      await store.beginConsent('acme', consent)
      const take = (change: object = {}) =>
        store.takeConsent('acme', { stateHash: consent.stateHash, key, now: The.now, ...change })
      expect(await take({ key: 'acme#other' })).toBeUndefined()
      expect(await take({ stateHash: 'b'.repeat(64) })).toBeUndefined()
      expect(await take({ now: later(600) })).toBeUndefined()
      const taken = await Promise.all(Array.from({ length: 10 }, () => take()))
      expect(taken.filter(Boolean)).toEqual([consent])
      expect(await take()).toBeUndefined()
    })

    describe('a hosted consent', () => {
      const stateHash = 'a'.repeat(64)
      const hosted = {
        stateHash,
        key,
        redirectUri: 'https://callback.example/oauth/acme/callback',
        authorizationUrl: 'https://acme.example/auth?scope=a%20b',
        expiresAt: later(600),
      }
      const bind = (change: object = {}) =>
        store.bindConsent('acme', { stateHash, bind: 'b'.repeat(64), now: The.now, ...change })
      const take = (change: object = {}) =>
        store.takeConsent('acme', { stateHash, bind: 'b'.repeat(64), now: The.now, ...change })
      const mark = (change: object = {}) => store.markExchanged('acme', { stateHash, key, now: The.now, ...change })
      beforeEach(() => store.beginConsent('acme', hosted))

      it('is bound once, before its end and before it is taken', async () => {
        expect(await bind({ stateHash: 'c'.repeat(64) })).toBeUndefined()
        expect(await bind({ now: later(600) })).toBeUndefined()
        expect(await store.bindConsent('apex', { stateHash, bind: 'b', now: The.now })).toBeUndefined()
        const bound = await Promise.all(Array.from({ length: 10 }, () => bind()))
        expect(bound.filter(Boolean)).toEqual([{ ...hosted, bind: 'b'.repeat(64) }])
      })

      it('is taken once, by whom it is bound to; who is wrong does not burn it', async () => {
        expect(await take()).toBeUndefined()
        await bind()
        expect(await take({ bind: 'c'.repeat(64) })).toBeUndefined()
        expect(await take({ now: later(600) })).toBeUndefined()
        expect(await store.takeConsent('acme', { stateHash, key, now: The.now })).toBeUndefined()
        expect(await store.takeConsent('apex', { stateHash, bind: 'b'.repeat(64), now: The.now })).toBeUndefined()
        const taken = await Promise.all(Array.from({ length: 10 }, () => take()))
        expect(taken.filter(Boolean)).toEqual([{ ...hosted, bind: 'b'.repeat(64) }])
        expect(await bind()).toBeUndefined()
      })

      it('is exchanged once, for its connection, within a minute after it was taken', async () => {
        await bind()
        expect(await mark()).toBeUndefined()
        await take({ now: later(599) })
        expect(await mark({ key: 'acme#other', now: later(600) })).toBeUndefined()
        expect(await mark({ now: later(659) })).toBeUndefined()
        const marked = await Promise.all(Array.from({ length: 10 }, () => mark({ now: later(658.999) })))
        expect(marked.filter(Boolean)).toEqual([{ ...hosted, bind: 'b'.repeat(64) }])
      })

      it('is another thing than one of the private API: that is neither bound nor marked', async () => {
        const { authorizationUrl: _, ...own } = { ...hosted, stateHash: 'd'.repeat(64) }
        await store.beginConsent('acme', own)
        const its = { stateHash: own.stateHash }
        expect(await bind(its)).toBeUndefined()
        expect(await take(its)).toBeUndefined()
        expect(await store.takeConsent('acme', { ...its, key, now: The.now })).toEqual(own)
        expect(await mark(its)).toBeUndefined()
      })
    })

    it('lets one of many claim a notice, and only who saw the last one', async () => {
      const claim = { mark: 'v1 30', at: The.now, sent: false }
      const told = await Promise.all(
        Array.from({ length: 10 }, () => store.tell(key, 'end', { seen: undefined, next: claim })),
      )
      expect(told.filter(Boolean)).toHaveLength(1)
      expect((await store.read(key)).state.told).toEqual({ end: claim })
      const sent = { ...claim, sent: true }
      expect(await store.tell(key, 'end', { seen: sent, next: claim })).toBe(false)
      expect(await store.tell(key, 'end', { seen: claim, next: sent })).toBe(true)
      expect(await store.tell(key, 'trouble', { seen: undefined, next: claim })).toBe(true)
      expect((await store.read(key)).state.told).toEqual({ end: sent, trouble: claim })
    })

    it('keeps what is known of the credentials: their end, who is at it, and when they were seen to work', async () => {
      const ends = { since: later(-3600), until: later(3600) }
      const acknowledged = {
        by: 'arn:aws:iam::1:user/ann',
        at: The.now,
        note: 'on it',
        until: later(60),
        endsAt: later(9),
      }
      await store.register(key, { dueAt: The.now, ends, acknowledged })
      await store.register(key, { dueAt: The.now, owner: 'erp' })
      expect((await store.read(key)).state).toMatchObject({ ends, acknowledged, owner: 'erp' })
      await store.register(key, { dueAt: The.now, ends: 'never' })
      expect((await store.read(key)).state.ends).toBeUndefined()
      const checked = { at: The.now, result: 'limited' } as const
      await store.note(key, { succeededAt: The.now, credentialVersion: 'v1', checked })
      await store.note(key, { succeededAt: later(1), credentialVersion: 'v1' })
      expect((await store.read(key)).state.checked).toEqual(checked)
    })

    it('remembers that the version that worked was disproved until one works again', async () => {
      await store.note(key, { succeededAt: The.now, credentialVersion: 'v1' })
      await store.note(key, failure)
      expect((await store.read(key)).state.disproved).toBeUndefined()
      await store.note(key, failure, 'disproved')
      expect((await store.read(key)).state).toMatchObject({ provenVersion: 'v1', disproved: true, failure })
      await store.note(key, { succeededAt: later(1), credentialVersion: 'v2' })
      const { state } = await store.read(key)
      expect(state).toMatchObject({ provenVersion: 'v2' })
      expect(state.disproved ?? state.failure).toBeUndefined()
      await store.revoke(key, { failure })
      expect((await store.read(key)).state.disproved).toBe(true)
    })

    it('gives each vendor so many permits a window and no more', async () => {
      const window = { startsAt: The.now, endsAt: later(300), limit: 3 }
      const taken = await Promise.all(Array.from({ length: 10 }, () => store.take('acme', window)))
      expect(taken.filter(Boolean)).toHaveLength(3)
      await store.giveBack('acme', window)
      expect(await store.take('acme', window)).toBe(true)
      expect(await store.take('acme', window)).toBe(false)
      expect(await store.take('apex', window)).toBe(true)
      expect(await store.take('acme', { ...window, of: 'REFRESH#hq' })).toBe(true)
      expect(await store.take('acme', { ...window, startsAt: later(300), endsAt: later(600) })).toBe(true)
    })

    it('never counts permits below zero', async () => {
      const window = { startsAt: The.now, endsAt: later(300), limit: 1 }
      await store.giveBack('acme', window)
      expect(await store.take('acme', window)).toBe(true)
      expect(await store.take('acme', window)).toBe(false)
    })

    it('keeps a vendor stopped until the time is up, and only that vendor', async () => {
      await store.stop('acme', later(300))
      expect(await store.stoppedUntil('acme', later(299.999))).toEqual(later(300))
      expect(await store.stoppedUntil('acme', later(300))).toBeUndefined()
      expect(await store.stoppedUntil('apex', The.now)).toBeUndefined()
    })
  })
}
