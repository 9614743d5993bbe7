import { beginConsent, finishConsent } from '../../functions/consent/consent.ts'
import { vend } from '../../functions/core/vend.ts'
import { INVOCATION_SECONDS } from '../../functions/environment.ts'
import { checkAll } from '../../functions/keeper/check.ts'
import { renewDue } from '../../functions/keeper/sweep.ts'
import { VendingError } from '../../functions/kit/errors.ts'
import { Secret } from '../../functions/kit/secret.ts'
import { DAY_SECONDS, secondsAfter, secondsBetween } from '../../functions/kit/time.ts'
import type { GrantLife, TablePolicy } from '../../functions/kit/token.ts'
import { fakeVendor, gives, refuses, type Script, world } from '../support/world.ts'

const DAY = DAY_SECONDS
const HOUR = 3600
interface Terms {
  /** By the vendor's documents. */
  readonly documented?: GrantLife
  /** By what it does. */
  readonly true: GrantLife
  /** It says with each answer when the grant ends. */
  readonly states?: true
  /** Only the first renewal of a day counts as use. */
  readonly countsDaily?: true
  readonly tokenSeconds: number
  readonly singleUse?: true
}

/** A vendor that ends grants by its terms, a connection to which somebody has consented, and the schedules. */
async function machine({ documented, true: terms, states, countsDaily, tokenSeconds, singleUse }: Terms) {
  const w = world()
  const { clock } = w
  const grant = { consentedAt: clock.now(), usedAt: clock.now() }
  let isDown = false
  const leftOf = ({ idleSeconds = 1e9, maxSeconds = 1e9 }: GrantLife): number => {
    const [used, whole] = [secondsAfter(grant.usedAt, idleSeconds), secondsAfter(grant.consentedAt, maxSeconds)]
    return secondsBetween(clock.now(), used < whole ? used : whole)
  }
  const script: Script = async (context, refreshToken, call) => {
    if (isDown) return refuses('vendor_unavailable', 'Acme answered 503')(context, refreshToken, call)
    if (!refreshToken) grant.consentedAt = clock.now()
    else if (leftOf(terms) <= 0) throw new VendingError('grant_rejected', 'Acme refused the refresh token')
    if (!countsDaily || !refreshToken || secondsBetween(grant.usedAt, clock.now()) >= DAY) grant.usedAt = clock.now()
    // Answers take some seconds, one more than another, and count in whole ones.
    const sentAt = secondsAfter(clock.now(), -(call % 7))
    const grantSeconds = states && Math.floor(leftOf(terms))
    const given = { lifeSeconds: tokenSeconds, refreshToken: 'r', ...(grantSeconds && { grantSeconds }) }
    return gives(given)({ ...context, now: () => sentAt }, refreshToken, call)
  }
  const policy: Partial<TablePolicy> = {
    maxLifeSeconds: 400 * DAY,
    ...(singleUse && { singleUseRefreshToken: true }),
    ...(documented && { grant: documented }),
  }
  const { vendor, connection, calls } = fakeVendor({ consent: true, policy, script })
  const consent = async () => {
    const runtime = w.process()
    const { state } = await beginConsent(connection, { redirectUri: 'http://127.0.0.1:1/', begunBy: 'ada' }, runtime)
    await finishConsent(connection, { state, code: new Secret('code') }, runtime)
  }
  const process = () => w.processFor(INVOCATION_SECONDS.task)
  await consent()
  const startedAt = clock.now()
  return {
    ...w,
    calls,
    consent,
    goes: (down: boolean) => {
      isDown = down
    },
    ask: () => vend({ connection, minTtlSeconds: 0 }, w.process()),
    /** The schedules run for so many days, while nobody calls. */
    live: async (days: number) => {
      const until = secondsAfter(clock.now(), days * DAY)
      let checkedOn = clock.now().toISOString().slice(0, 10)
      while (clock.now() < until) {
        // Often enough for what is due in these stories.
        clock.advance(Math.min(tokenSeconds / 2, 3 * HOUR))
        await renewDue(vendor, process())
        const today = clock.now().toISOString().slice(0, 10)
        if (today === checkedOn || clock.now().getUTCHours() < 4) continue
        checkedOn = today
        await checkAll(vendor, process())
      }
    },
    kinds: () => w.notices.map(({ kind }) => kind),
    steps: () => w.notices.flatMap((notice) => ('step' in notice ? [notice.step] : [])),
    /** Days from the first consent to the end that is recorded. */
    endsAfter: async () => {
      const { grantEnd } = (await w.tokens.read(connection)).state
      return grantEnd && Math.round(secondsBetween(startedAt, grantEnd.until) / DAY)
    },
  }
}

const WEEK: GrantLife = { idleSeconds: 7 * DAY }
const YEAR: GrantLife = { maxSeconds: 365 * DAY }

describe('a grant that its vendor ends when it is not used for a week', () => {
  it.each<[string, Terms]>([
    ['by its documents', { documented: WEEK, true: WEEK, tokenSeconds: HOUR }],
    [
      'by its documents, with single-use refresh tokens',
      { documented: WEEK, true: WEEK, tokenSeconds: HOUR, singleUse: true },
    ],
    ['as it states', { states: true, true: WEEK, tokenSeconds: HOUR }],
    ['and whose tokens live for a month', { documented: WEEK, true: WEEK, tokenSeconds: 30 * DAY }],
    ['as it states, and whose tokens live for a month', { states: true, true: WEEK, tokenSeconds: 30 * DAY }],
    ['as it states, once a day', { states: true, countsDaily: true, true: WEEK, tokenSeconds: HOUR }],
    ['and nobody knows', { true: WEEK, tokenSeconds: HOUR }],
  ])('lives on though nobody calls for two months: %s', async (_, terms) => {
    const m = await machine(terms)
    await m.ask()
    await m.live(60)
    expect(m.kinds()).toEqual([])
    await expect(m.ask()).resolves.toMatchObject({ source: 'cache' })
  })

  it('dies of it where nobody knows and tokens live longer: then a person is needed', async () => {
    const m = await machine({ true: WEEK, tokenSeconds: 30 * DAY })
    await m.live(60)
    expect(m.kinds()).toEqual(['reconnect_needed'])
  })

  it('is notified of from half-way on while the vendor is down, and no more once it is renewed', async () => {
    const m = await machine({ documented: WEEK, true: WEEK, tokenSeconds: HOUR, singleUse: true })
    await m.live(30)
    m.goes(true)
    await m.live(6)
    const notices = ['vendor_failing', 'grant_ending', 'grant_ending']
    expect([m.kinds(), m.steps()]).toEqual([notices, [3, 1]])
    m.goes(false)
    await m.live(30)
    expect(m.kinds()).toEqual([...notices, 'recovered'])
    await expect(m.ask()).resolves.toMatchObject({ source: 'cache' })
  })
})

describe('a grant that its vendor ends a year after the consent', () => {
  it.each<[string, Terms]>([
    ['by its documents', { documented: YEAR, true: YEAR, tokenSeconds: 8 * HOUR }],
    ['as it states, a few seconds apart each time', { states: true, true: YEAR, tokenSeconds: 8 * HOUR }],
    [
      'as it states, and without use after a month',
      { states: true, true: { ...YEAR, idleSeconds: 30 * DAY }, tokenSeconds: 8 * HOUR },
    ],
  ])('is notified of by exactly the ladder, however often it is renewed: %s', async (_, terms) => {
    const m = await machine(terms)
    await m.live(364)
    // By the last renewal that put it off it had 30 days to live.
    const most = terms.true.idleSeconds ? [14, 7, 3, 1] : [60, 30, 14, 7, 3, 1]
    expect(m.steps()).toEqual(most)
    expect(new Set(m.kinds())).toEqual(new Set(['grant_ending']))
    await m.consent()
    await m.live(300)
    expect(m.steps()).toEqual(most)
    expect(await m.endsAfter()).toBe(terms.true.idleSeconds ? 694 : 729)
  })

  it('is notified of until somebody has consented again, and then of the next end only', async () => {
    const m = await machine({ documented: YEAR, true: YEAR, tokenSeconds: 8 * HOUR, singleUse: true })
    await m.live(368)
    expect(m.steps()).toEqual([60, 30, 14, 7, 3, 1, 0, -1, -2, -3])
    expect(m.kinds().slice(6)).toEqual([
      'grant_ending',
      'reconnect_needed',
      'grant_ended',
      'grant_ended',
      'grant_ended',
    ])
    await m.consent()
    expect(m.kinds().slice(-1)).toEqual(['recovered'])
    m.notices.length = 0
    await m.live(365)
    expect(m.steps()).toEqual([60, 30, 14, 7, 3, 1, 0])
  })
})

describe('a grant whose vendor states an end that nobody can act on', () => {
  it.each([1, 60, 179])('is no notice, and its token is not renewed each minute: %s s', async (grantSeconds) => {
    const w = world()
    const script = gives({ lifeSeconds: HOUR, refreshToken: 'r', grantSeconds })
    const { vendor, connection, calls } = fakeVendor({ consent: true, script })
    const runtime = w.process()
    const { state } = await beginConsent(connection, { redirectUri: 'http://127.0.0.1:1/', begunBy: 'ada' }, runtime)
    await finishConsent(connection, { state, code: new Secret('code') }, runtime)
    for (let minute = 0; minute < 120; minute++) {
      w.clock.advance(60)
      await renewDue(vendor, w.processFor(INVOCATION_SECONDS.task))
    }
    for (let day = 0; day < 3; day++) {
      await checkAll(vendor, w.processFor(INVOCATION_SECONDS.task))
      w.clock.advance(DAY)
      await renewDue(vendor, w.processFor(INVOCATION_SECONDS.task))
      w.clock.advance(grantSeconds * 0.6)
    }
    expect(w.notices).toEqual([])
    expect(calls.length).toBeLessThan(10)
  })
})
