import type { Observation } from '../core/observation.ts'
import type { Acknowledgement, CredentialLife } from '../core/store.ts'
import { rfc3339 } from '../kit/time.ts'
import { aboutOf } from './about.ts'
import type { ExpiryNotice, RotatedNotice } from './kinds.ts'
import { type Entry, notifyOnce, type Outbox } from './once.ts'

type CredentialsEnd = Extract<Observation, { readonly kind: 'credentials_end' }>
type Worked = Extract<Observation, { readonly kind: 'worked' }>

/**
 * Notifies people that credentials end, once for each step of the ladder of each end. New credentials with a later end
 * have a ladder of their own; as long as they have not worked the earlier end stands.
 */
export async function credentialsEnd(
  { connection, state, ends, step: rung }: CredentialsEnd,
  outbox: Outbox,
): Promise<void> {
  const now = outbox.now()
  const acknowledged = state.acknowledged && isAbout(state.acknowledged, ends) ? state.acknowledged : undefined
  if (!rung || (acknowledged && now < acknowledged.until)) return
  const notice: ExpiryNotice = {
    kind: now < ends.until ? 'expiring' : 'expired',
    ...aboutOf(connection, state),
    ...rung,
    endsAt: ends.until,
    rotation: connection.vendor.rotation,
    ...(acknowledged && { acknowledged }),
  }
  const entry: Entry = { subject: connection, matter: 'end', last: state.notified?.end }
  await notifyOnce(entry, { mark: `${rfc3339(ends.until)} ${rung.step}`, notice }, outbox)
}

/** Notifies people that new credentials work; the first ones of a connection are no news. */
export async function credentialsWork(
  { connection, state, credentialVersion, endsAt }: Worked,
  outbox: Outbox,
): Promise<void> {
  const last = state.notified?.end
  const mark = `${credentialVersion} works`
  const isUnsent = last?.mark === mark && !last.sent
  if (!isUnsent && (state.provenVersion === credentialVersion || !state.succeededAt)) return
  const notice: RotatedNotice = {
    kind: 'rotated',
    ...aboutOf(connection, state),
    rotation: connection.vendor.rotation,
    ...(endsAt && { endsAt }),
  }
  await notifyOnce({ subject: connection, matter: 'end', last }, { mark, notice }, outbox)
}

const isAbout = ({ endsAt }: Acknowledgement, { until }: CredentialLife): boolean =>
  endsAt.getTime() === until.getTime()
