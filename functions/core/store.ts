import type { Connection } from '../kit/connection.ts'
import type { GrantEnd } from '../kit/grant.ts'
import type { Acknowledgement, CredentialLife, Matter, Notified } from '../kit/reminders.ts'
import type { Secret } from '../kit/secret.ts'
import type { AccessToken, TablePolicy } from '../kit/token.ts'
import type { Liveness, Vendor } from '../kit/vendor.ts'
import type { Failure } from './failure.ts'

/** What is known of one connection, beside its token. It has no TTL: fence and epoch must never start again. */
export interface State {
  /** 'disabled' is left only by enabling it again. */
  readonly status: 'active' | 'disabled'
  /** Raised by a revoke; a token of another epoch is not vended. */
  readonly epoch: number
  /** The number of the last lease given. A token carries the fence of the lease it was obtained under. */
  readonly fence: number
  readonly lease?: { readonly since: Date; readonly until: Date }
  readonly failure?: Failure
  /** How long the last holders of the lease took, in seconds: what a waiter sleeps before it reads again. */
  readonly usualSeconds?: number
  /** The version of the credentials that last worked. */
  readonly provenVersion?: string
  /** The versions of the credentials whose static token the vendor refuses, or a person has taken back. */
  readonly refusedVersions?: ReadonlySet<string>
  /** The ids of the leases under which the present refresh token was sent without a definite answer: it may be spent. */
  readonly unconfirmedSends?: ReadonlySet<string>
  /** When the vendor last gave or took a token. */
  readonly succeededAt?: Date
  /** The last time that the vendor was seen to take the static token. */
  readonly checked?: { readonly at: Date; readonly result: Liveness }
  /** The life of the credentials that last worked, where they have an end that only a person can put off. */
  readonly ends?: CredentialLife
  readonly acknowledged?: Acknowledgement
  /** When the grant behind the last token ends, as far as anybody says so. */
  readonly grantEnd?: GrantEnd
  readonly acknowledgedGrant?: Acknowledgement
  /** The last notice of each matter, so that each goes out once. */
  readonly notified?: { readonly [matter in Matter]?: Notified }
  /** Who is notified when a person is needed. */
  readonly owner?: string
  /** When a caller last used the connection, to the day. */
  readonly usedAt?: Date
  /** Renewed ahead of need even when nobody uses it. */
  readonly keepWarm?: boolean
}

/** What a connection that nobody has used yet looks like. */
export const newState: State = { status: 'active', epoch: 0, fence: 0 }

/** A token and what it was obtained under, wherever it is kept. */
export interface HeldToken {
  readonly accessToken: AccessToken
  readonly refreshAt: Date
  readonly fence: number
  readonly epoch: number
  /** The version of the credentials it was obtained with. */
  readonly credentialVersion: string
  /** There is another version. Until that one works the token is vended on. */
  readonly isReplaced?: boolean
}

/** A token that may be written down. Only a vendor with a TablePolicy has such tokens, and no static token is one. */
export interface CachedToken extends HeldToken {
  readonly policy: TablePolicy['storage']
}

export interface Row {
  /** Whether the store has anything of this connection. */
  readonly exists: boolean
  readonly state: State
  readonly token?: CachedToken
}

/** A row, and the moment before it was read. */
export interface Read {
  readonly row: Row
  readonly readAt: Date
}

/**
 * A short exclusive right to call the vendor for one connection. Writes are safe without it: it saves vendor calls, and keeps two
 * from sending one single-use refresh token at once.
 */
export interface Lease {
  readonly connection: Connection
  readonly policy: TablePolicy
  readonly id: string
  readonly fence: number
  readonly epoch: number
  readonly since: Date
  readonly until: Date
  readonly refreshToken?: Secret
  /** Raised with every new refresh token. */
  readonly generation: number
}

/** Under what an outcome is recorded where nothing is cached and so no lease is needed. */
export type Reading = Pick<Lease, 'connection' | 'epoch'>

export interface Success {
  readonly credentialVersion: string
  readonly at: Date
  readonly usualSeconds?: number
  /** The keeper's next turn. @default the one that is set, else at once */
  readonly sweepAt?: Date
  /** A person has just consented: the refresh token of the grant before is forgotten even if no new one came. */
  readonly newGrant?: true
  /** A caller used the connection, not the schedule. */
  readonly used?: true
  readonly checked?: State['checked']
  readonly ends?: CredentialLife | 'never'
  /** The end of the grant behind the token. @default nobody says one, or there is no grant */
  readonly grantEnd?: GrantEnd
}

/** What came of an attempt. With neither success nor failure the lease is given back and nothing is remembered. */
export type Outcome = Came & (Worked | Failed)

interface Came {
  /** A new refresh token came, whatever else did. Under a lease only. Alone it ends the failure before it. */
  readonly refreshToken?: Secret
  /** No definite answer came for a refresh token that was sent: the send stays unconfirmed. */
  readonly unconfirmed?: true
}

interface Worked {
  readonly success: Success
  readonly failure?: never
  readonly refusedVersion?: never
}

interface Failed {
  readonly success?: never
  /** Under a lease, one without a credential version ends the grant: its refresh token is forgotten. */
  readonly failure?: Failure
  /** The static token of this version is refused. */
  readonly refusedVersion?: string
}

export type Stop =
  | { readonly kind: 'disable' }
  /** Raises the epoch and forgets the refresh token and the lease. With a failure the connection is barred by it. */
  | { readonly kind: 'revoke'; readonly failure?: Failure; readonly refusedVersions?: readonly string[] }

export interface Forgotten {
  readonly refreshToken?: Secret
  /** The end of the last lease, if it was not given back: until then its holder may be sending the refresh token. */
  readonly leasedUntil?: Date
}

/**
 * State and token of each connection. Every method throws `store_unavailable` when the storage does not answer, never a
 * guess: a missing answer is not a missing item. Every write may be applied twice (the SDK repeats it when an answer is
 * lost) and counts once.
 */
export interface TokenStore {
  /** Strongly consistent. A connection never seen before is `newState`. A token that does not open is left out. */
  read(connection: Connection): Promise<Row>

  /**
   * Raises the fence if fence, epoch and status still are what `seen` says and it is active; undefined when not. Fetches
   * the key to seal with as well: a grant that cannot be stored must not be asked for. A failure there gives the lease back.
   */
  acquire(
    connection: Connection,
    seen: State,
    terms: { readonly policy: TablePolicy; readonly now: Date; readonly until: Date },
  ): Promise<Lease | undefined>

  /**
   * Notes, before a refresh token is sent, that it is going to be. Returns how often this one has been sent by then without
   * a definite answer, or undefined when the lease was lost. That it can be written shows that an outcome can be.
   */
  noteSend(lease: Lease): Promise<number | undefined>

  /**
   * Makes what came of an attempt durable, the refresh token above all. 'superseded': another holder took over, or the
   * connection was revoked or disabled meanwhile; what was obtained must not be used. A failure that ends the grant is
   * superseded as well when the refresh token has been replaced. A new refresh token is kept even then, as long as the
   * epoch is the same and nobody has stored a newer one. After a success the lease stays until `put`.
   */
  record(under: Lease | Reading, outcome: Outcome): Promise<'recorded' | 'superseded'>

  /** Caches the token unless one of a later fence is there: then false. With it the lease is over. */
  put(lease: Lease, token: CachedToken): Promise<boolean>

  /** Stops a connection, whatever goes on meanwhile. Returns what a revoke has forgotten, for the vendor's part. */
  stop(connection: Connection, stop: Stop): Promise<Forgotten>

  /** The only way out of 'disabled'. */
  enable(connection: Connection): Promise<void>
}

/** What people and the keeper note about a connection. */
export interface Facts extends Pick<State, 'owner' | 'keepWarm' | 'acknowledged' | 'acknowledgedGrant'> {
  readonly ends?: CredentialLife | 'never'
  /** The keeper's first turn; one that is set stays, unless the connection is to wake from its rest. */
  readonly sweepAt: Date
  readonly wakes?: boolean
  /** A person wants it used: one that was forgotten is active again. */
  readonly reopens?: boolean
}

/** What is noted of connections, and when the keeper's next turn is. Throws `store_unavailable` as the token store does. */
export interface Registry {
  /** Makes the connection known, and changes what is given. Does nothing for one that was forgotten, unless it reopens. */
  register(connection: Connection, facts: Facts): Promise<void>

  /** The connections of a vendor whose turn has come, the longest due first. Costs what is due, not what there is. */
  due(vendor: Vendor, now: Date, limit: number): Promise<readonly Connection[]>

  /** Puts the keeper's next turn off, unless something else has done so since `now`. */
  postpone(connection: Connection, turn: { readonly now: Date; readonly until: Date }): Promise<void>

  /** Has a disabled connection read as one that is not there, until it is registered to reopen. False for one in use. */
  forget(connection: Connection): Promise<boolean>

  /** Notes that a caller uses the connection. Does nothing for one that is not known. */
  touch(connection: Connection, now: Date): Promise<void>
}
