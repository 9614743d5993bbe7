import { z } from 'zod'
import { answer, jsonObject, type VendorAnswer } from '../../functions/simulation/vendor-simulator.ts'
import { type MachineClock, rfc3339 } from './clock.ts'
import { durationHelp, secondsOfDuration } from './duration.ts'
import type { MailSent } from './notice-board.ts'
import { problem } from './simulators/control.ts'
import type { Timetable } from './timetable.ts'

/** Answers a request to `/_control/clock`. */
export type ClockControl = (method: string, body: string) => Promise<VendorAnswer>

interface Controlled {
  readonly clock: MachineClock
  readonly timetable: Timetable
  /** All mails since the start, oldest first. */
  readonly mails: readonly MailSent[]
}

const journeyRequest = z.strictObject({ advance: z.string().transform(secondsOfDuration).pipe(z.number()) })

/** `GET` reads the clock. `POST` moves it, and answers when all calls on the way have ended. */
export function clockControl({ clock, timetable, mails }: Controlled): ClockControl {
  return async (method, body) => {
    if (method === 'GET') {
      return answer(200, { now: rfc3339(clock.now()), ahead_seconds: clock.aheadMs / 1000 })
    }
    if (method !== 'POST') return problem(405, 'Use GET or POST here.')
    const request = journeyRequest.safeParse(jsonObject(body))
    if (!request.success) return problem(400, `Send {"advance": "30d"}: ${durationHelp}.`)
    const { from, to, steps, fired, failed } = await timetable.advance(request.data.advance)
    const notices = mails.filter(({ at }) => from < at && at <= to)
    return answer(200, {
      now: rfc3339(to),
      advanced_seconds: request.data.advance,
      steps,
      fired,
      failed,
      notices: notices.map(({ at, subject }) => ({ at: rfc3339(at), subject })),
      note: 'Each step is a moment of the daily check, or the end; what is due each minute was called once a step.',
    })
  }
}
