import type { Observation } from '../core/observation.ts'
import type { State } from '../core/store.ts'
import type { Connection } from '../kit/connection.ts'
import { orFailure, VendingError } from '../kit/errors.ts'
import { lastRenewal } from '../kit/grant.ts'
import { isAbout } from '../kit/reminders.ts'
import { rfc3339 } from '../kit/time.ts'
import { aboutOf } from './about.ts'
import type { ExpiryNotice, GrantNotice, RotatedNotice } from './kinds.ts'
import { type Entry, notifyOnce, type Outbox } from './once.ts'

type Ends = Extract<Observation, { readonly daysLeft: number }>
type Worked = Extract<Observation, { readonly kind: 'worked' }>

/**
 * Notifies people that credentials or a grant end, once for each step of the ladder of each end. New credentials, or a new
 * consent, with a later end have a ladder of their own; as long as they have not worked the earlier end stands.
 */
export async function lifeEnds({ kind, connection, state, ends, step: rung }: Ends, outbox: Outbox): Promise<void> {
  const now = outbox.now()
  const said = kind === 'grant_ends' ? state.acknowledgedGrant : state.acknowledged
  const acknowledged = said && isAbout(said, ends) ? said : undefined
  if (!rung || (acknowledged && now < acknowledged.until)) return
  const end = {
    ...aboutOf(connection, state),
    ...rung,
    endsAt: ends.until,
    ...(acknowledged && { acknowledged }),
  }
  const isOver = now >= ends.until
  const matter = kind === 'grant_ends' ? 'grant' : 'end'
  const notice: ExpiryNotice | GrantNotice =
    kind === 'grant_ends'
      ? { kind: isOver ? 'grant_ended' : 'grant_ending', ...end, ...ofGrant(connection, state) }
      : { kind: isOver ? 'expired' : 'expiring', ...end, rotation: connection.vendor.rotation }
  const entry: Entry = { subject: connection, matter, last: state.notified?.[matter] }
  await notifyOnce(entry, { mark: `${rfc3339(ends.until)} ${rung.step}`, notice }, outbox)
}

function ofGrant({ vendor: { consent } }: Connection, { grantEnd, succeededAt }: State) {
  const renewedAt = grantEnd && lastRenewal(grantEnd, succeededAt)
  return { ...(renewedAt && { renewedAt }), ...(consent && { consent }) }
}

/**
 * Notifies people that new credentials work. The first ones of a connection are no news, nor is a new version of the document
 * in which nothing secret is new: a person has edited a scope or an address, and there is no old secret to end.
 */
export async function credentialsWork(
  { connection, state, token: { credentialVersion }, endsAt }: Worked,
  outbox: Outbox,
): Promise<void> {
  const last = state.notified?.end
  const mark = `${credentialVersion} works`
  const isUnsent = last?.mark === mark && !last.sent
  if (!isUnsent && (state.provenVersion === credentialVersion || !state.succeededAt)) return
  const isKept = await isSecretKept(connection, [state.provenVersion, credentialVersion], outbox)
  if (isKept) return
  const notice: RotatedNotice = {
    kind: 'rotated',
    ...aboutOf(connection, state),
    rotation: connection.vendor.rotation,
    ...(isKept !== false && { isUnsure: true }),
    ...(endsAt && { endsAt }),
  }
  await notifyOnce({ subject: connection, matter: 'end', last }, { mark, notice }, outbox)
}

/** Undefined where that cannot be told: the version before is gone, or is no document that fits. */
async function isSecretKept(
  connection: Connection,
  [before, now]: readonly [string | undefined, string],
  { credentials }: Outbox,
): Promise<boolean | undefined> {
  if (before === undefined || before === now || !credentials) return undefined
  // One after the other: where one fails the other must not run on behind the answer.
  const old = await orFailure(credentials.readVersion(connection, before))
  if (!old || old instanceof VendingError) return undefined
  const present = await orFailure(credentials.readVersion(connection, now))
  if (!present || present instanceof VendingError) return undefined
  return connection.vendor.hasSameSecrets(old.document, present.document)
}
