import { VendingError } from '../core/errors.ts'
import type { Runtime } from '../core/runtime.ts'
import { secondsBetween } from '../core/token.ts'
import type { Vendor } from '../core/vendor.ts'
import { tellOnce } from '../notices/once.ts'
import { HOLD_BACK_SECONDS } from '../notices/trouble.ts'

/**
 * Keeps track of whether a vendor's sweeps do their work, and tells people when they have not for 10 minutes, and when
 * they do again. What cannot even be noted, since the table does not answer, is found by the alarm on sweeps that stop.
 */
export async function noteSweep(vendor: Vendor, fault: string | undefined, runtime: Runtime): Promise<void> {
  try {
    await (fault === undefined ? noteWell(vendor, runtime) : noteFailing(vendor, fault, runtime))
  } catch (error) {
    if (!(error instanceof VendingError)) throw error
  }
}

/** No connection is named in capitals. */
const keyOf = ({ id }: Vendor): string => `${id}#SWEEP`

async function noteFailing(vendor: Vendor, detail: string, runtime: Runtime): Promise<void> {
  const key = keyOf(vendor)
  const now = runtime.now()
  const { state } = await runtime.store.read(key)
  const since = state.failure?.since ?? now
  const count = (state.failure?.count ?? 0) + 1
  await runtime.store.note(key, { code: 'internal', detail, count, since, credentialVersion: '-' })
  if (secondsBetween(since, now) < HOLD_BACK_SECONDS) return
  const notice = { kind: 'sweep_failing', vendor: vendor.id, title: vendor.title, since, detail } as const
  await tellOnce({ key, matter: 'trouble', seen: state.told?.trouble, mark: 'sweep_failing' }, notice, runtime)
}

async function noteWell(vendor: Vendor, runtime: Runtime): Promise<void> {
  const key = keyOf(vendor)
  const { state } = await runtime.store.read(key)
  if (state.failure) await runtime.store.note(key, { succeededAt: runtime.now(), credentialVersion: '-' })
  const seen = state.told?.trouble
  if (!seen || (seen.mark !== 'sweep_failing' && seen.sent)) return
  const { id, title } = vendor
  const notice = { kind: 'recovered', vendor: id, title, was: 'sweep_failing', toldAt: seen.at } as const
  await tellOnce({ key, matter: 'trouble', seen, mark: 'recovered' }, notice, runtime)
}
