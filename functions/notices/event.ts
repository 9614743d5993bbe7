import { isNever, rfc3339 } from '../kit/time.ts'
import { type Notice, severityOf } from './kinds.ts'
import { type Place, TYPES } from './words.ts'

export interface NoticeEvent {
  readonly detailType: string
  /** Raise `schema` when a member changes its meaning or goes; new members may come. */
  readonly detail: { readonly schema: 1; readonly [name: string]: string | number }
}

/** A notice for programs, as EventBridge carries it. */
export function eventOf(notice: Notice, { stack }: Pick<Place, 'stack'>): NoticeEvent {
  const about = { kind: notice.kind, severity: severityOf(notice), stack, vendor: notice.vendor }
  return { detailType: TYPES[notice.kind], detail: { schema: 1, ...known({ ...about, ...factsOf(notice) }) } }
}

type Facts = Readonly<Record<string, string | number | Date | undefined>>

function factsOf(notice: Notice): Facts {
  if (notice.kind === 'sweep_failing') return { since: notice.since, detail: notice.detail }
  const { connection, owner } = notice
  switch (notice.kind) {
    case 'expiring':
    case 'expired':
    case 'grant_ending':
    case 'grant_ended':
      return {
        connection,
        owner,
        ...('rotation' in notice ? { credential: notice.rotation.credential } : { last_renewed_at: notice.renewedAt }),
        expires_at: notice.endsAt,
        days_left: notice.daysLeft,
        threshold: notice.step,
        next_notice_at: notice.nextAt,
        acknowledged_by: notice.acknowledged?.by,
        acknowledged_at: notice.acknowledged?.at,
      }
    case 'reconnect_needed':
    case 'credentials_refused':
    case 'vendor_failing':
      return {
        connection,
        owner,
        credential: notice.rotation.credential,
        since: notice.since,
        code: notice.code,
        detail: notice.detail,
        works_until: notice.worksUntil,
      }
    case 'recovered':
      return { connection, owner, was: notice.was, notified_at: notice.notifiedAt }
    case 'rotated':
      return { connection, owner, credential: notice.rotation.credential, expires_at: notice.endsAt }
    case 'many_obtained':
      return { connection, owner, count: notice.count }
  }
}

/** What is not known is left out, and so is the end of what has none. */
const known = (facts: Facts): Record<string, string | number> =>
  Object.fromEntries(
    Object.entries(facts).flatMap(([name, fact]) => {
      if (fact === undefined) return []
      if (!(fact instanceof Date)) return [[name, fact]]
      return isNever(fact) ? [] : [[name, rfc3339(fact)]]
    }),
  )
