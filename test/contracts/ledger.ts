import type { TokenStore } from '../../functions/core/store.ts'
import type { NoticeLedger } from '../../functions/notices/ledger.ts'
import { acme, apex, hq, later, now } from './vendors.ts'

/** What every ledger of notices promises, whatever it is made of. */
export function noticeLedgerContract(
  name: string,
  open: () => Promise<{ readonly ledger: NoticeLedger; readonly tokens: TokenStore }>,
): void {
  describe(`${name} as a ledger of notices`, () => {
    let ledger: NoticeLedger
    let tokens: TokenStore
    beforeEach(async () => {
      ;({ ledger, tokens } = await open())
    })

    const claim = { mark: 'v1 30', at: now, sent: false }
    const sent = { ...claim, sent: true }

    it.each([
      ['a connection', hq],
      ['a vendor as a whole', { vendor: acme, all: 'failing' }],
      ['the sweep of a vendor', { vendor: acme, all: 'sweep' }],
    ] as const)('of %s lets one of many claim a notice, and only who saw the last one', async (_, subject) => {
      expect(await ledger.last(subject, 'trouble')).toBeUndefined()
      const first = { seen: undefined, next: claim }
      const claims = await Promise.all(Array.from({ length: 10 }, () => ledger.replace(subject, 'trouble', first)))
      expect(claims.filter(Boolean)).toHaveLength(1)
      expect(await ledger.last(subject, 'trouble')).toEqual(claim)
      for (const seen of [sent, { ...claim, at: later(0.001) }, { ...claim, mark: 'v1 14' }])
        expect(await ledger.replace(subject, 'trouble', { seen, next: claim })).toBe(false)
      expect(await ledger.replace(subject, 'trouble', { seen: claim, next: sent })).toBe(true)
      expect(await ledger.last(subject, 'trouble')).toEqual(sent)
      expect(await ledger.replace(subject, 'trouble', first)).toBe(false)
    })

    it('keeps the matters of one subject apart, and the subjects of one matter', async () => {
      const subjects = [
        hq,
        { vendor: acme, name: 'other' },
        { vendor: apex, name: 'hq' },
        { vendor: acme, all: 'failing' },
        { vendor: acme, all: 'sweep' },
        { vendor: apex, all: 'sweep' },
      ] as const
      for (const [i, subject] of subjects.entries()) {
        const next = { ...claim, mark: `${i}` }
        expect(await ledger.replace(subject, 'end', { seen: undefined, next })).toBe(true)
      }
      for (const [i, subject] of subjects.entries()) {
        expect(await ledger.last(subject, 'end')).toEqual({ ...claim, mark: `${i}` })
        expect(await ledger.last(subject, 'trouble')).toBeUndefined()
        expect(await ledger.last(subject, 'grant')).toBeUndefined()
      }
    })

    it('shows those of a connection in its state, and changes nothing else there', async () => {
      await ledger.replace(hq, 'end', { seen: undefined, next: sent })
      await ledger.replace(hq, 'trouble', { seen: undefined, next: claim })
      expect((await tokens.read(hq)).state).toEqual({
        ...{ status: 'active', epoch: 0, fence: 0 },
        notified: { end: sent, trouble: claim },
      })
    })
  })
}
