import { type AccessToken, DAY_SECONDS, secondsBetween } from './token.ts'

/** Something a person should hear about. Holds names, dates and codes; never a secret and never a vendor's text. */
export type Notice = ExpiringNotice | MintingNotice

/** A vendor whose tokens stay in memory is asked for suspiciously many. */
export interface MintingNotice {
  readonly kind: 'minting'
  readonly vendor: string
  readonly connection: string
  /** Tokens obtained in this hour so far. */
  readonly count: number
}

export interface ExpiringNotice {
  readonly kind: 'expiring'
  readonly vendor: string
  readonly connection: string
  readonly expiresAt: Date
  readonly daysLeft: number
  /** The step of the ladder that is due, in days. */
  readonly step: number
}

const STEPS_DAYS = [0, 1, 3, 7, 14, 30, 60]

/** The notice due for a token that only a person can renew: of all steps that have come, the tightest. */
export function expiryNotice(
  { vendor, connection }: { vendor: { id: string }; connection: string },
  { expiresAt }: AccessToken,
  now: Date,
): ExpiringNotice | undefined {
  const daysLeft = Math.floor(secondsBetween(now, expiresAt) / DAY_SECONDS)
  const step = STEPS_DAYS.find((days) => daysLeft <= days)
  return step === undefined ? undefined : { kind: 'expiring', vendor: vendor.id, connection, expiresAt, daysLeft, step }
}
