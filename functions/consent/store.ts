import type { Connection } from '../kit/connection.ts'

/** A consent under way. Only the hash of its `state` is kept, so that who reads the table cannot finish it. */
export interface Consent {
  readonly stateHash: string
  /** Key of the connection it is for. */
  readonly key: string
  readonly redirectUri: string
  readonly expiresAt: Date
  /** The vendor's page, without the `state`. Present when the consent goes through the hosted callback, and only there. */
  readonly authorizationUrl?: string
  /** Hash of the cookie of the browser that began. */
  readonly bind?: string
}

/** So long after a consent was taken its code may still be exchanged. */
export const EXCHANGE_WITHIN_SECONDS = 60

/**
 * Consents under way, by vendor id: all of the table that the hosted callback may touch. A consent of the private API is
 * finished by who names its connection, a hosted one by the browser that began it; neither way ends the other's.
 */
export interface ConsentStore {
  /** Keeps a consent that was begun, for as long as it may take. */
  beginConsent(vendorId: string, consent: Consent): Promise<void>

  /** Ties a hosted consent to one browser, once: undefined when there is none, or it is tied, taken or over. */
  bindConsent(
    vendorId: string,
    by: { readonly stateHash: string; readonly bind: string; readonly now: Date },
  ): Promise<Consent | undefined>

  /** Takes it, once: undefined when there is none, it is over, was taken, or belongs to another connection or browser. */
  takeConsent(
    vendorId: string,
    taken: { readonly stateHash: string; readonly now: Date } & (
      | { readonly connection: Connection }
      | { readonly bind: string }
    ),
  ): Promise<Consent | undefined>

  /** Notes that the code of a hosted consent is going to be exchanged, once, and within a minute after it was taken. */
  markExchanged(
    vendorId: string,
    consent: { readonly stateHash: string; readonly connection: Connection; readonly now: Date },
  ): Promise<Consent | undefined>
}
