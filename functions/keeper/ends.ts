import { needsConsent } from '../core/failure.ts'
import type { State } from '../core/store.ts'
import { type GrantEnd, remindedLife } from '../kit/grant.ts'
import { type Acknowledgement, type CredentialLife, isAbout } from '../kit/reminders.ts'
import { type Rung, rungAt } from './ladder.ts'

/** An end that a person may have to put off. */
export interface End {
  readonly of: 'credentials' | 'grant'
  readonly life: CredentialLife
  /** Where on the ladder it stands by now. */
  readonly rung?: Rung
  /** Who said that they are working on it. */
  readonly acknowledged?: Acknowledgement
}

/** The ends of a connection, each with a ladder of its own. */
export function endsOf(state: State, now: Date): readonly End[] {
  const { ends, acknowledged, acknowledgedGrant } = state
  const grant = knownGrant(state)
  const life = grant && remindedLife(grant, now)
  return [
    ...(ends ? [{ of: 'credentials', life: ends, ...standing(ends, acknowledged, now) } as const] : []),
    ...(grant
      ? [{ of: 'grant', life: life ?? grant, ...(life && standing(life, acknowledgedGrant, now)) } as const]
      : []),
  ]
}

function standing(
  life: CredentialLife,
  said: Acknowledgement | undefined,
  now: Date,
): Pick<End, 'rung' | 'acknowledged'> {
  const rung = rungAt(life, now)
  return { ...(rung && { rung }), ...(said && isAbout(said, life) && { acknowledged: said }) }
}

/** The grant, unless it was over before its end: then nobody waits for that any more. */
export function knownGrant({ grantEnd, failure }: State): GrantEnd | undefined {
  if (!grantEnd || !failure || failure.since >= grantEnd.until) return grantEnd
  return failure.code === 'grant_rejected' || needsConsent(failure) ? undefined : grantEnd
}
