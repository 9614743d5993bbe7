import { FAILURES, type FailureCode, VendingError } from '../kit/errors.ts'
import { secondsAfter, secondsBetween } from '../kit/time.ts'

/** The last failure of a connection, remembered so that every process leaves the vendor alone. */
export interface Failure {
  readonly code: FailureCode
  readonly detail: string
  /** How many in a row. */
  readonly count: number
  readonly since: Date
  /** No call before then; undefined: not with these credentials. */
  readonly until?: Date
  /** The version that failed. Left out when no other version helps either: the grant is over, and only a person can give one. */
  readonly credentialVersion?: string
}

/** Longest pause while a working token is at hand, and while none is. */
const CAP_SECONDS = { held: 60, none: 15 }
const PROBE_SECONDS = 15 * 60
/** Pauses between the strikes of a vendor that will not say whether the grant is over or the system is ill. */
const DOUBT_SECONDS = [60, 4 * 60, 10 * 60]
const RETRY_AFTER_SECONDS = { least: 1, most: 15 * 60 }

interface Circumstances {
  readonly before: Failure | undefined
  readonly credentialVersion: string
  /** Whether a token is at hand that can be served meanwhile. */
  readonly held: boolean
  /** How often the refresh token was sent that may be spent. It is sent again once soon, and then only seldom. */
  readonly sends?: number | undefined
  /** Whether a refusal of the grant ends it for good: it was a refresh token's, and a person gave it. */
  readonly endsGrant: boolean
  readonly now: Date
  /** 0 to 1, so that processes that failed together do not come back together. */
  readonly random: number
}

/** What is remembered of an error, after what was remembered before. */
export function remember(error: VendingError, at: Circumstances): Failure {
  const continued = at.before?.credentialVersion === at.credentialVersion ? at.before : undefined
  // That the vendor cannot be asked again does not take its refusal back.
  if (continued?.code === 'credential_expired' && FAILURES[error.code].remember === 'back-off')
    return { ...continued, until: secondsAfter(at.now, PROBE_SECONDS) }
  // Strikes count among themselves: what failed for another reason before says nothing of the grant.
  const alike = error.code !== 'grant_doubtful' || continued?.code === 'grant_doubtful'
  const count = (alike ? (continued?.count ?? 0) : 0) + 1
  // A refusal of a refresh token that may have been spent before leaves no doubt either: its answer was lost.
  const certain = count >= (error.strikes ?? 3) || (at.sends ?? 0) > 1
  const code = error.code === 'grant_doubtful' && certain ? 'grant_rejected' : error.code
  const pause = pauseSeconds(code, { ...at, count, wanted: error.retryAfterSeconds })
  return {
    code,
    detail: error.message,
    count,
    since: continued?.since ?? at.now,
    ...(pause !== undefined && { until: secondsAfter(at.now, pause) }),
    ...(!(code === 'grant_rejected' && at.endsGrant) && { credentialVersion: at.credentialVersion }),
  }
}

/** `wanted` is what the vendor asks us to wait. */
function pauseSeconds(
  code: FailureCode,
  { held, random, sends = 0, count, wanted }: Circumstances & { count: number; wanted: number | undefined },
): number | undefined {
  const { remember } = FAILURES[code]
  if (remember === 'latch') return wanted
  if (remember === 'probe') return PROBE_SECONDS
  if (code === 'grant_doubtful') return DOUBT_SECONDS[count - 1] ?? PROBE_SECONDS
  if (wanted !== undefined) return Math.min(Math.max(wanted, RETRY_AFTER_SECONDS.least), RETRY_AFTER_SECONDS.most)
  if (sends > 1) return PROBE_SECONDS
  const longest = Math.min(2 ** count, held ? CAP_SECONDS.held : CAP_SECONDS.none)
  return longest * (0.5 + random / 2)
}

/** Whether the grant is over, whatever the credentials: only a consent gives another. */
export const needsConsent = (failure: Failure | undefined): failure is Failure =>
  failure !== undefined && failure.credentialVersion === undefined

/** Whether it speaks against the credentials or the grant, so that new ones may be called with at once. */
export const isCuredByNew = ({ code }: Failure): boolean => FAILURES[code].remember !== 'back-off'

/** Whether the vendor must not be called now with this version of the credentials. Of a grant that is over `needsConsent` tells. */
export function bars(failure: Failure, credentialVersion: string, now: Date): boolean {
  if (isCuredByNew(failure) && failure.credentialVersion !== credentialVersion) return false
  return failure.until === undefined || now < failure.until
}

/** What a caller hears while the failure bars the vendor and there is no token to serve. */
export function asError(failure: Failure, now: Date): VendingError {
  const { code, detail, until } = failure
  if (!until || !FAILURES[code].retryable) return new VendingError(code, detail)
  return new VendingError(code, detail, { retryAfterSeconds: Math.max(1, Math.ceil(secondsBetween(now, until))) })
}
