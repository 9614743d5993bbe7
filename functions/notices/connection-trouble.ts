import type { Failure } from '../core/failure.ts'
import type { Observation } from '../core/observation.ts'
import type { State } from '../core/store.ts'
import { NEVER, secondsBetween } from '../kit/time.ts'
import { aboutOf } from './about.ts'
import type { RecoveredNotice, TroubleNotice } from './kinds.ts'
import { type Entry, isClaimed, notifyOnce, type Outbox, recordQuietly } from './once.ts'
import { HOLD_BACK_SECONDS, vendorFailed, vendorWorked } from './vendor-trouble.ts'

type Failed = Extract<Observation, { readonly kind: 'failed' }>
type Worked = Extract<Observation, { readonly kind: 'worked' }>

/**
 * The trouble of one connection. What only a person can end is a notice of its own; what the vendor does to all is one of
 * the vendor, and the connection only remembers that it is part of it.
 *
 *                        a person must act          the vendor fails     works
 *  well                  notify, → its kind         vendor_failing ⁺     well
 *  reconnect_needed   ┐  notify if it is another    the same ⁺           notify, → well ⁺
 *  credentials_refused┘  kind, → that one
 *  vendor_failing        notify, → its kind         the same ⁺           → well ⁺
 *
 *  ⁺ and the vendor's table in vendor-trouble.ts hears of it
 */
const KINDS = ['reconnect_needed', 'credentials_refused', 'vendor_failing'] as const

type Kind = (typeof KINDS)[number]

type Standing =
  | { readonly kind: Kind }
  /** Over; `notifiedAt` is when people were notified of what it was. */
  | { readonly kind: 'recovered'; readonly was: Kind; readonly notifiedAt: Date }
  | { readonly kind: 'well' }

/** A person did it, and knows. The names of codes, since a code may be newer than this list. */
const TAKEN_BACK: ReadonlySet<string> = new Set(['credential_revoked', 'grant_revoked'])

export async function connectionFailed({ connection, state, servedUntil }: Failed, outbox: Outbox): Promise<void> {
  const { failure } = state
  const now = outbox.now()
  const kind = failure && kindOf(failure, now)
  if (!kind) return
  const worksUntil = servedUntil ?? endOfVersionBefore(state, failure)
  const { rotation, consent } = connection.vendor
  const notice: TroubleNotice = {
    kind,
    ...aboutOf(connection, state),
    since: failure.since,
    code: failure.code,
    detail: failure.detail,
    rotation,
    ...(consent && { consent }),
    ...(worksUntil && worksUntil > now && { worksUntil }),
  }
  const entry: Entry = { subject: connection, matter: 'trouble', last: state.notified?.trouble }
  if (kind !== 'vendor_failing') {
    await notifyOnce(entry, { mark: kind, notice }, outbox)
    return
  }
  const standing = standingOf(entry)
  const isWell = standing.kind === 'well' || standing.kind === 'recovered'
  const isKnown = await vendorFailed({ vendor: connection.vendor, failure, isMember: !isWell, notice }, outbox)
  if (isKnown && isWell) await recordQuietly(entry, kind, outbox)
}

/** Touches no store while people have no open notice of the connection. */
export async function connectionWorked({ connection, state }: Worked, outbox: Outbox): Promise<void> {
  const entry: Entry = { subject: connection, matter: 'trouble', last: state.notified?.trouble }
  const { last } = entry
  const standing = standingOf(entry)
  if (!last || standing.kind === 'well' || (standing.kind === 'recovered' && last.sent)) return
  const { was, notifiedAt } = standing.kind === 'recovered' ? standing : { was: standing.kind, notifiedAt: last.at }
  const mark = `recovered ${was} ${notifiedAt.toISOString()}`
  const notice: RecoveredNotice = { kind: 'recovered', ...aboutOf(connection, state), was, notifiedAt }
  if (standing.kind === 'recovered') {
    await notifyOnce(entry, { mark, notice }, outbox)
    return
  }
  if (isClaimed(last, outbox.now())) return
  const isRecorded = await vendorWorked(connection.vendor, outbox)
  if (was === 'vendor_failing') {
    if (isRecorded) await recordQuietly(entry, 'well', outbox)
  } else if (last.sent) await notifyOnce(entry, { mark, notice }, outbox)
  // A notice that was not sent needs no second one that closes it.
  else await recordQuietly(entry, 'well', outbox)
}

/** While the vendor does not take the newest version of a static token, the one that last worked is served until its end. */
function endOfVersionBefore({ provenVersion, refusedVersions, ends }: State, failure: Failure): Date | undefined {
  const isOther = provenVersion !== undefined && provenVersion !== failure.credentialVersion
  if (failure.code !== 'credential_expired' || !isOther || refusedVersions?.has(provenVersion)) return undefined
  return ends?.until ?? NEVER
}

/** Which trouble people should be notified of by now. */
function kindOf({ code, since }: Failure, now: Date): Kind | undefined {
  if (TAKEN_BACK.has(code)) return undefined
  const isLasting = secondsBetween(since, now) >= HOLD_BACK_SECONDS
  switch (code) {
    case 'grant_rejected':
      return 'reconnect_needed'
    case 'credential_rejected':
    case 'credential_expired':
      return 'credentials_refused'
    // A vendor's maintenance page can look like an address that is wrong.
    case 'configuration':
      return isLasting ? 'credentials_refused' : undefined
    default:
      return isLasting ? 'vendor_failing' : undefined
  }
}

function standingOf({ last }: Entry): Standing {
  const [word, was, notifiedAt = ''] = last?.mark.split(' ') ?? []
  if (isKind(word)) return { kind: word }
  return word === 'recovered' && isKind(was)
    ? { kind: 'recovered', was, notifiedAt: new Date(notifiedAt) }
    : { kind: 'well' }
}

const isKind = (word: string | undefined): word is Kind => KINDS.some((kind) => kind === word)
