import type { Notified } from '../kit/reminders.ts'
import { secondsBetween } from '../kit/time.ts'
import type { Vendor } from '../kit/vendor.ts'
import { type Entry, isClaimed, notifyOnce, type Outbox, recordQuietly } from './once.ts'
import { HOLD_BACK_SECONDS } from './vendor-trouble.ts'

/**
 * Whether the sweeps of a vendor do their work.
 *
 *            a sweep with a fault                     a sweep without one
 *  well      → held_back                              well
 *  held_back after 10 minutes: notify, → failing      → well
 *  failing   failing                                  notify, → well
 *
 * A fault of the table cannot be recorded in it: then the alarm on sweeps that stop says so.
 */
type Standing =
  | { readonly kind: 'held_back' | 'failing'; readonly since: Date }
  | { readonly kind: 'well'; readonly notifiedAt?: Date }

export async function sweepFailed(vendor: Vendor, detail: string, outbox: Outbox): Promise<void> {
  const now = outbox.now()
  const entry = await entryOf(vendor, outbox)
  const standing = standingOf(entry.last)
  if (standing.kind === 'well') {
    await recordQuietly(entry, `held_back ${now.toISOString()}`, outbox)
    return
  }
  const { since } = standing
  if (secondsBetween(since, now) < HOLD_BACK_SECONDS) return
  const notice = { kind: 'sweep_failing', vendor: vendor.id, title: vendor.title, since, detail } as const
  await notifyOnce(entry, { mark: `failing ${since.toISOString()}`, notice }, outbox)
}

/** Reads the ledger once. */
export async function sweepWorked(vendor: Vendor, outbox: Outbox): Promise<void> {
  const entry = await entryOf(vendor, outbox)
  const { last } = entry
  const standing = standingOf(last)
  if (!last || isClaimed(last, outbox.now())) return
  const notifiedAt = standing.kind === 'failing' ? last.at : standing.kind === 'well' ? standing.notifiedAt : undefined
  if (standing.kind === 'well' && last.sent) return
  // A notice that was not sent needs no second one that closes it.
  if (!notifiedAt || (standing.kind === 'failing' && !last.sent)) {
    await recordQuietly(entry, 'well', outbox)
    return
  }
  const { id, title } = vendor
  const notice = { kind: 'recovered', vendor: id, title, was: 'sweep_failing', notifiedAt } as const
  await notifyOnce(entry, { mark: `well ${notifiedAt.toISOString()}`, notice }, outbox)
}

async function entryOf(vendor: Vendor, { ledger }: Outbox): Promise<Entry> {
  const subject = { vendor, all: 'sweep' } as const
  return { subject, matter: 'trouble', last: await ledger.last(subject, 'trouble') }
}

function standingOf(last: Notified | undefined): Standing {
  const [kind, instant] = last?.mark.split(' ') ?? []
  const at = instant === undefined ? undefined : new Date(instant)
  if (at && (kind === 'held_back' || kind === 'failing')) return { kind, since: at }
  return { kind: 'well', ...(at && { notifiedAt: at }) }
}
