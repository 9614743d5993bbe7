import { secondsBetween } from '../kit/time.ts'
import type { Answer } from './whole-answer.ts'

const DOUBTFUL_SECONDS = 60

interface Proof {
  /** Makes the proof as of a time, and sends it. */
  readonly present: (now: Date) => Promise<Answer>
  /** Whether an answer is a refusal that the time on the proof may have caused. */
  readonly isRefusal: (answer: Answer) => boolean
  readonly sentAt: Date
}

/**
 * Presents a proof with a time on it (`iat`, `nbf` and `exp` of RFC 7519 section 4.1). When the vendor refuses it and
 * its clock is more than a minute from ours, that may be the only reason: then the proof is made and presented once
 * more, as of the vendor's time.
 */
export async function presentInTime({ present, isRefusal, sentAt }: Proof): Promise<Answer> {
  const answer = await present(sentAt)
  const { date } = answer
  if (!date || Math.abs(secondsBetween(sentAt, date)) <= DOUBTFUL_SECONDS) return answer
  return isRefusal(answer) ? present(date) : answer
}
