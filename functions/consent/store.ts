import type { Connection } from '../kit/connection.ts'
import type { Secret } from '../kit/secret.ts'

/** A consent under way, as it was begun. Only the hash of its `state` is kept, so that who reads the table cannot finish it. */
export interface Consent {
  readonly stateHash: string
  /** 'callback': its code comes to the hosted callback. 'api': to the machine of who began it, and from there signed. */
  readonly through: 'callback' | 'api'
  /** ARN of who began it. */
  readonly begunBy: string
  /** Of the connection at that moment. A revoke since then ends the consent. */
  readonly epoch: number
  readonly redirectUri: string
  /** The vendor's page, without the `state`. With `tokenEndpoint` it is what the consent is pinned to. */
  readonly authorizationUrl: string
  readonly tokenEndpoint: string
  /** Who has to say that it was them who sent the person back (RFC 9207), where the vendor says it. Pinned as well. */
  readonly issuer?: string
  /** What the code is bound to (RFC 7636), where the vendor has `pkce`. It stands under the seal alone. */
  readonly codeVerifier?: Secret
  readonly endsAt: Date
}

/** So long after a consent was taken its code may still be exchanged. */
export const EXCHANGE_WITHIN_SECONDS = 60

/** So many consents of one connection are open at most. One more ends the oldest: the newest link is the one that works. */
export const MOST_OPEN = 3

/** Consents for those who hold the key that they are sealed with: the functions of the vendors. */
export interface ConsentStore {
  /** Keeps a consent that was begun, for as long as it may take. */
  beginConsent(connection: Connection, consent: Consent): Promise<void>

  /**
   * Ends a consent, once: undefined when there is none as `beginConsent` kept it, or it is over, ended, another
   * connection's, or goes another way. One of the callback has to have been taken within the last minute.
   */
  endConsent(
    connection: Connection,
    ended: { readonly stateHash: string; readonly through: Consent['through']; readonly now: Date },
  ): Promise<Consent | undefined>
}

/** What the hosted callback reads of a consent. It could write the same, so nobody else goes by it. */
export interface PublicConsent {
  readonly stateHash: string
  /** Key of the connection. */
  readonly key: string
  readonly authorizationUrl: string
}

/** The two steps of a hosted consent in the browser of who consents, by vendor id: all of the table that the callback may touch. */
export interface PublicConsents {
  /** Ties a consent to one browser, once: undefined when there is none, or it is tied, taken or over. */
  bindConsent(
    vendorId: string,
    by: { readonly stateHash: string; readonly bind: string; readonly now: Date },
  ): Promise<PublicConsent | undefined>

  /** Takes it, once: undefined when there is none, it is over, was taken, or belongs to another browser. */
  takeConsent(
    vendorId: string,
    taken: { readonly stateHash: string; readonly bind: string; readonly now: Date },
  ): Promise<PublicConsent | undefined>
}
