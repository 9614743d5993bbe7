import type { CredentialLife } from './reminders.ts'
import { secondsAfter, secondsBetween } from './time.ts'
import { type GrantLife, refreshAt } from './token.ts'

/** When a grant ends, as of the answer that last told it. */
export interface GrantEnd extends CredentialLife {
  /** When the person consented; of a consent that nobody here has seen, when the first answer came. */
  readonly since: Date
  readonly until: Date
  /** Right before the request was sent that this is counted from. */
  readonly at: Date
  /** What the vendor has said itself. */
  readonly stated?: Date
  /** Only a consent puts it off. Left out while each renewal does, or may. */
  readonly isFixed?: true
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

/**
 * Answers count in seconds, each from another moment before its request: two that are no further apart speak of the same end.
 * More than a call takes, and less than lies between two renewals.
 */
const JITTER_SECONDS = 60

/**
 * The end that comes first: what the vendor says, so long after this answer, or so long after the consent. What it does not
 * say any more it still means. Undefined when nobody says anything. An end that the vendor states is fixed as soon as a
 * renewal has left it where it was; an answer right behind another cannot tell.
 */
export function endOfGrant({ before, at, stated, life = {} }: GrantAnswer): GrantEnd | undefined {
  // 0 is how some vendors say that there is no end.
  const heard = stated && stated > at ? stated : before?.stated
  const isSame = isSameEnd(heard, before?.stated)
  if (before && isSame && secondsBetween(before.at, at) <= JITTER_SECONDS) return before
  const since = before?.since ?? at
  const said = isSame ? before?.stated : heard
  const { idleSeconds, maxSeconds } = life
  const ends = [
    { until: said, isFixed: isSame },
    { until: idleSeconds === undefined ? undefined : secondsAfter(at, idleSeconds), isFixed: false },
    { until: maxSeconds === undefined ? undefined : secondsAfter(since, maxSeconds), isFixed: true },
  ]
  const [first] = ends
    .flatMap(({ until, isFixed }) => (until ? [{ until, isFixed }] : []))
    .sort((a, b) => a.until.getTime() - b.until.getTime())
  return (
    first && { since, at, until: first.until, ...(said && { stated: said }), ...(first.isFixed && { isFixed: true }) }
  )
}

const isSameEnd = (one: Date | undefined, other: Date | undefined): boolean =>
  one && other ? Math.abs(secondsBetween(one, other)) <= JITTER_SECONDS : one === other

/*
 *  at ────────── the keeper renews ─── people are reminded ──────────── until
 *                      40 %                   50 %
 *
 * An end that renewals put off is nobody's concern while they do: a grant of 60 idle days never has 'two months left'.
 */
const RENEW_AFTER = 0.4
const REMIND_AFTER = 0.5

/** When to renew at the latest for the sake of the grant; undefined where that does not help. */
export function renewGrantAt({ at, until, isFixed }: GrantEnd, key: string): Date | undefined {
  return isFixed ? undefined : refreshAt({ issuedAt: at, expiresAt: until }, { refreshAfter: RENEW_AFTER }, key)
}

/** The life by which people are reminded of the end; undefined while renewals put it off. */
export function remindedLife(
  { since, at, until, isFixed }: GrantEnd,
  { succeededAt, now }: { readonly succeededAt?: Date | undefined; readonly now: Date },
): CredentialLife | undefined {
  if (isFixed) return { since, until }
  const overdue = secondsAfter(at, secondsBetween(at, until) * REMIND_AFTER)
  // A version of ours that knew nothing of ends may have renewed since.
  const isPutOff = now < overdue || (succeededAt !== undefined && succeededAt > overdue)
  return isPutOff ? undefined : { since: overdue, until }
}
