import type { Failure } from '../core/failure.ts'
import type { Notified } from '../kit/reminders.ts'
import { DAY_SECONDS, secondsBetween } from '../kit/time.ts'
import type { Vendor } from '../kit/vendor.ts'
import type { RecoveredNotice, TroubleNotice } from './kinds.ts'
import { type Entry, isClaimed, notifyOnce, type Outbox } from './once.ts'

/** A trouble that may pass by itself has to last so long before anybody is notified, and has to be gone for so long. */
export const HOLD_BACK_SECONDS = 10 * 60
/** A connection that begins to fail later than this after the one before it is news. */
const SPEAKS_FOR_OTHERS_SECONDS = 60 * 60
/** Longer than from one daily check to the next. Whoever failed last has been disabled or deleted since, and is no member. */
const FORGOTTEN_SECONDS = 2 * DAY_SECONDS
/** When a connection last failed is written down no more often. */
const REFRESH_SECONDS = 60

/**
 * What is known of a vendor that fails for several connections, which are one trouble.
 *
 *               a connection fails      one that failed works     none fails for 10 minutes
 *  well         notify, → failing       well                      well
 *  failing      failing                 recovering                failing
 *  recovering   failing                 recovering                notify, → well
 *
 * In 'recovering' connections may still fail and work one by one: that sends nothing. Also notified is a connection that
 * begins to fail an hour after the last one did: one connection that fails for days must not hide that all of them do.
 */
const NEXT = {
  well: { failed: 'failing', worked: 'well', quiet: 'well' },
  failing: { failed: 'failing', worked: 'recovering', quiet: 'failing' },
  recovering: { failed: 'failing', worked: 'recovering', quiet: 'well' },
} as const

type Standing = keyof typeof NEXT

/** The ledger's entry of a vendor. */
interface Outage {
  readonly standing: Standing
  /** When people were notified that the vendor fails. */
  readonly notifiedAt: Date
  /** When a connection last failed; or until when it is paused because it did. */
  readonly failedAt: Date
  /** When one more connection began to fail. */
  readonly widenedAt: Date
}

interface VendorFailure {
  readonly vendor: Vendor
  readonly failure: Failure
  /** People have an open notice of the connection's trouble, its own or the vendor's. */
  readonly isMember: boolean
  readonly notice: TroubleNotice
}

/** Notifies people that a vendor fails. Returns whether they have been, by this connection or another. */
export async function vendorFailed(
  { vendor, failure, isMember, notice }: VendorFailure,
  outbox: Outbox,
): Promise<boolean> {
  const now = outbox.now()
  const { entry, last, outage } = await entryOf(vendor, outbox)
  const isOpen =
    outage !== undefined && outage.standing !== 'well' && secondsBetween(outage.failedAt, now) < FORGOTTEN_SECONDS
  if (isOpen && isClaimed(last, now)) return false
  const failedAt = latest(now, failure.until, outage?.failedAt)
  const isKnown = isOpen && last.sent && (isMember || secondsBetween(outage.widenedAt, now) < SPEAKS_FOR_OTHERS_SECONDS)
  if (!isKnown) {
    const mark = markOf({ standing: 'failing', notifiedAt: now, failedAt, widenedAt: now })
    return notifyOnce(entry, { mark, notice }, outbox)
  }
  const standing = NEXT[outage.standing].failed
  const isOld =
    secondsBetween(outage.failedAt, failedAt) >= REFRESH_SECONDS ||
    (!isMember && secondsBetween(outage.widenedAt, now) >= REFRESH_SECONDS)
  if (isOld || standing !== outage.standing) {
    const next = { ...outage, standing, failedAt, ...(!isMember && { widenedAt: now }) }
    await change(entry, last, next, outbox)
  }
  return true
}

/** A connection that people were notified of works. Returns false when that could not be recorded. */
export const vendorWorked = (vendor: Vendor, outbox: Outbox): Promise<boolean> => settle(vendor, 'worked', outbox)

/** Notifies people that a vendor has recovered, if it has. Reads the ledger once. */
export async function checkVendor(vendor: Vendor, outbox: Outbox): Promise<void> {
  await settle(vendor, 'time passed', outbox)
}

async function settle(vendor: Vendor, event: 'worked' | 'time passed', outbox: Outbox): Promise<boolean> {
  const now = outbox.now()
  const { entry, last, outage } = await entryOf(vendor, outbox)
  if (!outage) return true
  const notice: RecoveredNotice = {
    kind: 'recovered',
    vendor: vendor.id,
    title: vendor.title,
    was: 'vendor_failing',
    notifiedAt: outage.notifiedAt,
  }
  if (outage.standing === 'well') {
    await notifyOnce(entry, { mark: last.mark, notice }, outbox)
    return true
  }
  if (isClaimed(last, now)) return false
  const after = event === 'worked' ? NEXT[outage.standing].worked : outage.standing
  const isQuiet = secondsBetween(outage.failedAt, now) >= HOLD_BACK_SECONDS
  const standing = isQuiet ? NEXT[after].quiet : after
  if (standing === outage.standing) return true
  const next = { ...outage, standing }
  if (standing !== 'well') return change(entry, last, next, outbox)
  await notifyOnce(entry, { mark: markOf(next), notice }, outbox)
  return true
}

async function entryOf(vendor: Vendor, { ledger }: Outbox) {
  const subject = { vendor, all: 'failing' } as const
  const last = await ledger.last(subject, 'trouble')
  const entry: Entry = { subject, matter: 'trouble', last }
  const outage = last && outageOf(last)
  return last && outage ? { entry, last, outage } : { entry }
}

/** The notice stays the same: when it was sent, and that it was. */
const change = ({ subject, matter }: Entry, last: Notified, outage: Outage, { ledger }: Outbox): Promise<boolean> =>
  ledger.replace(subject, matter, { seen: last, next: { ...last, mark: markOf(outage) } })

const markOf = ({ standing, notifiedAt, failedAt, widenedAt }: Outage): string =>
  [standing, ...[notifiedAt, failedAt, widenedAt].map((at) => at.toISOString())].join(' ')

function outageOf({ mark }: Notified): Outage | undefined {
  const [standing = '', notifiedAt = '', failedAt = '', widenedAt = ''] = mark.split(' ')
  if (!isStanding(standing)) return undefined
  return { standing, notifiedAt: new Date(notifiedAt), failedAt: new Date(failedAt), widenedAt: new Date(widenedAt) }
}

const isStanding = (word: string): word is Standing => Object.hasOwn(NEXT, word)

const latest = (...instants: readonly (Date | undefined)[]): Date =>
  new Date(Math.max(...instants.flatMap((instant) => (instant ? [instant.getTime()] : []))))
