import { isDeepStrictEqual } from 'node:util'
import * as z from 'zod/mini'
import type { Failure } from '../../functions/core/failure.ts'
import type { Observation } from '../../functions/core/observation.ts'
import { newState, type State } from '../../functions/core/store.ts'
import { daysLeft, rungAt } from '../../functions/keeper/ladder.ts'
import { type FailureCode, VendingError } from '../../functions/kit/errors.ts'
import type { CredentialLife, Notified } from '../../functions/kit/reminders.ts'
import { secret } from '../../functions/kit/schema.ts'
import { Secret } from '../../functions/kit/secret.ts'
import { DAY_SECONDS, NEVER, secondsAfter } from '../../functions/kit/time.ts'
import { defineVendor, type Vendor } from '../../functions/kit/vendor.ts'
import type { Notice } from '../../functions/notices/kinds.ts'
import type { NoticeLedger, Subject } from '../../functions/notices/ledger.ts'
import { type ListenerOptions, noticeListener } from '../../functions/notices/listen.ts'

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = DAY_SECONDS
const START = new Date('2026-11-21T12:00:00Z')
const NEXT_YEAR = new Date('2027-01-01T00:00:00Z')

const vendorOf = (id: string, title: string): Vendor =>
  defineVendor({
    id,
    title,
    hosts: [`${id}.example`],
    credentials: z.object({ password: secret, scope: z.optional(z.string()) }),
    tokens: { storage: 'table', maxLifeSeconds: DAY },
    rotation: { credential: 'password', before: ['Make a new password.'], after: [] },
    issue: () => Promise.reject(new Error('no notice takes a token')),
  })

const acme = vendorOf('acme', 'Acme')

/** Counts how often it is used, and does not answer while it is down. */
function memoryLedger() {
  const entries = new Map<string, Notified>()
  const used = { reads: 0, writes: 0 }
  let isDown = false
  const keyOf = (subject: Subject, matter: string) =>
    `${subject.vendor.id} ${'all' in subject ? `all ${subject.all}` : `connection ${subject.name}`} ${matter}`
  const refuseIfDown = () => {
    if (isDown) throw new VendingError('store_unavailable', 'the table does not answer')
  }
  const ledger: NoticeLedger = {
    async last(subject, matter) {
      used.reads += 1
      refuseIfDown()
      return entries.get(keyOf(subject, matter))
    },
    async replace(subject, matter, { seen, next }) {
      used.writes += 1
      refuseIfDown()
      if (!isDeepStrictEqual(entries.get(keyOf(subject, matter)), seen)) return false
      entries.set(keyOf(subject, matter), next)
      return true
    },
  }
  return {
    ...ledger,
    used,
    of: (name: string, matter: 'end' | 'trouble', vendor = acme) => entries.get(keyOf({ vendor, name }, matter)),
    answers: (does: boolean) => {
      isDown = !does
    },
  }
}

interface Cause {
  readonly code?: FailureCode
  readonly detail?: string
  /** Seconds that the vendor is left alone. */
  readonly pause?: number
  readonly servedUntil?: Date
  readonly vendor?: Vendor
}

/** Connections that fail and work, and a listener who hears of it in one process. */
function machine(options: Partial<ListenerOptions> = {}) {
  let now = START
  const ledger = memoryLedger()
  const notices: Notice[] = []
  const counted: boolean[] = []
  const faults: unknown[] = []
  const states = new Map<string, State>()
  const process = (more: Partial<ListenerOptions> = {}) =>
    noticeListener({
      ledger,
      now: () => now,
      notify: async (notice) => {
        notices.push(notice)
        return true
      },
      count: (sent) => counted.push(sent),
      onFault: (error) => faults.push(error),
      ...options,
      ...more,
    })
  const first = process()
  /** As the engine reads it: with the last notices of the connection. */
  function stateOf(name: string, vendor: Vendor): State {
    const [end, trouble] = [ledger.of(name, 'end', vendor), ledger.of(name, 'trouble', vendor)]
    const state = states.get(`${vendor.id} ${name}`) ?? newState
    return { ...state, notified: { ...(end && { end }), ...(trouble && { trouble }) } }
  }
  const put = (name: string, state: Partial<State>, vendor = acme) =>
    states.set(`${vendor.id} ${name}`, { ...newState, ...states.get(`${vendor.id} ${name}`), ...state })
  return {
    ledger,
    notices,
    counted,
    faults,
    process,
    put,
    kinds: () => notices.map(({ kind }) => kind),
    now: () => now,
    advance: (seconds: number) => {
      now = secondsAfter(now, seconds)
    },
    fail: async (name = 'hq', cause: Cause = {}, observe = first) => {
      const { code = 'vendor_unavailable', detail = 'Acme answered 503', pause, servedUntil, vendor = acme } = cause
      const before = stateOf(name, vendor)
      const failure: Failure = {
        code,
        detail,
        count: (before.failure?.count ?? 0) + 1,
        since: before.failure?.since ?? now,
        credentialVersion: 'v1',
        ...(pause !== undefined && { until: secondsAfter(now, pause) }),
      }
      put(name, { failure }, vendor)
      const state = { ...before, failure }
      await observe({ kind: 'failed', connection: { vendor, name }, state, ...(servedUntil && { servedUntil }) })
    },
    work: async (
      name = 'hq',
      { version = 'v1', endsAt, vendor = acme }: { version?: string; endsAt?: Date; vendor?: Vendor } = {},
      observe = first,
    ) => {
      const state = stateOf(name, vendor)
      const { failure: _, ...rest } = states.get(`${vendor.id} ${name}`) ?? newState
      states.set(`${vendor.id} ${name}`, { ...rest, provenVersion: version, succeededAt: now })
      const connection = { vendor, name }
      const accessToken = { value: new Secret('t1'), issuedAt: now, expiresAt: now, context: {} }
      const token = { accessToken, refreshAt: now, fence: 1, epoch: 0, credentialVersion: version }
      const works = { kind: 'worked', connection, state, token } as const
      await observe(endsAt ? { ...works, endsAt } : works)
    },
    check: async (ends: CredentialLife, name = 'hq', observe = first) => {
      const step = rungAt(ends, now)
      const end = { ends, daysLeft: daysLeft(ends.until, now), ...(step && { step }) }
      await observe({ kind: 'credentials_end', connection: { vendor: acme, name }, state: stateOf(name, acme), ...end })
    },
    sweep: (fault?: string, { vendor = acme, observe = first } = {}) =>
      observe({ kind: 'swept', vendor, ...(fault !== undefined && { fault }) }),
    observe: (observation: Observation) => first(observation),
  }
}

type Machine = ReturnType<typeof machine>

/** Every connection fails each minute, until after as many minutes as are given all have been heard of. */
async function failFor(minutes: number, names: readonly string[], { fail, sweep, advance }: Machine) {
  for (let minute = 0; minute < minutes; minute++) {
    for (const name of names) await fail(name)
    await sweep()
    advance(MINUTE)
  }
}

async function sweepFor(minutes: number, { sweep, advance }: Machine) {
  for (let minute = 0; minute < minutes; minute++) {
    advance(MINUTE)
    await sweep()
  }
}

const sites = (count: number) => Array.from({ length: count }, (_, n) => `site-${n}`)

describe('a vendor that fails', () => {
  it('is one mail, and its recovery one, when its connections recover one by one while others still fail', async () => {
    const m = machine()
    const names = sites(40)
    await failFor(30, names, m)
    expect(m.kinds()).toEqual(['vendor_failing'])
    for (let well = 1; well <= names.length; well++) {
      for (const name of names.slice(0, well)) await m.work(name)
      for (const name of names.slice(well)) await m.fail(name)
      await m.sweep()
      m.advance(MINUTE)
    }
    expect(m.kinds()).toEqual(['vendor_failing'])
    await sweepFor(30, m)
    expect(m.kinds()).toEqual(['vendor_failing', 'recovered'])
  })

  it('is notified of once in a thousand failures, and its recovery once', async () => {
    const m = machine()
    for (let n = 0; n < 1000; n++) {
      await m.fail('hq', { servedUntil: new Date('2026-11-21T12:15:00Z') })
      m.advance(3)
    }
    expect(m.notices).toEqual([
      {
        kind: 'vendor_failing',
        vendor: 'acme',
        title: 'Acme',
        connection: 'hq',
        since: START,
        code: 'vendor_unavailable',
        detail: 'Acme answered 503',
        worksUntil: new Date('2026-11-21T12:15:00Z'),
        rotation: acme.rotation,
      },
    ])
    for (let n = 0; n < 1000; n++) {
      await m.work()
      m.advance(1)
    }
    await sweepFor(10, m)
    expect(m.notices.slice(1)).toEqual([
      {
        kind: 'recovered',
        vendor: 'acme',
        title: 'Acme',
        was: 'vendor_failing',
        notifiedAt: new Date('2026-11-21T12:10:00Z'),
      },
    ])
    expect(m.counted).toEqual([true, true])
  })

  it('is notified of after ten minutes, and not a second before', async () => {
    const m = machine()
    await m.fail()
    m.advance(10 * MINUTE - 1)
    await m.fail()
    expect(m.kinds()).toEqual([])
    m.advance(1)
    await m.fail()
    expect(m.kinds()).toEqual(['vendor_failing'])
  })

  it('is notified of without the current token when that has expired', async () => {
    const m = machine()
    await m.fail()
    m.advance(10 * MINUTE)
    await m.fail('hq', { servedUntil: m.now() })
    expect(m.notices[0]).not.toHaveProperty('worksUntil')
  })

  it('says that callers still get the static token before it, while the vendor does not take the newest', async () => {
    const until = secondsAfter(START, 30 * DAY)
    const ends = { since: START, until }
    for (const [state, worksUntil] of [
      [{ provenVersion: 'v0', ends }, until],
      [{ provenVersion: 'v0' }, NEVER],
      [{ provenVersion: 'v0', ends, refusedVersions: new Set(['v0']) }, undefined],
      [{ provenVersion: 'v1', ends }, undefined],
    ] as const) {
      const m = machine()
      m.put('hq', state)
      await m.fail('hq', { code: 'credential_expired', detail: 'Acme refuses it' })
      expect(m.notices).toEqual([
        expect.objectContaining({ kind: 'credentials_refused', ...(worksUntil && { worksUntil }) }),
      ])
      if (!worksUntil) expect(m.notices[0]).not.toHaveProperty('worksUntil')
    }
  })

  it('is no notice while it fails again and again, each time for less than ten minutes', async () => {
    const m = machine()
    for (let round = 0; round < 20; round++) {
      for (let second = 0; second < 9 * MINUTE; second += 30) {
        await m.fail()
        m.advance(30)
      }
      await m.work()
      await sweepFor(2, m)
    }
    expect(m.kinds()).toEqual([])
  })

  it('has recovered when none has failed for ten minutes, and not a second before', async () => {
    const m = machine()
    await m.fail()
    m.advance(10 * MINUTE)
    await m.fail()
    m.advance(MINUTE)
    await m.work()
    m.advance(9 * MINUTE - 1)
    await m.sweep()
    await m.sweep()
    expect(m.kinds()).toEqual(['vendor_failing'])
    m.advance(1)
    await m.sweep()
    await m.sweep()
    expect(m.kinds()).toEqual(['vendor_failing', 'recovered'])
  })

  it('has not recovered because nobody has called it', async () => {
    const m = machine()
    await failFor(12, ['hq'], m)
    await sweepFor(3 * 60, m)
    expect(m.kinds()).toEqual(['vendor_failing'])
    await m.work()
    expect(m.kinds()).toEqual(['vendor_failing', 'recovered'])
  })

  it('has not recovered because connections work that never failed', async () => {
    const m = machine()
    await failFor(12, ['broken'], m)
    for (let hour = 0; hour < 48; hour++) {
      for (const name of sites(5)) await m.work(name)
      await m.fail('broken')
      m.advance(HOUR)
      await m.sweep()
      await m.sweep()
    }
    expect(m.kinds()).toEqual(['vendor_failing'])
  })

  it('fails as long as it is paused after a failure', async () => {
    const m = machine()
    const names = ['a', 'b']
    await failFor(12, names, m)
    await m.fail('a', { code: 'vendor_throttled', pause: 15 * MINUTE })
    await m.work('b')
    await sweepFor(24, m)
    expect(m.kinds()).toEqual(['vendor_failing'])
    await m.fail('a', { code: 'vendor_throttled', pause: 15 * MINUTE })
    await m.work('a')
    await sweepFor(26, m)
    expect(m.kinds()).toEqual(['vendor_failing', 'recovered'])
  })

  it('is notified of again when it fails again after it has recovered', async () => {
    const m = machine()
    for (const _ of [1, 2]) {
      await failFor(15, sites(3), m)
      for (const name of sites(3)) await m.work(name)
      await sweepFor(12, m)
    }
    expect(m.kinds()).toEqual(['vendor_failing', 'recovered', 'vendor_failing', 'recovered'])
  })

  it('is notified of again for a connection that still fails after the vendor has recovered', async () => {
    const m = machine()
    await failFor(12, ['a', 'b'], m)
    await m.work('a')
    await sweepFor(12, m)
    expect(m.kinds()).toEqual(['vendor_failing', 'recovered'])
    for (let day = 0; day < 5; day++) {
      await m.fail('b')
      await m.work('a')
      await sweepFor(12, m)
      m.advance(DAY)
    }
    expect(m.notices.slice(2)).toMatchObject([{ kind: 'vendor_failing', connection: 'b' }])
    await m.work('b')
    await sweepFor(2, m)
    expect(m.kinds().slice(3)).toEqual(['recovered'])
  })

  it('has not recovered because a connection worked before another failed for the last time', async () => {
    const m = machine()
    await failFor(12, ['a', 'b'], m)
    await m.work('a')
    await m.fail('b')
    await sweepFor(60, m)
    expect(m.kinds()).toEqual(['vendor_failing'])
    await m.work('b')
    expect(m.kinds()).toEqual(['vendor_failing', 'recovered'])
  })

  it('is notified of again for a connection that comes back after days and fails', async () => {
    const m = machine()
    await failFor(12, ['hq'], m)
    m.put('hq', { status: 'disabled' })
    m.advance(2 * DAY)
    m.put('hq', { status: 'active' })
    await m.fail('hq')
    expect(m.kinds()).toEqual(['vendor_failing', 'vendor_failing'])
  })

  it('is notified of once although a daily check alone sees it fail', async () => {
    const m = machine()
    for (let day = 0; day < 30; day++) {
      await m.fail('hq')
      m.advance(DAY + HOUR)
    }
    expect(m.kinds()).toEqual(['vendor_failing'])
  })

  it('is one notice although further connections begin to fail for hours', async () => {
    const m = machine()
    const names = sites(24)
    for (let half = 1; half <= names.length; half++) await failFor(30, names.slice(0, half), m)
    expect(m.kinds()).toEqual(['vendor_failing'])
  })

  it('is notified of again when it fails for all, days after one connection began to', async () => {
    const m = machine()
    await failFor(12, ['broken'], m)
    for (let hour = 0; hour < 48; hour++) {
      await m.fail('broken')
      m.advance(HOUR)
    }
    await failFor(30, ['broken', ...sites(10)], m)
    expect(m.notices).toMatchObject([
      { kind: 'vendor_failing', connection: 'broken' },
      { kind: 'vendor_failing', connection: 'site-0' },
    ])
  })

  it('is notified of once by ten processes at once, each with another connection, and so is its recovery', async () => {
    const m = machine()
    const names = sites(10)
    for (const name of names) await m.fail(name)
    m.advance(10 * MINUTE)
    await Promise.all(names.map((name) => m.fail(name, {}, m.process())))
    expect(m.kinds()).toEqual(['vendor_failing'])
    for (const name of names) await m.fail(name)
    m.advance(10 * MINUTE)
    await Promise.all(names.map((name) => m.work(name, {}, m.process())))
    expect(m.kinds()).toEqual(['vendor_failing', 'recovered'])
  })

  it('does not fail another vendor, nor close its notice', async () => {
    const m = machine()
    const other = vendorOf('other', 'Other')
    await failFor(12, ['hq'], m)
    await m.fail('hq', { vendor: other })
    m.advance(12 * MINUTE)
    await m.fail('hq', { vendor: other })
    await m.work('hq', { vendor: other })
    m.advance(12 * MINUTE)
    await m.sweep(undefined, { vendor: other })
    await m.sweep(undefined, { vendor: other })
    await m.sweep()
    await m.sweep()
    expect(m.notices.map(({ kind, vendor }) => `${vendor} ${kind}`)).toEqual([
      'acme vendor_failing',
      'other vendor_failing',
      'other recovered',
    ])
  })
})

describe('refused credentials', () => {
  it('are notified of at once and once, and again only after they have worked', async () => {
    const m = machine()
    const refused = { code: 'credential_rejected', detail: 'Acme refused the client' } as const
    for (let n = 0; n < 1000; n++) await m.fail('hq', refused)
    expect(m.notices).toMatchObject([{ kind: 'credentials_refused', ...refused }])
    const notifiedAt = m.now()
    m.advance(DAY)
    await m.work()
    await m.work()
    expect(m.notices.slice(1)).toEqual([
      { kind: 'recovered', vendor: 'acme', title: 'Acme', connection: 'hq', was: 'credentials_refused', notifiedAt },
    ])
    await m.fail('hq', refused)
    expect(m.kinds().slice(2)).toEqual(['credentials_refused'])
  })

  it.each([
    ['credential_rejected', 0],
    ['credential_expired', 0],
    ['configuration', 10 * MINUTE],
  ] as const)('by %s are notified of after %i seconds', async (code, after) => {
    const m = machine()
    await m.fail('hq', { code })
    if (after > 0) {
      expect(m.kinds()).toEqual([])
      m.advance(after - 1)
      await m.fail('hq', { code })
      expect(m.kinds()).toEqual([])
      m.advance(1)
      await m.fail('hq', { code })
    }
    expect(m.kinds()).toEqual(['credentials_refused'])
  })

  it('are a notice for each connection, also while the vendor fails', async () => {
    const m = machine()
    await failFor(12, ['a', 'b'], m)
    await m.fail('a', { code: 'credential_rejected' })
    await m.fail('b', { code: 'credential_rejected' })
    expect(m.notices).toMatchObject([
      { kind: 'vendor_failing' },
      { kind: 'credentials_refused', connection: 'a' },
      { kind: 'credentials_refused', connection: 'b' },
    ])
  })

  it('stay notified of until they work, although the vendor fails in between', async () => {
    const m = machine()
    await m.fail('hq', { code: 'credential_rejected' })
    await failFor(12, ['hq'], m)
    await m.fail('hq', { code: 'credential_rejected' })
    expect(m.kinds()).toEqual(['credentials_refused', 'vendor_failing'])
    await m.work()
    await sweepFor(12, m)
    expect(m.notices.slice(2)).toMatchObject([
      { kind: 'recovered', was: 'credentials_refused', connection: 'hq' },
      { kind: 'recovered', was: 'vendor_failing' },
    ])
  })

  it('and a vendor that then fails are one notice each, however long it lasts', async () => {
    const m = machine()
    await m.fail('hq', { code: 'credential_rejected' })
    for (let day = 0; day < 10; day++) {
      m.advance(DAY)
      await m.fail('hq')
    }
    expect(m.kinds()).toEqual(['credentials_refused', 'vendor_failing'])
  })

  it('are notified of once by ten processes at once, and so is that they work', async () => {
    const m = machine()
    await Promise.all(Array.from({ length: 10 }, () => m.fail('hq', { code: 'credential_rejected' }, m.process())))
    await Promise.all(Array.from({ length: 10 }, () => m.work('hq', {}, m.process())))
    expect(m.kinds()).toEqual(['credentials_refused', 'recovered'])
  })
})

describe('a grant that has ended', () => {
  it('is notified of at once, with the end of the current token, and that somebody has connected again', async () => {
    const m = machine()
    const servedUntil = secondsAfter(START, HOUR)
    await m.fail('hq', { code: 'grant_rejected', servedUntil })
    await m.fail('hq', { code: 'grant_rejected', servedUntil })
    expect(m.notices).toMatchObject([{ kind: 'reconnect_needed', code: 'grant_rejected', worksUntil: servedUntil }])
    await m.work()
    expect(m.notices.slice(1)).toMatchObject([{ kind: 'recovered', was: 'reconnect_needed', connection: 'hq' }])
  })

  it.each(['credential_revoked', 'grant_revoked'])('is no notice when a person has taken it back: %s', async (code) => {
    const m = machine()
    // Codes come from the engine; one of these may be newer than its list here.
    const taken = { code: code as FailureCode }
    await m.fail('hq', taken)
    m.advance(DAY)
    await m.fail('hq', taken)
    expect(m.kinds()).toEqual([])
    expect(m.ledger.used).toEqual({ reads: 0, writes: 0 })
  })
})

describe('a disabled connection', () => {
  it('is no notice, whatever is observed of it, until it is enabled', async () => {
    const m = machine()
    m.put('hq', { status: 'disabled', provenVersion: 'v0', succeededAt: START })
    const ends = { since: secondsAfter(START, -365 * DAY), until: secondsAfter(START, DAY) }
    await m.fail('hq', { code: 'credential_rejected' })
    await m.check(ends)
    await m.work()
    expect(m.kinds()).toEqual([])
    m.put('hq', { status: 'active' })
    await m.fail('hq', { code: 'credential_rejected' })
    await m.check(ends)
    expect(m.kinds()).toEqual(['credentials_refused', 'expiring'])
  })
})

it('a grant that has ended is notified of with what who consents has to know', async () => {
  const m = machine()
  const consent = ['Log in with an account that has full access.']
  await m.fail('hq', { code: 'grant_rejected', vendor: { ...acme, consent } })
  expect(m.notices).toMatchObject([{ kind: 'reconnect_needed', consent }])
})

describe('an owner', () => {
  it('is named by a notice of the connection', async () => {
    const m = machine()
    m.put('hq', { owner: 'erp@acme.example' })
    await m.fail('hq', { code: 'credential_rejected' })
    await m.work()
    expect(m.notices).toMatchObject([{ owner: 'erp@acme.example' }, { owner: 'erp@acme.example' }])
  })

  it('is left out where nobody is named', async () => {
    const m = machine()
    await m.fail('hq', { code: 'credential_rejected' })
    expect(m.notices[0]).toMatchObject({ connection: 'hq' })
    expect(m.notices[0]).not.toHaveProperty('owner')
  })
})

describe('new credentials', () => {
  /** Versions of a document, as the store still has them. */
  const versions = (documents: Readonly<Record<string, unknown>>): Partial<ListenerOptions> => ({
    credentials: {
      readVersion: async (_connection, version) =>
        version in documents ? { version, document: documents[version] } : undefined,
    },
  })
  const about = { kind: 'rotated', vendor: 'acme', title: 'Acme', connection: 'hq', rotation: acme.rotation }

  it('that work are notified of once, with their end', async () => {
    const m = machine(versions({ v1: { password: 'p1' }, v2: { password: 'p2' } }))
    const endsAt = new Date('2027-11-21T23:59:59Z')
    await m.work('hq', { version: 'v1' })
    expect(m.kinds()).toEqual([])
    await m.work('hq', { version: 'v2', endsAt })
    await m.work('hq', { version: 'v2', endsAt })
    expect(m.notices).toEqual([{ ...about, endsAt }])
  })

  it('in which nothing secret is new are no rotation: nobody is notified to end the old secret', async () => {
    const m = machine(
      versions({ v1: { password: 'p1' }, v2: { password: 'p1', scope: 'read' }, v3: { password: 'p3' } }),
    )
    await m.work('hq', { version: 'v1' })
    await m.work('hq', { version: 'v2' })
    await m.work('hq', { version: 'v2' })
    expect(m.notices).toEqual([])
    await m.work('hq', { version: 'v3' })
    expect(m.notices).toEqual([about])
  })

  it.each<[string, Partial<ListenerOptions>]>([
    ['is gone', versions({ v2: { password: 'p1' } })],
    ['fits no more', versions({ v1: { name: 'p1' }, v2: { password: 'p1' } })],
    ['is no document', versions({ v1: undefined, v2: { password: 'p1' } })],
    [
      'cannot be read now',
      { credentials: { readVersion: () => Promise.reject(new VendingError('store_unavailable', 'no answer')) } },
    ],
    ['is nobody’s to read', {}],
  ])('are said to be perhaps no rotation when the version before %s', async (_what, options) => {
    const m = machine(options)
    await m.work('hq', { version: 'v1' })
    await m.work('hq', { version: 'v2' })
    expect(m.notices).toEqual([{ ...about, isUnsure: true }])
    expect(m.faults).toEqual([])
  })

  it('that end what was refused are two notices: that it is over, and that they work', async () => {
    const m = machine()
    await m.work()
    await m.fail('hq', { code: 'credential_rejected' })
    await m.work('hq', { version: 'v2' })
    expect(m.kinds()).toEqual(['credentials_refused', 'recovered', 'rotated'])
  })

  it('are notified of five minutes later when that could not be sent', async () => {
    const m = machine()
    await m.work('hq', { version: 'v1' })
    await m.work('hq', { version: 'v2' }, m.process({ notify: async () => false }))
    m.advance(299)
    await m.work('hq', { version: 'v2' })
    expect(m.kinds()).toEqual([])
    m.advance(1)
    await m.work('hq', { version: 'v2' })
    await m.work('hq', { version: 'v2' })
    expect(m.kinds()).toEqual(['rotated'])
  })
})

describe('the ledger', () => {
  it('is not used for a plain success of a connection that nobody was notified of', async () => {
    const m = machine()
    await m.work()
    for (let n = 0; n < 100; n++) await m.work()
    expect(m.ledger.used).toEqual({ reads: 0, writes: 0 })
  })

  it('is not used for a plain success either when the last trouble is over', async () => {
    const m = machine()
    await m.fail('hq', { code: 'credential_rejected' })
    await m.work()
    await failFor(12, ['hq'], m)
    await m.work()
    const before = { ...m.ledger.used }
    for (let n = 0; n < 100; n++) await m.work()
    expect(m.ledger.used).toEqual(before)
  })

  it('is read once by a sweep, and not written while all is well', async () => {
    const m = machine()
    for (let n = 1; n <= 60; n++) {
      await m.sweep()
      expect(m.ledger.used).toEqual({ reads: n, writes: 0 })
      m.advance(MINUTE)
    }
  })

  it('is read once by a sweep also while the vendor fails and when it recovers', async () => {
    const m = machine()
    await failFor(12, ['hq'], m)
    await m.work()
    for (let minute = 0; minute < 20; minute++) {
      const { reads } = m.ledger.used
      m.advance(MINUTE)
      await m.sweep()
      expect(m.ledger.used.reads).toBe(reads + 1)
    }
    expect(m.kinds()).toEqual(['vendor_failing', 'recovered'])
  })

  it('is written at most once a minute while a vendor goes on failing', async () => {
    const m = machine()
    const names = sites(20)
    await failFor(12, names, m)
    const { writes } = m.ledger.used
    for (let second = 0; second < 30 * MINUTE; second += 10) {
      for (const name of names) await m.fail(name)
      m.advance(10)
    }
    expect(m.ledger.used.writes - writes).toBeLessThanOrEqual(30)
  })

  it('that does not answer harms nobody, and the next observation is notified of', async () => {
    const m = machine()
    m.ledger.answers(false)
    await m.fail('hq', { code: 'credential_rejected' })
    await m.sweep('no time')
    await m.sweep()
    await m.check({ since: secondsAfter(START, -365 * DAY), until: secondsAfter(START, DAY) })
    expect([m.kinds(), m.faults]).toEqual([[], []])
    m.ledger.answers(true)
    await m.fail('hq', { code: 'credential_rejected' })
    expect(m.kinds()).toEqual(['credentials_refused'])
    m.ledger.answers(false)
    await m.work()
    expect(m.kinds()).toEqual(['credentials_refused'])
    m.ledger.answers(true)
    await m.work()
    expect(m.kinds()).toEqual(['credentials_refused', 'recovered'])
  })

  it('that breaks in another way harms nobody either, and is reported', async () => {
    const broken = new TypeError('a mistake of ours')
    const m = machine({ ledger: { last: () => Promise.reject(broken), replace: () => Promise.reject(broken) } })
    await m.fail('hq', { code: 'credential_rejected' })
    await m.sweep()
    expect(m.faults).toEqual([broken, broken])
  })
})

describe('a notice that a process claimed before it died', () => {
  const dies = { notify: () => new Promise<boolean>(() => {}) }

  it('is sent by the next failure five minutes later, and not before', async () => {
    const m = machine()
    void m.fail('hq', { code: 'credential_rejected' }, m.process(dies))
    await new Promise(setImmediate)
    m.advance(299)
    await m.fail('hq', { code: 'credential_rejected' })
    expect(m.kinds()).toEqual([])
    m.advance(1)
    await m.fail('hq', { code: 'credential_rejected' })
    await m.fail('hq', { code: 'credential_rejected' })
    expect(m.kinds()).toEqual(['credentials_refused'])
  })

  it('of a vendor is sent by whichever connection fails five minutes later', async () => {
    const m = machine()
    await m.fail('a')
    await m.fail('b')
    m.advance(10 * MINUTE)
    void m.fail('a', {}, m.process(dies))
    await new Promise(setImmediate)
    await m.fail('b')
    m.advance(299)
    await m.fail('b')
    expect(m.kinds()).toEqual([])
    m.advance(1)
    await m.fail('b')
    await m.fail('a')
    expect(m.notices).toMatchObject([{ kind: 'vendor_failing', connection: 'b' }])
  })

  it('of a vendor that has recovered is sent by a sweep five minutes later, with the time of the first notice', async () => {
    const m = machine()
    await failFor(12, ['hq'], m)
    await m.work()
    m.advance(10 * MINUTE)
    const dying = m.process(dies)
    void m.sweep(undefined, { observe: dying })
    void m.sweep(undefined, { observe: dying })
    await new Promise(setImmediate)
    await sweepFor(4, m)
    expect(m.kinds()).toEqual(['vendor_failing'])
    await sweepFor(2, m)
    await sweepFor(10, m)
    expect(m.notices.slice(1)).toMatchObject([
      { kind: 'recovered', was: 'vendor_failing', notifiedAt: new Date('2026-11-21T12:10:00Z') },
    ])
  })

  it('of a further connection is confirmed although another one works meanwhile', async () => {
    const m = machine()
    await failFor(12, ['a'], m)
    await m.fail('b')
    m.advance(2 * HOUR)
    await m.fail('a')
    let arrive = (_: boolean) => {}
    const slow = m.process({ notify: () => new Promise<boolean>((resolve) => (arrive = resolve)) })
    const sending = m.fail('b', {}, slow)
    await new Promise(setImmediate)
    await m.work('a')
    arrive(true)
    await sending
    m.advance(300)
    await m.fail('b')
    expect(m.kinds()).toEqual(['vendor_failing'])
    await m.work('a')
    await m.work('b')
    await sweepFor(12, m)
    expect(m.kinds()).toEqual(['vendor_failing', 'recovered'])
  })

  it('of a vendor is not closed by another notice when it was never sent', async () => {
    const m = machine()
    await m.fail()
    m.advance(10 * MINUTE)
    await m.fail('hq', {}, m.process({ notify: async () => false }))
    await m.work()
    await sweepFor(30, m)
    await m.work()
    expect(m.kinds()).toEqual([])
  })

  it('and that closes another is sent five minutes later, with the time of the first', async () => {
    const m = machine()
    await m.fail('hq', { code: 'credential_rejected' })
    m.advance(HOUR)
    await m.work('hq', {}, m.process({ notify: async () => false }))
    m.advance(299)
    await m.work()
    expect(m.kinds()).toEqual(['credentials_refused'])
    m.advance(1)
    await m.work()
    await m.work()
    expect(m.notices.slice(1)).toMatchObject([{ kind: 'recovered', was: 'credentials_refused', notifiedAt: START }])
  })

  it('is not closed by another notice when it was never sent', async () => {
    const m = machine()
    await m.fail('hq', { code: 'credential_rejected' }, m.process({ notify: async () => false }))
    m.advance(300)
    await m.work()
    await m.work()
    expect(m.kinds()).toEqual([])
    await m.fail('hq', { code: 'credential_rejected' })
    expect(m.kinds()).toEqual(['credentials_refused'])
  })

  it('is closed although it was not confirmed yet when the connection worked', async () => {
    const m = machine()
    let arrive = (_: boolean) => {}
    const slow = m.process({ notify: () => new Promise<boolean>((resolve) => (arrive = resolve)) })
    const sending = m.fail('hq', { code: 'credential_rejected' }, slow)
    await new Promise(setImmediate)
    await m.work()
    arrive(true)
    await sending
    await m.work()
    expect(m.notices).toMatchObject([{ kind: 'recovered', was: 'credentials_refused' }])
  })
})

describe('a notice that could not be sent', () => {
  it('is counted as lost and tried again after five minutes, and then no more', async () => {
    const m = machine()
    for (const notify of [async () => false, () => Promise.reject(new Error('no topic'))]) {
      await m.fail('hq', { code: 'credential_rejected' }, m.process({ notify }))
      m.advance(300)
    }
    expect([m.counted, m.faults]).toEqual([[false, false], []])
    await m.fail('hq', { code: 'credential_rejected' })
    m.advance(300)
    await m.fail('hq', { code: 'credential_rejected' })
    expect(m.counted).toEqual([false, false, true])
    expect(m.kinds()).toEqual(['credentials_refused'])
  })
})

describe('sweeps that fail', () => {
  const fault = '7 renewals were due and could not be begun in time'

  it('are notified of after ten minutes, once, and once when they work again', async () => {
    const m = machine()
    for (let minute = 0; minute < 30; minute++) {
      if (minute < 10) expect(m.kinds()).toEqual([])
      await m.sweep(fault)
      m.advance(MINUTE)
    }
    expect(m.notices).toEqual([{ kind: 'sweep_failing', vendor: 'acme', title: 'Acme', since: START, detail: fault }])
    await sweepFor(10, m)
    expect(m.notices.slice(1)).toEqual([
      {
        kind: 'recovered',
        vendor: 'acme',
        title: 'Acme',
        was: 'sweep_failing',
        notifiedAt: secondsAfter(START, 10 * MINUTE),
      },
    ])
  })

  it('are no notice when one without a fault comes in between', async () => {
    const m = machine()
    for (let round = 0; round < 5; round++) {
      for (let minute = 0; minute < 9; minute++) {
        await m.sweep(fault)
        m.advance(MINUTE)
      }
      await m.sweep()
      m.advance(MINUTE)
    }
    expect(m.kinds()).toEqual([])
  })

  it('are known to work again by another process than the one that saw them fail', async () => {
    const m = machine()
    for (let minute = 0; minute < 12; minute++) {
      await m.sweep(fault)
      m.advance(MINUTE)
    }
    for (const _ of [1, 2]) {
      await m.sweep(undefined, { observe: m.process() })
      m.advance(MINUTE)
    }
    expect(m.kinds()).toEqual(['sweep_failing', 'recovered'])
  })

  it('are not known to work again by people who were never notified', async () => {
    const m = machine()
    await m.sweep(fault)
    m.advance(10 * MINUTE)
    await m.sweep(fault, { observe: m.process({ notify: async () => false }) })
    await sweepFor(20, m)
    expect(m.kinds()).toEqual([])
  })

  it('are one mail that is closed although it was not confirmed when they worked again', async () => {
    const m = machine()
    await m.sweep(fault)
    m.advance(10 * MINUTE)
    let arrive = (_: boolean) => {}
    const slow = m.process({ notify: () => new Promise<boolean>((resolve) => (arrive = resolve)) })
    const sending = m.sweep(fault, { observe: slow })
    await new Promise(setImmediate)
    await sweepFor(2, m)
    arrive(true)
    await sending
    await sweepFor(2, m)
    expect(m.notices).toMatchObject([{ kind: 'recovered', was: 'sweep_failing' }])
  })

  it('are notified of five minutes later by another process when one died over it', async () => {
    const m = machine()
    await m.sweep(fault)
    m.advance(10 * MINUTE)
    void m.sweep(fault, { observe: m.process({ notify: () => new Promise<boolean>(() => {}) }) })
    await new Promise(setImmediate)
    m.advance(299)
    await m.sweep(fault)
    expect(m.kinds()).toEqual([])
    m.advance(1)
    await m.sweep(fault)
    await m.sweep(fault)
    expect(m.kinds()).toEqual(['sweep_failing'])
  })
})

describe('many tokens', () => {
  it('are notified of with how many they are', async () => {
    const m = machine()
    const connection = { vendor: acme, name: 'hq' }
    await m.observe({ kind: 'many_obtained', connection, state: { ...newState, owner: 'ann' }, count: 30 })
    expect(m.notices).toEqual([
      { kind: 'many_obtained', vendor: 'acme', title: 'Acme', connection: 'hq', owner: 'ann', count: 30 },
    ])
    expect(m.counted).toEqual([true])
  })

  it('are no notice where a connection is only called or waited for', async () => {
    const m = machine()
    const connection = { vendor: acme, name: 'hq' }
    await m.observe({ kind: 'vendor_called', connection, seconds: 1, failure: 'vendor_unavailable' })
    await m.observe({ kind: 'waited', connection, seconds: 6 })
    expect([m.kinds(), m.ledger.used]).toEqual([[], { reads: 0, writes: 0 }])
  })
})

describe('credentials that end', () => {
  const ending = (day: string): CredentialLife => {
    const until = new Date(`${day}T23:59:59Z`)
    return { since: secondsAfter(until, -365 * DAY), until }
  }

  it('are notified of once for each step, by however many checks, with who owns them and what to do', async () => {
    const m = machine()
    m.put('hq', { owner: 'erp@acme.example' })
    const ends = ending('2026-12-05')
    await Promise.all([m.check(ends), m.check(ends, 'hq', m.process()), m.check(ends, 'hq', m.process())])
    await m.check(ends)
    expect(m.notices).toEqual([
      {
        kind: 'expiring',
        vendor: 'acme',
        title: 'Acme',
        connection: 'hq',
        owner: 'erp@acme.example',
        endsAt: new Date('2026-12-05T23:59:59Z'),
        daysLeft: 14,
        step: 14,
        nextAt: new Date('2026-11-28T00:00:00Z'),
        rotation: acme.rotation,
      },
    ])
    m.advance(7 * DAY)
    await m.check(ends)
    m.advance(8 * DAY)
    await m.check(ends)
    expect(m.notices.slice(1)).toMatchObject([
      { kind: 'expiring', step: 7 },
      { kind: 'expired', step: -1 },
    ])
  })

  it('are no notice while the end is far', async () => {
    const m = machine()
    await m.check(ending('2027-11-21'))
    expect([m.kinds(), m.ledger.used]).toEqual([[], { reads: 0, writes: 0 }])
  })

  it('have a ladder of their own for each end', async () => {
    const m = machine()
    await m.check(ending('2026-12-05'))
    await m.check(ending('2026-11-28'))
    await m.check(ending('2026-11-28'))
    expect(m.notices).toMatchObject([{ step: 14 }, { step: 7 }])
  })

  it('are notified of for each connection', async () => {
    const m = machine()
    for (const name of ['a', 'b', 'a', 'b']) await m.check(ending('2026-12-05'), name)
    expect(m.notices).toMatchObject([{ connection: 'a' }, { connection: 'b' }])
  })

  it('that are acknowledged are no notice until the next step, which says who did it and when', async () => {
    const m = machine()
    const ends = ending('2026-12-05')
    m.advance(7 * DAY)
    const acknowledged = {
      by: 'arn:ann',
      at: m.now(),
      endsAt: ends.until,
      until: new Date('2026-12-02T00:00:00Z'),
    }
    m.put('hq', { acknowledged })
    await m.check(ends)
    m.advance(3.5 * DAY - 1)
    await m.check(ends)
    expect(m.notices).toEqual([])
    m.advance(1)
    await m.check(ends)
    expect(m.notices).toMatchObject([{ step: 3, acknowledged: { by: 'arn:ann', at: acknowledged.at } }])
  })

  it('are a notice although those before them were acknowledged', async () => {
    const m = machine()
    const acknowledged = { by: 'arn:ann', at: START, endsAt: ending('2026-12-05').until, until: NEXT_YEAR }
    m.put('hq', { acknowledged })
    await m.check(ending('2026-12-05'))
    expect(m.notices).toEqual([])
    await m.check(ending('2026-11-28'))
    expect(m.notices).toMatchObject([{ kind: 'expiring', step: 7 }])
    expect(m.notices[0]).not.toHaveProperty('acknowledged')
  })

  it('are tried again by a check five minutes after one that could not be sent', async () => {
    const m = machine()
    const ends = ending('2026-12-05')
    await m.check(ends, 'hq', m.process({ notify: async () => false }))
    m.advance(299)
    await m.check(ends)
    expect(m.kinds()).toEqual([])
    m.advance(1)
    await m.check(ends)
    m.advance(300)
    await m.check(ends)
    expect(m.kinds()).toEqual(['expiring'])
  })
})
