import type { ConsentStore } from '../../functions/consent/store.ts'
import { acme, hq, later, now } from './vendors.ts'

/** What every store of consents promises, whatever it is made of. */
export function consentStoreContract(name: string, open: () => Promise<ConsentStore>): void {
  describe(`${name} as a store of consents`, () => {
    let consents: ConsentStore
    beforeEach(async () => {
      consents = await open()
    })

    const other = { vendor: acme, name: 'other' }
    const stateHash = 'a'.repeat(64)
    const redirectUri = 'https://callback.example/oauth/acme/callback'
    const own = { stateHash, key: 'acme#hq', redirectUri, expiresAt: later(600) }

    it('hands a consent out once, before its end, and to its own connection', async () => {
      await consents.beginConsent('acme', own)
      const take = (change: object = {}) => consents.takeConsent('acme', { stateHash, connection: hq, now, ...change })
      expect(await take({ connection: other })).toBeUndefined()
      expect(await take({ stateHash: 'b'.repeat(64) })).toBeUndefined()
      expect(await take({ now: later(600) })).toBeUndefined()
      expect(await consents.takeConsent('apex', { stateHash, connection: hq, now })).toBeUndefined()
      const taken = await Promise.all(Array.from({ length: 10 }, () => take({ now: later(599.999) })))
      expect(taken.filter(Boolean)).toEqual([own])
      expect(await take()).toBeUndefined()
    })

    describe('of a hosted consent', () => {
      const hosted = { ...own, authorizationUrl: 'https://acme.example/auth?scope=a%20b' }
      const bind = (change: object = {}) =>
        consents.bindConsent('acme', { stateHash, bind: 'b'.repeat(64), now, ...change })
      const take = (change: object = {}) =>
        consents.takeConsent('acme', { stateHash, bind: 'b'.repeat(64), now, ...change })
      const mark = (change: object = {}) =>
        consents.markExchanged('acme', { stateHash, connection: hq, now, ...change })
      beforeEach(() => consents.beginConsent('acme', hosted))

      it('binds it once, before its end and before it is taken', async () => {
        expect(await bind({ stateHash: 'c'.repeat(64) })).toBeUndefined()
        expect(await bind({ now: later(600) })).toBeUndefined()
        expect(await consents.bindConsent('apex', { stateHash, bind: 'b', now })).toBeUndefined()
        const bound = await Promise.all(Array.from({ length: 10 }, () => bind()))
        expect(bound.filter(Boolean)).toEqual([{ ...hosted, bind: 'b'.repeat(64) }])
      })

      it('hands it out once, to whom it is bound; who is wrong does not use it up', async () => {
        expect(await take()).toBeUndefined()
        await bind()
        expect(await take({ bind: 'c'.repeat(64) })).toBeUndefined()
        expect(await take({ now: later(600) })).toBeUndefined()
        expect(await consents.takeConsent('acme', { stateHash, connection: hq, now })).toBeUndefined()
        expect(await consents.takeConsent('apex', { stateHash, bind: 'b'.repeat(64), now })).toBeUndefined()
        const taken = await Promise.all(Array.from({ length: 10 }, () => take()))
        expect(taken.filter(Boolean)).toEqual([{ ...hosted, bind: 'b'.repeat(64) }])
        expect(await bind()).toBeUndefined()
      })

      it('lets its code be exchanged once, for its connection, within a minute after it was taken', async () => {
        await bind()
        expect(await mark()).toBeUndefined()
        await take({ now: later(599) })
        expect(await mark({ connection: other, now: later(600) })).toBeUndefined()
        expect(await mark({ now: later(659) })).toBeUndefined()
        const marked = await Promise.all(Array.from({ length: 10 }, () => mark({ now: later(658.999) })))
        expect(marked.filter(Boolean)).toEqual([{ ...hosted, bind: 'b'.repeat(64) }])
      })

      it('tells it from one of the private API, which is neither bound nor marked', async () => {
        const its = { stateHash: 'd'.repeat(64) }
        const ofApi = { ...own, ...its }
        await consents.beginConsent('acme', ofApi)
        expect(await bind(its)).toBeUndefined()
        expect(await take(its)).toBeUndefined()
        expect(await consents.takeConsent('acme', { ...its, connection: hq, now })).toEqual(ofApi)
        expect(await mark(its)).toBeUndefined()
      })
    })
  })
}
