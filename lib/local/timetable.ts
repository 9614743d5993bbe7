import type { MachineClock } from './clock.ts'
import type { ScheduledCall } from './deployment.ts'

export interface TimetableOptions {
  readonly schedules: readonly ScheduledCall[]
  readonly clock: MachineClock
  /** Makes a scheduled call; false when it failed. Never rejects. */
  readonly call: (schedule: ScheduledCall) => Promise<boolean>
  /** Hears after each stop of a journey which part of the way is done, up to 1. */
  readonly onWay?: (part: number) => void
}

/** The result of moving the clock. */
export interface Journey {
  readonly from: Date
  readonly to: Date
  /** How often it stopped on the way and had the schedules call. */
  readonly steps: number
  /** How many calls were made, by task. */
  readonly fired: Readonly<Record<string, number>>
  /** How many of those failed. */
  readonly failed: number
}

export interface Timetable {
  /** Makes the calls that are due, after each minute of real time. */
  tick(): Promise<void>
  /**
   * Moves the clock forward and resolves when all calls on the way have ended. It stops at each moment of a daily
   * schedule and at the end, and at each stop the minute schedules call once: a year is 366 rounds, not half a million.
   * So a token that lives an hour is renewed once a day. Two moves at once run one after the other.
   *
   *   from             08:00             08:00             08:00     to
   *   ──┼────────────────┼─────────────────┼─────────────────┼────────┼──►
   *                check, renew      check, renew      check, renew  renew
   */
  advance(seconds: number): Promise<Journey>
  /** Ends a journey at its next stop, and makes no more calls. */
  stop(): void
}

/** Makes the calls of schedules by the machine's clock, whether time has passed or somebody has moved the clock. */
export function timetable({ schedules, clock, call, onWay }: TimetableOptions): Timetable {
  const dailies = schedules.flatMap((schedule) =>
    schedule.rhythm.every === 'day' ? [{ schedule, rhythm: schedule.rhythm }] : [],
  )
  const minutely = schedules.filter(({ rhythm }) => rhythm.every === 'minute')
  /** Daily schedules have called for all of their moments until then. */
  let doneUntil = clock.now()
  let last: Promise<unknown> = Promise.resolve()
  let tickWaits = false
  let stopped = false

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = last.then(work)
    last = mine.catch(() => {})
    return mine
  }

  /** In milliseconds. Real time passes on a journey too, so a moment may have come by itself. */
  function untilNextMoment(): number {
    const moments = dailies.map(({ rhythm }) => rhythm.after(doneUntil).getTime())
    return Math.max(0, Math.min(...moments) - clock.now().getTime())
  }

  /**
   * Makes the calls that are due: for each function the daily before the minute ones, all functions side by side. One
   * call stands for several missed moments.
   */
  async function callDue(count: (schedule: ScheduledCall, succeeded: boolean) => void = () => {}): Promise<void> {
    const now = clock.now()
    const due = dailies.filter(({ rhythm }) => rhythm.after(doneUntil) <= now).map(({ schedule }) => schedule)
    doneUntil = now
    const calls = [...due, ...minutely]
    const functionIds = new Set(calls.map(({ functionId }) => functionId))
    const inOrder = async (id: string) => {
      for (const schedule of calls.filter(({ functionId }) => functionId === id)) {
        if (!stopped) count(schedule, await call(schedule))
      }
    }
    await Promise.all([...functionIds].map(inOrder))
  }

  async function travel(seconds: number): Promise<Journey> {
    const from = clock.now()
    const fired: Record<string, number> = Object.fromEntries(schedules.map(({ event: { task } }) => [task, 0]))
    let [steps, failed] = [0, 0]
    const step = async () => {
      steps += 1
      await callDue(({ event: { task } }, succeeded) => {
        fired[task] = (fired[task] ?? 0) + 1
        if (!succeeded) failed += 1
      })
    }
    const arrivesAheadMs = clock.aheadMs + seconds * 1000
    for (;;) {
      const leftMs = arrivesAheadMs - clock.aheadMs
      const byMs = Math.min(leftMs, untilNextMoment())
      clock.advance(byMs)
      await step()
      onWay?.(1 - (leftMs - byMs) / (seconds * 1000))
      if (byMs === leftMs || stopped) return { from, to: clock.now(), steps, fired, failed }
    }
  }

  return {
    async tick() {
      // A waiting tick does the work of the ticks that come while it waits.
      if (tickWaits) return
      tickWaits = true
      await inTurn(() => {
        tickWaits = false
        return callDue()
      })
    },
    advance: (seconds) => inTurn(() => travel(seconds)),
    stop() {
      stopped = true
    },
  }
}
