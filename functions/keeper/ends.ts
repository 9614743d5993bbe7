import { needsConsent } from '../core/failure.ts'
import type { State } from '../core/store.ts'
import { type GrantEnd, remindedLife } from '../kit/grant.ts'
import { type Acknowledgement, type CredentialLife, isAbout } from '../kit/reminders.ts'

/** An end that only a person can put off. */
export interface End {
  readonly of: 'credentials' | 'grant'
  readonly life: CredentialLife
  /** Who said that they are working on it. */
  readonly acknowledged?: Acknowledgement
}

/** The ends of a connection, each with a ladder of its own. */
export function endsOf(state: State, now: Date): readonly End[] {
  const grant = knownGrant(state)
  const { succeededAt } = state
  return [
    ...endOf('credentials', state.ends, state.acknowledged),
    ...endOf('grant', grant && remindedLife(grant, { succeededAt, now }), state.acknowledgedGrant),
  ]
}

function endOf(of: End['of'], life: CredentialLife | undefined, said: Acknowledgement | undefined): readonly End[] {
  if (!life) return []
  return [{ of, life, ...(said && isAbout(said, life) && { acknowledged: said }) }]
}

/** The grant, unless it was over before its end: then nobody waits for that any more. */
export function knownGrant({ grantEnd, failure }: State): GrantEnd | undefined {
  if (!grantEnd || !failure || failure.since >= grantEnd.until) return grantEnd
  return failure.code === 'grant_rejected' || needsConsent(failure) ? undefined : grantEnd
}
