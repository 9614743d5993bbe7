import type { Rounds } from '../../functions/keeper/round.ts'
import { acme, apex, later, now } from './vendors.ts'

/** What everything promises that daily checks are noted in. */
export function roundsContract(name: string, open: () => Promise<Rounds>): void {
  describe(`${name} as a place for rounds of the daily check`, () => {
    let rounds: Rounds
    beforeEach(async () => {
      rounds = await open()
    })

    const begun = { id: 'r1', since: now, until: later(45) }
    const stopped = { id: 'r1', since: now, from: 'hq', after: 'site-7' }

    it('gives back what was noted last, of each vendor its own', async () => {
      expect(await rounds.last(acme)).toBeUndefined()
      expect(await rounds.replace(acme, { seen: undefined, next: begun })).toBe(true)
      expect(await rounds.last(acme)).toEqual(begun)
      expect(await rounds.replace(acme, { seen: begun, next: stopped })).toBe(true)
      expect(await rounds.last(acme)).toEqual(stopped)
      const done = { ...stopped, id: 'r2', done: true as const }
      expect(await rounds.replace(acme, { seen: stopped, next: done })).toBe(true)
      expect(await rounds.last(acme)).toEqual(done)
      expect(await rounds.last(apex)).toBeUndefined()
    })

    it('is begun by one run, and taken on by one', async () => {
      const claims = (seen: typeof begun | undefined, ...ids: string[]) =>
        Promise.all(ids.map((id) => rounds.replace(acme, { seen, next: { ...begun, id } })))
      expect((await claims(undefined, 'r1', 'r2', 'r3')).filter(Boolean)).toEqual([true])
      const last = await rounds.last(acme)
      expect((await claims(last && { ...begun, id: last.id }, 'r4', 'r5', 'r6')).filter(Boolean)).toEqual([true])
    })

    it('is left alone by a run that has lost it', async () => {
      await rounds.replace(acme, { seen: undefined, next: begun })
      await rounds.replace(acme, { seen: begun, next: { ...begun, id: 'r2' } })
      expect(await rounds.replace(acme, { seen: begun, next: stopped })).toBe(false)
      expect(await rounds.last(acme)).toEqual({ ...begun, id: 'r2' })
    })
  })
}
