import type { Inventory } from '../../functions/keeper/inventory.ts'
import type { Connection } from '../../functions/kit/connection.ts'
import { acme, apex, hq } from './vendors.ts'

interface Stored {
  readonly inventory: Inventory
  /** Stores credentials under the name of the connection's secret, or of one that is named so. */
  store(connection: Connection): Promise<unknown>
  /** Deletes them: at once, or after a time in which they can be restored. */
  remove(connection: Connection): Promise<unknown>
}

/** What every inventory promises, whatever it is made of. */
export function inventoryContract(name: string, open: () => Promise<Stored>): void {
  describe(`${name} as an inventory`, () => {
    let stored: Stored
    beforeEach(async () => {
      stored = await open()
    })
    const of = (connection: string, vendor = acme) => ({ vendor, name: connection })

    it('gives the connections of a vendor that have a secret, the newest first', async () => {
      for (const name of ['b', 'a', 'c']) await stored.store(of(name))
      await stored.store(of('other', apex))
      await stored.store(of('other', { ...acme, id: 'acme-two' }))
      expect(await stored.inventory.stored(acme, 100)).toEqual(['c', 'a', 'b'].map((name) => of(name)))
    })

    it('gives none of a vendor without secrets', async () => {
      await stored.store(hq)
      expect(await stored.inventory.stored(apex, 100)).toEqual([])
    })

    it('leaves out what is deleted', async () => {
      for (const name of ['a', 'b']) await stored.store(of(name))
      await stored.remove(of('b'))
      expect(await stored.inventory.stored(acme, 100)).toEqual([of('a')])
    })

    it.each(['HQ', 'a/b', '-a', 'a_b', 'a'.repeat(64)])('leaves out %s, which names no connection', async (name) => {
      await stored.store(of(name))
      await stored.store(of('a'.repeat(63)))
      expect(await stored.inventory.stored(acme, 100)).toEqual([of('a'.repeat(63))])
    })

    it('gives so many of the newest, or all that there are', async () => {
      const names = Array.from({ length: 205 }, (_, i) => `site-${i}`)
      for (const name of names) await stored.store(of(name))
      const newest = names.toReversed().map((name) => of(name))
      for (const limit of [1, 100, 101, 200]) {
        expect(await stored.inventory.stored(acme, limit)).toEqual(newest.slice(0, limit))
      }
      expect(await stored.inventory.stored(acme, 100_000)).toEqual(newest)
    })
  })
}
