import type { Connection } from '../kit/connection.ts'
import { bestEffort } from '../kit/errors.ts'
import type { Vendor } from '../kit/vendor.ts'
import type { CheckRuntime } from './check.ts'
import { forEach } from './pool.ts'

/** Which connections have credentials, whether anybody has used them or not: by the names of their secrets, never a value. */
export interface Inventory {
  /**
   * The newest first, so many at most; those whose secret is scheduled for deletion are left out. One that has just been
   * stored may be missing for some seconds. Throws `configuration` when the names may not be read, and `store_unavailable`
   * when they cannot be now.
   */
  stored(vendor: Vendor, limit: number): Promise<readonly Connection[]>
}

/** Writes of one item. */
const WRITES = { atOnce: 16, secondsEach: 3 }

/**
 * Registers the connections that are stored and that nobody has noted yet, and returns them: with that the sweep tries them,
 * and the daily check and the list have them. One whose write fails is found again the next time. Throws what `stored` does.
 */
export async function findNew(
  vendor: Vendor,
  { known, limit }: { readonly known: readonly Connection[]; readonly limit: number },
  runtime: CheckRuntime,
): Promise<readonly Connection[]> {
  const names = new Set(known.map(({ name }) => name))
  const others = (await runtime.inventory.stored(vendor, limit)).filter(({ name }) => !names.has(name))
  if (others.length === 0) return []
  const rows = await runtime.directory.glance(others)
  const found = rows.filter(({ exists }) => !exists).map(({ connection }) => connection)
  const register = async (connection: Connection) => {
    const now = runtime.now()
    await bestEffort(runtime.registry.register(connection, { sweepAt: now }))
    // It rests so many days after it was found, if nobody uses it; else it would be renewed for ever.
    await bestEffort(runtime.registry.touch(connection, now))
  }
  await forEach(found, WRITES, register, runtime)
  return found
}

/** Both, by name. */
export const merged = (known: readonly Connection[], found: readonly Connection[]): readonly Connection[] =>
  [...known, ...found].sort((a, b) => (a.name < b.name ? -1 : 1))
