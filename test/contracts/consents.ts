import type { Consent, ConsentStore, PublicConsents } from '../../functions/consent/store.ts'
import { Secret } from '../../functions/kit/secret.ts'
import { acme, apex, hq, later, now } from './vendors.ts'

/** What every store of consents promises, whatever it is made of. */
export function consentStoreContract(name: string, open: () => Promise<ConsentStore & PublicConsents>): void {
  describe(`${name} as a store of consents`, () => {
    let consents: ConsentStore & PublicConsents
    beforeEach(async () => {
      consents = await open()
    })

    const other = { vendor: acme, name: 'other' }
    const stateHash = 'a'.repeat(64)
    const own: Consent = {
      stateHash,
      through: 'api',
      begunBy: 'arn:aws:iam::000000000000:role/ada',
      epoch: 3,
      redirectUri: 'https://callback.example/oauth/acme/callback',
      authorizationUrl: 'https://acme.example/auth?scope=a%20b',
      tokenEndpoint: 'https://acme.example/token',
      issuer: 'https://acme.example',
      endsAt: later(600),
    }
    const end = (change: object = {}, connection = hq) =>
      consents.endConsent(connection, { stateHash, through: 'api', now, ...change })

    it('ends a consent once, before its time is up, and for its own connection', async () => {
      await consents.beginConsent(hq, own)
      expect(await end({}, other)).toBeUndefined()
      expect(await end({}, { vendor: apex, name: 'hq' })).toBeUndefined()
      expect(await end({ stateHash: 'b'.repeat(64) })).toBeUndefined()
      expect(await end({ now: later(600) })).toBeUndefined()
      const ended = await Promise.all(Array.from({ length: 10 }, () => end({ now: later(599.999) })))
      expect(ended.filter(Boolean)).toEqual([own])
      expect(await end()).toBeUndefined()
    })

    it('keeps the code verifier of one, where it has one', async () => {
      const codeVerifier = new Secret('v'.repeat(43))
      await consents.beginConsent(hq, { ...own, codeVerifier })
      expect((await end())?.codeVerifier?.reveal()).toBe(codeVerifier.reveal())
      await consents.beginConsent(hq, { ...own, stateHash: 'b'.repeat(64) })
      expect(await end({ stateHash: 'b'.repeat(64) })).not.toHaveProperty('codeVerifier')
    })

    it('keeps three of a connection open, the newest ones, and ends each of them once', async () => {
      const hashes = ['1', '2', '3', '4'].map((digit) => digit.repeat(64))
      await consents.beginConsent(other, own)
      for (const one of hashes) await consents.beginConsent(hq, { ...own, stateHash: one })
      const ended = await Promise.all(hashes.map((one) => end({ stateHash: one })))
      expect(ended.flatMap((one) => (one ? [one.stateHash] : [])).sort()).toEqual(hashes.slice(1))
      await consents.beginConsent(hq, { ...own, stateHash: '5'.repeat(64) })
      expect(await end({ stateHash: hashes[3] })).toBeUndefined()
      expect(await end({ stateHash: hashes[0] })).toBeUndefined()
      expect(await end({}, other)).toEqual(own)
    })

    describe('of a hosted consent', () => {
      const hosted: Consent = { ...own, through: 'callback' }
      const shown = { stateHash, key: 'acme#hq', authorizationUrl: hosted.authorizationUrl }
      const browser = { stateHash, bind: 'b'.repeat(64), now }
      const bind = (change: object = {}) => consents.bindConsent('acme', { ...browser, ...change })
      const take = (change: object = {}) => consents.takeConsent('acme', { ...browser, ...change })
      const endHosted = (change: object = {}, connection = hq) => end({ through: 'callback', ...change }, connection)
      beforeEach(() => consents.beginConsent(hq, hosted))

      it('binds it once, and before its end', async () => {
        expect(await bind({ stateHash: 'c'.repeat(64) })).toBeUndefined()
        expect(await bind({ now: later(600) })).toBeUndefined()
        expect(await consents.bindConsent('apex', browser)).toBeUndefined()
        const bound = await Promise.all(Array.from({ length: 10 }, () => bind()))
        expect(bound.filter(Boolean)).toEqual([shown])
      })

      it('hands it out once, to whom it is bound; who is wrong does not use it up', async () => {
        expect(await take()).toBeUndefined()
        await bind()
        expect(await take({ bind: 'c'.repeat(64) })).toBeUndefined()
        expect(await take({ now: later(600) })).toBeUndefined()
        expect(await consents.takeConsent('apex', browser)).toBeUndefined()
        expect(await end()).toBeUndefined()
        const taken = await Promise.all(Array.from({ length: 10 }, () => take()))
        expect(taken.filter(Boolean)).toEqual([shown])
        expect(await bind()).toBeUndefined()
      })

      it('ends it once, for its connection, within a minute after it was taken', async () => {
        expect(await endHosted()).toBeUndefined()
        await bind()
        expect(await endHosted()).toBeUndefined()
        await take({ now: later(599) })
        expect(await endHosted({ now: later(600) }, other)).toBeUndefined()
        expect(await endHosted({ now: later(659) })).toBeUndefined()
        const ended = await Promise.all(Array.from({ length: 10 }, () => endHosted({ now: later(658.999) })))
        expect(ended.filter(Boolean)).toEqual([hosted])
      })

      it('tells it from one of the private API, which is neither bound nor taken', async () => {
        const its = { stateHash: 'd'.repeat(64) }
        const ofApi = { ...own, ...its }
        await consents.beginConsent(hq, ofApi)
        expect(await bind(its)).toBeUndefined()
        expect(await take(its)).toBeUndefined()
        expect(await endHosted(its)).toBeUndefined()
        expect(await end(its)).toEqual(ofApi)
      })
    })
  })
}
