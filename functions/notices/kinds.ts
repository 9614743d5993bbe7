import type { FailureCode } from '../kit/errors.ts'
import type { Rotation } from '../kit/vendor.ts'

/** Something a person should know. Holds names, dates and codes; never a secret and never a vendor's text. */
export type Notice =
  | ExpiryNotice
  | GrantNotice
  | TroubleNotice
  | RecoveredNotice
  | RotatedNotice
  | SweepNotice
  | ManyObtainedNotice

interface OfVendor {
  /** 'iobeya' */
  readonly vendor: string
  /** 'iObeya' */
  readonly title: string
}

interface OfConnection extends OfVendor {
  readonly connection: string
  /** Who has to act, where somebody is named. */
  readonly owner?: string
}

/** Something that only a person can renew ends soon, or has ended. */
interface OfEnd extends OfConnection {
  readonly endsAt: Date
  /** Whole days; negative when it is over, -1 on the first day after. */
  readonly daysLeft: number
  /** The step of the ladder that is due, in days before the end. */
  readonly step: number
  /** When the next notice goes out if nothing is done. */
  readonly nextAt: Date
  /** Who said that they are working on it. */
  readonly acknowledged?: { readonly by: string; readonly at: Date }
}

/** Credentials. */
export interface ExpiryNotice extends OfEnd {
  readonly kind: 'expiring' | 'expired'
  readonly rotation: Rotation
}

/** What a person has consented to. */
export interface GrantNotice extends OfEnd {
  readonly kind: 'grant_ending' | 'grant_ended'
  /** The last renewal, where each of them puts the end off. */
  readonly renewedAt?: Date
  /** What who says yes at the vendor has to know. */
  readonly consent?: readonly string[]
}

/** A connection gets no new tokens any more. */
export interface TroubleNotice extends OfConnection {
  readonly kind: 'reconnect_needed' | 'credentials_refused' | 'vendor_failing'
  readonly since: Date
  readonly code: FailureCode
  /** In our own words. */
  readonly detail: string
  /** Until when the current token is still vended, if there is one. */
  readonly worksUntil?: Date
  readonly rotation: Rotation
  /** What who says yes at the vendor has to know. */
  readonly consent?: readonly string[]
}

/** A trouble that people were notified of is over. */
export interface RecoveredNotice extends OfVendor {
  readonly kind: 'recovered'
  /** Left out when it was the vendor as a whole that failed, or its sweep. */
  readonly connection?: string
  readonly owner?: string
  readonly was: TroubleNotice['kind'] | 'sweep_failing'
  /** When people were notified of it. */
  readonly notifiedAt: Date
}

/** New credentials have been stored, and they work: not those in which a person has edited only what is not secret. */
export interface RotatedNotice extends OfConnection {
  readonly kind: 'rotated'
  readonly rotation: Rotation
  /** Whether what is secret is new is not known: the version before could not be read, or only by who could not send this. */
  readonly isUnsure?: true
  /** The end of the new ones, where they have one. */
  readonly endsAt?: Date
}

/** Nothing is renewed ahead of need for this vendor. */
export interface SweepNotice extends OfVendor {
  readonly kind: 'sweep_failing'
  readonly since: Date
  readonly detail: string
}

/** A connection whose tokens stay in memory obtains suspiciously many. */
export interface ManyObtainedNotice extends OfConnection {
  readonly kind: 'many_obtained'
  /** Tokens obtained in this hour so far. */
  readonly count: number
}

export type NoticeKind = Notice['kind']

export type Severity = 'info' | 'notice' | 'warning' | 'critical'

/** How urgent it is: subscribers may filter by it. */
export function severityOf(notice: Notice): Severity {
  switch (notice.kind) {
    case 'recovered':
    case 'rotated':
      return 'info'
    case 'many_obtained':
    case 'vendor_failing':
    case 'sweep_failing':
      return 'warning'
    case 'expired':
    case 'grant_ended':
    case 'reconnect_needed':
    case 'credentials_refused':
      return 'critical'
    case 'expiring':
    case 'grant_ending':
      return notice.daysLeft <= 1
        ? 'critical'
        : notice.daysLeft <= 7
          ? 'warning'
          : notice.daysLeft <= 14
            ? 'notice'
            : 'info'
  }
}
