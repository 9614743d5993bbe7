import type { CredentialLife } from './reminders.ts'
import { earlier, secondsAfter, secondsBetween } from './time.ts'
import { type GrantLife, refreshAt } from './token.ts'

/** When a grant ends, as of the last answer that told it. */
export interface GrantEnd extends CredentialLife {
  /** When the person consented; of a consent that nobody here has seen, when the first answer came. */
  readonly since: Date
  /** Right before the request was sent whose answer last moved the end. */
  readonly at: Date
  readonly until: Date
  /** What the vendor has said itself. */
  readonly stated?: Date
}

/** What an answer says of the grant behind it. */
export interface GrantAnswer {
  /** As it was known before. Left out where the grant begins with this answer. */
  readonly before?: GrantEnd | undefined
  readonly at: Date
  readonly stated?: Date | undefined
  /** By the vendor's documents. */
  readonly life?: GrantLife | undefined
}

/** Answers count in seconds, each from another moment before its request: two that are no further apart speak of the same end. */
const JITTER_SECONDS = 60

/** Renewals come once a minute at most: what ends sooner none of them keeps, and nobody can be told of in time. */
const LEAST_SECONDS = 180

/**
 * The end that comes first: what the vendor says, so long after this answer, or so long after the consent. What it does not
 * say any more it still means. Undefined when nobody says anything.
 */
export function endOfGrant({ before, at, stated, life = {} }: GrantAnswer): GrantEnd | undefined {
  const { idleSeconds, maxSeconds } = life
  const since = before?.since ?? at
  // 0 is how some vendors say that there is no end.
  const said = stated && secondsBetween(at, stated) >= LEAST_SECONDS ? stated : before?.stated
  const ends = [
    said,
    idleSeconds === undefined ? undefined : secondsAfter(at, idleSeconds),
    maxSeconds === undefined ? undefined : secondsAfter(since, maxSeconds),
  ].filter((end) => end !== undefined)
  if (ends.length === 0) return undefined
  const until = ends.reduce(earlier)
  const isSame = before !== undefined && Math.abs(secondsBetween(before.until, until)) <= JITTER_SECONDS
  return { ...(isSame ? before : { since, at, until }), ...(said && { stated: said }) }
}

/*
 *  at ────────── the keeper renews ─── people are reminded ──────────── until
 *                      40 %                   50 %
 *
 * Whether a renewal puts an end off it alone can tell: some move with each, some once a day, some do and then stay. One that
 * moves is nobody's concern while renewals work: it never comes to its half. One that stays is on the ladder from then on.
 */
const RENEW_AFTER = 0.4
const REMIND_AFTER = 0.5

/** When a token that was asked for then is renewed at the latest, for the sake of the grant; undefined where that has been tried. */
export function renewGrantAt({ at, until }: GrantEnd, askedAt: Date, key: string): Date | undefined {
  const turn = refreshAt({ issuedAt: at, expiresAt: until }, { refreshAfter: RENEW_AFTER }, key)
  return turn > askedAt ? turn : undefined
}

/** The life by which people are reminded of the end; undefined while that is too soon. */
export function remindedLife(grant: GrantEnd, now: Date): CredentialLife | undefined {
  const { at, until } = grant
  return isBeforeHalf(grant, now) ? undefined : { since: at, until }
}

/** Whether renewals put the end off, as far as has been seen. */
export const isExtended = (grant: GrantEnd, now: Date): boolean => grant.at > grant.since && isBeforeHalf(grant, now)

const isBeforeHalf = ({ at, until }: GrantEnd, now: Date): boolean =>
  now < secondsAfter(at, secondsBetween(at, until) * REMIND_AFTER)

/** The last renewal, where it has put the end off and none has worked since. */
export function lastRenewal({ since, at }: GrantEnd, succeededAt: Date | undefined): Date | undefined {
  return at > since && succeededAt && secondsBetween(at, succeededAt) <= JITTER_SECONDS ? succeededAt : undefined
}
