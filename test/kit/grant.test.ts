import * as fc from 'fast-check'
import { endOfGrant, type GrantEnd, remindedLife, renewGrantAt } from '../../functions/kit/grant.ts'
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

/** When it ends, in seconds after the consent, and whether only a consent puts it off. */
const told = (end: GrantEnd | undefined) => end && [secondsBetween(consent, end.until), end.isFixed ?? false]

describe('the end of a grant', () => {
  const idle = { idleSeconds: 60 * DAY }
  const most = { maxSeconds: 365 * DAY }

  it.each<[string, readonly Told[], GrantLife, readonly [number, boolean] | undefined]>([
    ['is not known where nobody says it', [{ at: 0 }, { at: HOUR }], {}, undefined],
    ['is so long after the last answer', [{ at: 0 }], idle, [60 * DAY, false]],
    ['is put off by a renewal', [{ at: 0 }, { at: 9 * DAY }], idle, [69 * DAY, false]],
    ['is so long after the consent, whatever is renewed', [{ at: 0 }, { at: 9 * DAY }], most, [365 * DAY, true]],
    ['is the first of several', [{ at: 0 }, { at: 304 * DAY }], { ...idle, ...most }, [364 * DAY, false]],
    ['is the first of several, later on', [{ at: 0 }, { at: 306 * DAY }], { ...idle, ...most }, [365 * DAY, true]],
    ['is what the vendor states', [{ at: 0, left: 30 * DAY }], {}, [30 * DAY, false]],
    ['is what the vendor states, if that is first', [{ at: 0, left: 30 * DAY }], idle, [30 * DAY, false]],
    ['is what is documented, if that is first', [{ at: 0, left: 90 * DAY }], idle, [60 * DAY, false]],
    [
      'that stays where it was stated is fixed',
      [
        { at: 0, left: 30 * DAY },
        { at: HOUR, left: 30 * DAY - HOUR },
      ],
      {},
      [30 * DAY, true],
    ],
    [
      'that moves with each answer is not',
      [
        { at: 0, left: 30 * DAY },
        { at: HOUR, left: 30 * DAY },
      ],
      {},
      [30 * DAY + HOUR, false],
    ],
    [
      'that has moved until a last day is fixed from then on',
      [
        { at: 0, left: 30 * DAY },
        { at: 5 * DAY, left: 30 * DAY },
        { at: 6 * DAY, left: 29 * DAY },
      ],
      {},
      [35 * DAY, true],
    ],
    [
      'may come nearer',
      [
        { at: 0, left: 30 * DAY },
        { at: HOUR, left: 3 * DAY },
      ],
      {},
      [3 * DAY + HOUR, false],
    ],
    [
      'that was stated holds, though it is not stated again',
      [{ at: 0, left: 9 * DAY }, { at: HOUR }],
      {},
      [9 * DAY, true],
    ],
    ['of 0 is none', [{ at: 0, left: 0 }], {}, undefined],
    ['before now is none', [{ at: 0, left: -1 }], idle, [60 * DAY, false]],
  ])('%s', (_, answers, life, expected) => {
    expect(told(heard(answers, life))).toEqual(expected)
  })

  it('does not outlive a limit that the documents do not have any more', () => {
    expect(endOfGrant({ before: heard([{ at: 0 }], idle), at: later(DAY) })).toBeUndefined()
  })

  it('is counted from the first answer where nobody here has seen the consent', () => {
    const end = endOfGrant({ at: later(9 * DAY), life: most })
    expect(end).toEqual({ since: later(9 * DAY), at: later(9 * DAY), until: later(374 * DAY), isFixed: true })
  })

  it.each([
    [60, 0],
    [-60, 0],
    [61, 61],
    [-61, -61],
  ])('that is stated %i s away from before has moved by %i s', (jitter, moved) => {
    const end = heard([
      { at: 0, left: 30 * DAY },
      { at: HOUR, left: 30 * DAY - HOUR + jitter },
    ])
    expect(told(end)?.[0]).toBe(30 * DAY + moved)
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
        expect(heard([{ at: 0, left: 365 * DAY }, ...answers])?.until).toEqual(later(365 * DAY))
      }),
    )
  })

  it('that moves is not taken for a fixed one, however soon after another an answer comes', () => {
    const renewals = fc.array(fc.integer({ min: 0, max: HOUR }), { minLength: 1, maxLength: 60 })
    fc.assert(
      fc.property(renewals, (pauses) => {
        let at = 0
        const answers = pauses.map((pause) => {
          at += pause
          return { at, left: 30 * DAY }
        })
        const end = heard([{ at: 0, left: 30 * DAY }, ...answers])
        expect(end?.isFixed).toBeUndefined()
        expect(secondsBetween(end?.until ?? consent, later(at + 30 * DAY))).toBeLessThanOrEqual(60)
      }),
    )
  })

  it('is the same when the same answer is heard twice', () => {
    for (const life of [idle, most, {}]) {
      const once = heard([{ at: 0, left: 30 * DAY }], life)
      expect(endOfGrant({ before: once, at: later(0), stated: later(30 * DAY), life })).toBe(once)
    }
  })
})

describe('a grant', () => {
  const moving = heard([{ at: 0 }], { idleSeconds: 60 * DAY })
  const fixed = heard([{ at: 0 }], { maxSeconds: 365 * DAY })
  if (!moving || !fixed) throw new Error('both have an end')

  it('is renewed before half of its idle time is over, some sooner than others', () => {
    const days = Array.from({ length: 200 }, (_, i) =>
      secondsBetween(consent, renewGrantAt(moving, `acme#${i}`) ?? consent),
    )
    expect(Math.min(...days)).toBeGreaterThanOrEqual(0.35 * 60 * DAY)
    expect(Math.max(...days)).toBeLessThanOrEqual(0.45 * 60 * DAY)
    expect(new Set(days).size).toBeGreaterThan(190)
  })

  it('is not renewed for an end that renewals do not put off', () => {
    expect(renewGrantAt(fixed, 'acme#hq')).toBeUndefined()
  })

  it('has people reminded by its whole life where only a consent puts its end off', () => {
    expect(remindedLife(fixed, { now: later(1) })).toEqual({ since: consent, until: later(365 * DAY) })
  })

  it.each([
    [0, undefined, false],
    [30 * DAY - 1, undefined, false],
    [30 * DAY, undefined, true],
    [59 * DAY, 30 * DAY, true],
    [59 * DAY, 30 * DAY + 1, false],
    [61 * DAY, undefined, true],
  ])(
    'has nobody reminded while renewals put its end off (%i s after one, the last success %s)',
    (now, last, isReminded) => {
      const succeededAt = last === undefined ? undefined : later(last)
      const life = remindedLife(moving, { now: later(now), succeededAt })
      expect(life).toEqual(isReminded ? { since: later(30 * DAY), until: later(60 * DAY) } : undefined)
    },
  )
})
