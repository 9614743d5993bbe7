import type { CredentialSource } from '../core/runtime.ts'
import type { Matter, Notified } from '../kit/reminders.ts'
import { secondsBetween } from '../kit/time.ts'
import type { Notice } from './kinds.ts'
import type { NoticeLedger, Subject } from './ledger.ts'

/** A claim that is not confirmed by then is taken over: its process has died, or the notice could not be sent. */
const CLAIM_SECONDS = 300

/** What sending a notice takes. */
export interface Outbox {
  readonly ledger: NoticeLedger
  /** Returns false when the notice could not be sent. */
  readonly notify: (notice: Notice) => Promise<boolean>
  readonly now: () => Date
  /** The credentials before and after, to tell a rotation from an edit. @default it is said that this is not known */
  readonly credentials?: Pick<CredentialSource, 'readVersion'> | undefined
  /** Hears of every attempt to send a notice. */
  readonly count?: ((sent: boolean) => void) | undefined
}

/** A matter of a subject, and its last notice as it was read. */
export interface Entry {
  readonly subject: Subject
  readonly matter: Matter
  readonly last: Notified | undefined
}

/**
 * Sends a notice once, whoever else is about to: it is claimed by a conditional write, sent, and then confirmed. `mark`
 * names it among the notices of its matter. When a process dies in between, the next attempt five minutes later sends it;
 * so a notice may come twice. Returns false when this call did not send it.
 */
export async function notifyOnce(
  { subject, matter, last }: Entry,
  { mark, notice }: { readonly mark: string; readonly notice: Notice },
  outbox: Outbox,
): Promise<boolean> {
  const { ledger, now } = outbox
  if (last?.mark === mark && (last.sent || isClaimed(last, now()))) return false
  const claim: Notified = { mark, at: now(), sent: false }
  if (!(await ledger.replace(subject, matter, { seen: last, next: claim }))) return false
  const sent = await send(notice, outbox)
  if (sent) await ledger.replace(subject, matter, { seen: claim, next: { ...claim, sent } })
  return sent
}

/** Returns false when the notice could not be sent. */
export async function send(notice: Notice, { notify, count }: Outbox): Promise<boolean> {
  const sent = await notify(notice).catch(() => false)
  count?.(sent)
  return sent
}

/** Records a change that is no notice. */
export const recordQuietly = (
  { subject, matter, last }: Entry,
  mark: string,
  { ledger, now }: Outbox,
): Promise<boolean> => ledger.replace(subject, matter, { seen: last, next: { mark, at: now(), sent: true } })

/** Somebody else may be sending it right now. */
export const isClaimed = ({ at, sent }: Notified, now: Date): boolean =>
  !sent && secondsBetween(at, now) < CLAIM_SECONDS
