import type { Runtime } from '../core/runtime.ts'
import type { Matter, Told } from '../core/store.ts'
import { secondsBetween } from '../core/token.ts'
import type { Notice } from './kinds.ts'

/** Who claimed a notice and did not say that it went out has died, or could not reach the topic: another tries. */
const CLAIM_SECONDS = 300

interface Telling {
  readonly key: string
  readonly matter: Matter
  /** What people have been told of the matter so far. */
  readonly seen: Told | undefined
  /** Names the notice among those of its matter. */
  readonly mark: string
}

/**
 * Sends a notice once, whoever else is about to: it is claimed by a conditional write, sent, and then noted as sent. A
 * process that dies in between has it sent by the next who looks, five minutes later; a notice may then come twice, but
 * never not at all. False when this call did not send it.
 */
export async function tellOnce(
  { key, matter, seen, mark }: Telling,
  notice: Notice,
  runtime: Runtime,
): Promise<boolean> {
  const now = runtime.now()
  if (isTold(seen, mark, now)) return false
  const claim = { mark, at: now, sent: false }
  if (!(await runtime.store.tell(key, matter, { seen, next: claim }))) return false
  const sent = await runtime.notify(notice)
  runtime.measure({ kind: 'notice', sent })
  if (sent) await runtime.store.tell(key, matter, { seen: claim, next: { ...claim, sent } })
  return sent
}

/** Notes without a word what people need not hear. */
export async function keepQuiet({ key, matter, seen, mark }: Telling, { store, now }: Runtime): Promise<void> {
  if (seen?.mark !== mark) await store.tell(key, matter, { seen, next: { mark, at: now(), sent: true } })
}

function isTold(seen: Told | undefined, mark: string, now: Date): boolean {
  return seen?.mark === mark && (seen.sent || secondsBetween(seen.at, now) < CLAIM_SECONDS)
}
