import type { Allowance, Limit } from '../../functions/core/allowance.ts'
import { acme, apex, later, now } from './vendors.ts'

/** What every allowance promises, whatever it is made of. */
export function allowanceContract(name: string, open: () => Promise<Allowance>): void {
  describe(`${name} as an allowance`, () => {
    let allowance: Allowance
    let ids = 0
    beforeEach(async () => {
      allowance = await open()
      ids = 0
    })

    const limit: Limit = { name: 'refused', most: 3, windowSeconds: 300 }
    /** `now` is on an edge of this stretch and of every other one here. */
    const take = (at = 0, { vendor = acme, of = limit, id = '' } = {}) => {
      ids += 1
      return allowance.take(vendor, of, { id: id || `id-${ids}`, now: later(at) })
    }

    it('gives each vendor so many of each limit in a stretch, and no more', async () => {
      const taken = await Promise.all(Array.from({ length: 10 }, () => take()))
      expect(taken.filter(Boolean)).toHaveLength(3)
      expect(await allowance.use(acme, limit, now)).toEqual({ taken: 3 })
      expect(await take(0, { vendor: apex })).toBe(1)
      expect(await take(0, { of: { ...limit, name: 'forced hq' } })).toBe(1)
    })

    it('begins anew with the next stretch, and not a millisecond before', async () => {
      for (const count of [1, 2, 3]) expect(await take()).toBe(count)
      expect(await take(299.999)).toBeUndefined()
      expect(await allowance.use(acme, limit, later(299.999))).toEqual({ taken: 3 })
      expect(await allowance.use(acme, limit, later(300))).toEqual({ taken: 0 })
      const taken = await Promise.all(Array.from({ length: 10 }, () => take(300)))
      expect(taken.filter(Boolean)).toHaveLength(3)
    })

    it('counts one whose clock is behind in the stretch that has begun', async () => {
      for (const at of [300, 299.5, 299.9]) await take(at)
      expect(await take(299.999)).toBeUndefined()
      expect(await allowance.use(acme, limit, later(300))).toEqual({ taken: 3 })
    })

    it('counts an id once, also when none is left', async () => {
      expect(await take(0, { id: 'a' })).toBe(1)
      expect(await take(0, { id: 'a' })).toBe(1)
      expect([await take(), await take()]).toEqual([2, 3])
      expect(await take(0, { id: 'a' })).toBe(3)
      expect(await take(0, { id: 'b' })).toBeUndefined()
    })

    it('takes one back once, and only one that was taken', async () => {
      await allowance.giveBack(acme, limit, { id: 'a', now })
      for (const id of ['a', 'b', 'c']) await take(0, { id })
      for (const id of ['a', 'a', 'd']) await allowance.giveBack(acme, limit, { id, now })
      expect(await allowance.use(acme, limit, now)).toEqual({ taken: 2 })
      expect([await take(), await take()]).toEqual([3, undefined])
    })

    it('has all of it again when all is given back', async () => {
      await take(0, { id: 'a' })
      await allowance.giveBack(acme, limit, { id: 'a', now })
      expect(await allowance.use(acme, limit, now)).toEqual({ taken: 0 })
      expect([await take(), await take(), await take(), await take()]).toEqual([1, 2, 3, undefined])
    })

    it('does not take from the next stretch what was taken in the one before', async () => {
      await take(0, { id: 'a' })
      await take(300, { id: 'b' })
      await allowance.giveBack(acme, limit, { id: 'a', now: later(300) })
      expect(await allowance.use(acme, limit, later(300))).toEqual({ taken: 1 })
    })

    it('gives nothing of a limit of nothing', async () => {
      expect(await take(0, { of: { ...limit, most: 0 } })).toBeUndefined()
    })

    it('gives nothing while it is blocked, over the edge of a stretch too, and then goes on', async () => {
      await take()
      await allowance.block(acme, limit, later(310))
      expect(await take(1)).toBeUndefined()
      expect(await allowance.use(acme, limit, later(1))).toEqual({ taken: 1, blockedUntil: later(310) })
      expect(await take(309.999)).toBeUndefined()
      expect(await allowance.use(acme, limit, later(310))).toEqual({ taken: 0 })
      expect(await take(310)).toBe(1)
      expect(await take(0, { vendor: apex })).toBe(1)
    })

    it('can be blocked before anything is taken, and of one limit only', async () => {
      await allowance.block(acme, limit, later(10))
      expect(await take(9.999)).toBeUndefined()
      expect(await allowance.use(acme, limit, later(9.999))).toEqual({ taken: 0, blockedUntil: later(10) })
      expect(await take(0, { of: { ...limit, name: 'forced hq' } })).toBe(1)
      expect(await take(10)).toBe(1)
    })

    it('keeps the longer of two blocks', async () => {
      await allowance.block(acme, limit, later(60))
      await allowance.block(acme, limit, later(30))
      expect(await take(59.999)).toBeUndefined()
      await allowance.block(acme, limit, later(90))
      expect(await take(89.999)).toBeUndefined()
      expect(await take(90)).toBe(1)
    })
  })
}
