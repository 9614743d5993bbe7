import * as fc from 'fast-check'
import {
  endOfGrant,
  type GrantEnd,
  isExtended,
  lastRenewal,
  remindedLife,
  renewGrantAt,
} from '../../functions/kit/grant.ts'
import { DAY_SECONDS, secondsAfter, secondsBetween } from '../../functions/kit/time.ts'
import type { GrantLife } from '../../functions/kit/token.ts'

const HOUR = 3600
const DAY = DAY_SECONDS
const consent = new Date('2026-11-21T12:00:00Z')
const later = (seconds: number) => secondsAfter(consent, seconds)

interface Told {
  /** Seconds after the consent. */
  readonly at: number
  /** Seconds from then to the end that the vendor states. */
  readonly left?: number
}

/** What is known after the consent and some renewals. */
function heard(answers: readonly Told[], life: GrantLife = {}): GrantEnd | undefined {
  return answers.reduce<GrantEnd | undefined>(
    (before, { at, left }) =>
      endOfGrant({ before, life, at: later(at), ...(left !== undefined && { stated: later(at + left) }) }),
    undefined,
  )
}

/** The consent, and a renewal an hour later. */
const both = (left: number, then: number): readonly Told[] => [
  { at: 0, left },
  { at: HOUR, left: then },
]

const week = { idleSeconds: 7 * DAY }

/** When it ends, and since when that has been so, in seconds after the consent. */
const told = (end: GrantEnd | undefined) => end && [end.until, end.at].map((at) => secondsBetween(consent, at))

describe('the end of a grant', () => {
  const idle = { idleSeconds: 60 * DAY }
  const most = { maxSeconds: 365 * DAY }

  it.each<[string, readonly Told[], GrantLife, readonly [number, number] | undefined]>([
    ['is not known where nobody says it', [{ at: 0 }, { at: HOUR }], {}, undefined],
    ['is so long after the last answer', [{ at: 0 }], idle, [60 * DAY, 0]],
    ['is put off by a renewal', [{ at: 0 }, { at: 9 * DAY }], idle, [69 * DAY, 9 * DAY]],
    ['is so long after the consent, whatever is renewed', [{ at: 0 }, { at: 9 * DAY }], most, [365 * DAY, 0]],
    ['is the first of several', [{ at: 0 }, { at: 304 * DAY }], { ...idle, ...most }, [364 * DAY, 304 * DAY]],
    ['is the first of several, later on', [{ at: 0 }, { at: 306 * DAY }], { ...idle, ...most }, [365 * DAY, 306 * DAY]],
    ['is what the vendor states', [{ at: 0, left: 30 * DAY }], {}, [30 * DAY, 0]],
    ['is stated three minutes ahead at least', [{ at: 0, left: 180 }], {}, [180, 0]],
    ['is none that nobody can keep or be told of', [{ at: 0, left: 179.999 }], {}, undefined],
    ['is what was stated before one that is so close', both(30 * DAY, 60), {}, [30 * DAY, 0]],
    ['is what the vendor states, if that is first', [{ at: 0, left: 30 * DAY }], idle, [30 * DAY, 0]],
    ['is what is documented, if that is first', [{ at: 0, left: 90 * DAY }], idle, [60 * DAY, 0]],
    ['may stay where it was stated', both(30 * DAY, 30 * DAY - HOUR), {}, [30 * DAY, 0]],
    ['may move with each answer', both(30 * DAY, 30 * DAY), {}, [30 * DAY + HOUR, HOUR]],
    ['may come nearer', both(30 * DAY, 3 * DAY), {}, [3 * DAY + HOUR, HOUR]],
    [
      'that was stated holds, though it is not stated again',
      [{ at: 0, left: 9 * DAY }, { at: HOUR }],
      {},
      [9 * DAY, 0],
    ],
    ['of 0 is none', [{ at: 0, left: 0 }], {}, undefined],
    ['before now is none', [{ at: 0, left: -1 }], idle, [60 * DAY, 0]],
  ])('%s', (_, answers, life, expected) => {
    expect(told(heard(answers, life))).toEqual(expected)
  })

  it('does not outlive a limit that the documents do not have any more', () => {
    expect(endOfGrant({ before: heard([{ at: 0 }], idle), at: later(DAY) })).toBeUndefined()
  })

  it('is counted from the first answer where nobody here has seen the consent', () => {
    const end = endOfGrant({ at: later(9 * DAY), life: most })
    expect(end).toEqual({ since: later(9 * DAY), at: later(9 * DAY), until: later(374 * DAY) })
  })

  it.each([
    [60, 0],
    [-60, 0],
    [61, 61],
    [-61, -61],
  ])('that is stated %i s away from before has moved by %i s', (jitter, moved) => {
    expect(told(heard(both(30 * DAY, 30 * DAY - HOUR + jitter)))?.[0]).toBe(30 * DAY + moved)
  })

  it('is one end for all answers that count its seconds from before their requests', () => {
    const jitter = fc.record({ pause: fc.integer({ min: 1, max: 2 * DAY }), late: fc.integer({ min: 0, max: 30 }) })
    fc.assert(
      fc.property(fc.array(jitter, { maxLength: 30 }), (renewals) => {
        let at = 0
        const answers = renewals.map(({ pause, late }) => {
          at += pause
          return { at, left: 365 * DAY - at - late }
        })
        expect(told(heard([{ at: 0, left: 365 * DAY }, ...answers]))).toEqual([365 * DAY, 0])
      }),
    )
  })

  it('follows one that moves, however soon after another an answer comes', () => {
    const renewals = fc.array(fc.integer({ min: 0, max: HOUR }), { minLength: 1, maxLength: 60 })
    fc.assert(
      fc.property(renewals, (pauses) => {
        let at = 0
        const answers = pauses.map((pause) => {
          at += pause
          return { at, left: 30 * DAY }
        })
        const [until = 0, movedAt = 0] = told(heard([{ at: 0, left: 30 * DAY }, ...answers])) ?? []
        expect(at + 30 * DAY - until).toBeLessThanOrEqual(60)
        expect(at - movedAt).toBeLessThanOrEqual(60)
      }),
    )
  })

  it('is the same when the same answer is heard twice', () => {
    for (const life of [idle, most, {}]) {
      const once = heard([{ at: 0, left: 30 * DAY }], life)
      expect(endOfGrant({ before: once, at: later(0), stated: later(30 * DAY), life })).toEqual(once)
    }
  })
})

describe('a grant', () => {
  const [consented, renewed] = [heard([{ at: 0 }], week), heard([{ at: 0 }, { at: DAY }], week)]
  if (!consented || !renewed) throw new Error('both have an end')

  it('is renewed before half of its time is over, some sooner than others', () => {
    const turns = Array.from({ length: 200 }, (_, i) =>
      secondsBetween(consent, renewGrantAt(consented, consent, `acme#${i}`) ?? consent),
    )
    expect(Math.min(...turns)).toBeGreaterThanOrEqual(0.35 * 7 * DAY)
    expect(Math.max(...turns)).toBeLessThanOrEqual(0.45 * 7 * DAY)
    expect(new Set(turns).size).toBeGreaterThan(190)
  })

  it('is not renewed again and again for an end that renewals do not put off', () => {
    const turn = renewGrantAt(consented, consent, 'acme#hq') ?? consent
    expect(renewGrantAt(consented, secondsAfter(turn, -1), 'acme#hq')).toEqual(turn)
    expect(renewGrantAt(consented, turn, 'acme#hq')).toBeUndefined()
  })

  it.each([
    [DAY, false],
    [4.5 * DAY - 1, false],
    [4.5 * DAY, true],
    [9 * DAY, true],
  ])('has people reminded once half of the time from the last renewal is over (%i s)', (now, isReminded) => {
    const life = { since: later(DAY), until: later(8 * DAY) }
    expect(remindedLife(renewed, later(now))).toEqual(isReminded ? life : undefined)
    expect(isExtended(renewed, later(now))).toBe(!isReminded)
  })

  it('is not said to be put off by renewals before one has done so', () => {
    expect(isExtended(consented, later(1))).toBe(false)
  })

  it.each<[string, GrantEnd, number | undefined, number | undefined]>([
    ['none has been seen to put it off', consented, 5, undefined],
    ['nothing has worked', renewed, undefined, undefined],
    ['it was the last that worked', renewed, DAY + 60, DAY + 60],
    ['another worked, and left it', renewed, DAY + 61, undefined],
  ])('has had a last renewal that put its end off, unless: %s', (_, grant, succeeded, last) => {
    const at = (seconds: number | undefined) => (seconds === undefined ? undefined : later(seconds))
    expect(lastRenewal(grant, at(succeeded))).toEqual(at(last))
  })
})
