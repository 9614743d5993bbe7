import type { Failure } from './failure.ts'
import type { Secret } from './secret.ts'
import type { AccessToken } from './token.ts'
import type { Liveness } from './vendor.ts'

/** What is known of one connection, beside its token. Lives for ever: fence and epoch must never start again. */
export interface State {
  /** 'reconnect': the grant is dead, and only a person can make a new one. */
  readonly status: 'active' | 'reconnect' | 'disabled'
  /** Raised by a revoke; a token of another epoch is never vended. */
  readonly epoch: number
  /** The number of the last lease given. A token carries the fence of the lease it was obtained under. */
  readonly fence: number
  readonly lease?: { readonly since: Date; readonly until: Date }
  readonly failure?: Failure
  /** How long the vendor usually takes, in seconds: what a waiter sleeps before it looks again. */
  readonly usualSeconds?: number
  /** The version of the credentials that last worked. */
  readonly provenVersion?: string
  /** It held the token itself, and that was taken back or is refused by now. */
  readonly disproved?: true
  /** The life of the credentials that last worked, where they have an end that only a person can put off. */
  readonly ends?: CredentialLife
  /** What people have been told of that end, and of trouble: so that each notice goes out once. */
  readonly told?: { readonly [matter in Matter]?: Told }
  /** A person has said that they are at it. */
  readonly acknowledged?: Acknowledgement
  /** The last time that the vendor was seen to take the stored token. */
  readonly checked?: { readonly at: Date; readonly result: Liveness }
  /** Who hears of it when a person is needed. */
  readonly owner?: string
  /** When a caller last asked, to the day. */
  readonly askedAt?: Date
  /** Renewed ahead of need even when nobody asks. */
  readonly keepWarm?: boolean
  /** When the vendor last gave a token. */
  readonly succeededAt?: Date
  /** A refresh token was sent and no definite answer came back: it may be spent. How often it was sent. */
  readonly inDoubt?: number
}

/** A matter that people are told of. */
export type Matter = 'end' | 'trouble'

/** A notice that was sent, or is being sent: who dies in between leaves it to the next who looks. */
export interface Told {
  /** Which notice it was, told from those before and after it. */
  readonly mark: string
  readonly at: Date
  readonly sent: boolean
}

export interface CredentialLife {
  readonly since: Date
  readonly until: Date
}

export interface Acknowledgement {
  /** ARN of who signed the call. */
  readonly by: string
  readonly at: Date
  readonly note?: string
  /** The end that it is about. */
  readonly endsAt: Date
  /** No notice of it before then. */
  readonly until: Date
}

export interface HeldToken {
  readonly accessToken: AccessToken
  readonly refreshAt: Date
  readonly fence: number
  readonly epoch: number
  /** The version of the credentials it was obtained with. */
  readonly credentialVersion: string
}

/** A token that may be written down. One of a vendor that forbids it has another type and does not fit into a store. */
export interface StoredToken extends HeldToken {
  readonly keep: 'table'
}

export interface Row {
  readonly state: State
  readonly token?: StoredToken
}

/** A short exclusive right to renew one connection. It only saves vendor calls: writes are safe without it. */
export interface Lease {
  readonly key: string
  readonly id: string
  readonly fence: number
  readonly epoch: number
  readonly until: Date
  readonly refreshToken?: Secret
  /** Raised with every new refresh token. */
  readonly generation: number
}

export interface Success {
  readonly refreshToken?: Secret
  /** A person has just consented: the refresh token of the grant before is forgotten even if no new one came. */
  readonly newGrant?: true
  /** A caller asked for it, not the schedule. */
  readonly asked?: true
  readonly credentialVersion: string
  readonly usualSeconds: number
  readonly now: Date
  /** The next moment the keeper must look at this connection. */
  readonly dueAt: Date
}

/**
 * The contract both stores are tested against. Every method throws `store_unavailable` when the storage does not
 * answer, never a guess: a missing answer is not a missing item.
 */
export interface TokenStore extends ConsentStore {
  /** Strongly consistent. A connection never seen before is active, epoch 0, fence 0. A token that does not open is left out. */
  read(key: string): Promise<Row>

  /** Raises the fence if it, epoch and status still are what `seen` says; undefined when somebody else was first. */
  acquire(key: string, seen: State, times: { now: Date; until: Date }): Promise<Lease | undefined>

  /**
   * Notes, before a refresh token is sent, that it is going to be. Answers how often this one has been sent by then
   * without a definite answer, or undefined when the lease was lost. That it can be written shows that a commit can be.
   */
  intend(lease: Lease): Promise<number | undefined>

  /**
   * Makes a success durable, the refresh token above all, and clears the failure. The lease stays until `put`.
   * 'superseded': another holder took over. 'revoked': the epoch moved; what was obtained must not be used.
   * A new refresh token is kept even when the lease was lost, as long as nobody has stored a newer one.
   */
  commit(lease: Lease, success: Success): Promise<'committed' | 'superseded' | 'revoked'>

  /** Stores the token unless one of a later fence is there: then false. With it the lease is over. */
  put(lease: Lease, token: StoredToken): Promise<boolean>

  /**
   * Remembers the failure and gives the lease back; harmless if the lease was lost. 'in doubt' leaves the intent standing.
   * 'rejected' ends the grant as well, unless its refresh token is no longer the one that was sent: then false.
   */
  fail(lease: Lease, failure: Failure, grant?: 'in doubt' | 'rejected'): Promise<boolean>

  /** Gives the lease back without a word; harmless if it was lost. 'not spent' takes an intent back with it. */
  release(lease: Lease, refreshToken?: 'not spent'): Promise<void>

  /**
   * Raises the epoch and forgets the refresh token: nothing obtained before is vended again, and who is renewing now does
   * so in vain. With `after` the connection is left in that status, or barred by that failure and the
   * version that last worked disproved.
   */
  revoke(key: string, after?: { readonly status?: 'reconnect'; readonly failure?: Failure }): Promise<void>

  /** How it went where there is no lease to tell it with: tokens that stay in memory, and tokens that are the credential. */
  note(
    key: string,
    outcome:
      | Failure
      | { readonly succeededAt: Date; readonly credentialVersion: string; readonly checked?: State['checked'] },
    /** The version that last worked does not any more. */
    proven?: 'disproved',
  ): Promise<void>

  /** Counts a token obtained for memory; its number in this hour, or undefined when `stop` is reached. */
  countMint(key: string, at: { readonly now: Date; readonly stop: number }): Promise<number | undefined>

  /** Makes the connection known, and changes what is given. */
  register(
    key: string,
    about: {
      readonly owner?: string
      readonly keepWarm?: boolean
      readonly acknowledged?: Acknowledgement
      readonly ends?: CredentialLife | 'never'
      /** The keeper's first look; one that is set already stays, unless the connection is to wake from its rest. */
      readonly dueAt: Date
      readonly wakes?: boolean
    },
  ): Promise<void>

  /** Keys of the connections of a vendor that the keeper must look at by now, the longest due first. Costs what is due, not what there is. */
  due(vendorId: string, now: Date, limit: number): Promise<readonly string[]>

  /** Puts the keeper's next look off, unless something else has done so since `now`. */
  postpone(key: string, look: { readonly now: Date; readonly until: Date }): Promise<void>

  /** Notes that a caller asks. Does nothing for a connection that is not known. */
  touch(key: string, now: Date): Promise<void>

  /** The keys of all connections of a vendor that were registered or vended. */
  list(vendorId: string): Promise<readonly string[]>

  setStatus(key: string, status: 'active' | 'disabled'): Promise<void>

  /** Changes what people have been told, if that still is what was seen; false when somebody else was first. */
  tell(key: string, matter: Matter, change: { readonly seen: Told | undefined; readonly next: Told }): Promise<boolean>

  /** Until when every call to this vendor must stop, if it told us so. */
  stoppedUntil(vendorId: string, now: Date): Promise<Date | undefined>

  /** Stops every call to this vendor. */
  stop(vendorId: string, until: Date): Promise<void>

  /** Takes one of the vendor's failure permits of this window; false when none is left. */
  take(vendorId: string, window: FailureWindow): Promise<boolean>

  /** Gives a permit back: the call did not fail for its credentials. */
  giveBack(vendorId: string, window: FailureWindow): Promise<void>
}

/** A consent under way. Only the hash of its `state` is kept, so that who reads the table cannot finish it. */
export interface Consent {
  readonly stateHash: string
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
 * The part of the store that the hosted callback is given. A consent of the private API is finished by who names its
 * connection, a hosted one by the browser that began it; neither way ends the other's.
 */
export interface ConsentStore {
  /** Keeps a consent that was begun, for as long as it may take. */
  beginConsent(vendorId: string, consent: Consent): Promise<void>

  /** Ties a hosted consent to one browser, once: undefined when there is none, or it is tied, taken or over. */
  bindConsent(
    vendorId: string,
    asked: { readonly stateHash: string; readonly bind: string; readonly now: Date },
  ): Promise<Consent | undefined>

  /** Takes it, once: undefined when there is none, it is over, was taken, or belongs to another connection or browser. */
  takeConsent(
    vendorId: string,
    taken: { readonly stateHash: string; readonly now: Date } & ({ readonly key: string } | { readonly bind: string }),
  ): Promise<Consent | undefined>

  /** Notes that the code of a hosted consent is going to be exchanged, once, and within a minute after it was taken. */
  markExchanged(
    vendorId: string,
    consent: Pick<Consent, 'stateHash' | 'key'> & { readonly now: Date },
  ): Promise<Consent | undefined>
}

/** A fixed stretch of time in which a vendor may refuse our credentials at most `limit` times. */
export interface FailureWindow {
  /** Tells windows of one vendor apart that count different things. @default refused credentials */
  readonly of?: string
  readonly startsAt: Date
  readonly endsAt: Date
  readonly limit: number
}

/**
 * Whether somebody is renewing right now. A lease is over when it has lapsed, when its holder gave it back, or when
 * the token obtained under it is here.
 */
export const isLeased = ({ state, token }: Row, now: Date): boolean =>
  state.lease !== undefined && state.lease.until > now && token?.fence !== state.fence

/** What a connection nobody has asked for yet looks like. */
export const newState: State = { status: 'active', epoch: 0, fence: 0 }
