import { setOwner, setStatus, takeAcknowledgement } from '../../functions/api/commands.ts'
import { vend } from '../../functions/core/vend.ts'
import { checkAll, checkConnection, continueCheck } from '../../functions/keeper/check.ts'
import { DAY_SECONDS, secondsBetween } from '../../functions/kit/time.ts'
import type { Machine } from '../../functions/lambda/runtime.ts'
import { noticeListener } from '../../functions/notices/listen.ts'
import { watched } from '../support/watched.ts'
import { broken, fakeVendor, gives, refuses, world } from '../support/world.ts'

const DAY = DAY_SECONDS

/** A machine with one vendor whose client secret may have an end, and its daily check. */
function machine(options: Parameters<typeof fakeVendor>[0] = {}) {
  const w = world()
  const fake = fakeVendor(options)
  const { vendor, connection } = fake
  return {
    ...w,
    ...fake,
    check: (changes: Partial<Machine> = {}) => checkAll(vendor, { ...w.processFor(20), ...changes }),
    ask: (name = connection.name) => vend({ connection: { vendor, name }, minTtlSeconds: 0 }, w.process()),
    setOwner: (owner: string) => setOwner(connection, owner, w.process()),
    setStatus: (status: 'active' | 'disabled') => setStatus(connection, status, w.process()),
    acknowledge: (note?: string, of?: 'credentials' | 'grant') =>
      takeAcknowledgement(connection, { by: 'arn:ann', note, of }, w.process()),
    state: async () => (await w.tokens.read(connection)).state,
  }
}

describe('a client secret with an end', () => {
  const ending = (day: string, password = 'p1') => ({ password, expires_on: day })

  it('is notified of by the ladder, once for each step, with who owns it and what to do', async () => {
    const { secrets, ask, check, setOwner, notices } = machine()
    secrets.replace('acme/hq', ending('2026-12-05'))
    await ask()
    await setOwner('erp@acme.example')
    expect(notices).toEqual([])
    await Promise.all([check(), check(), check()])
    expect(notices).toEqual([
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
        rotation: { credential: 'password', before: ['Make a new password.'], after: [] },
      },
    ])
  })

  it('is no notice while it is far from its end, nor are credentials without one', async () => {
    const { secrets, ask, check, notices } = machine()
    await ask()
    await check()
    secrets.replace('acme/hq', ending('2027-11-21'))
    await check()
    await check()
    expect(notices).toEqual([])
  })

  it('is rotated by another secret, not by an edit of what stands beside it', async () => {
    const { secrets, ask, check, notices, calls } = machine()
    await ask()
    secrets.replace('acme/hq', { password: 'p1', scope: 'write' })
    await check()
    expect([calls.length, notices]).toEqual([2, []])
    secrets.replace('acme/hq', { password: 'p2', scope: 'write' })
    await check()
    expect(notices).toMatchObject([{ kind: 'rotated' }])
    expect(notices[0]).not.toHaveProperty('isUnsure')
  })

  it('keeps its ladder until the next one has obtained a token', async () => {
    const { secrets, ask, check, clock, notices, will } = machine()
    secrets.replace('acme/hq', ending('2026-12-21'))
    await ask()
    await check()
    expect(notices).toMatchObject([{ kind: 'expiring', step: 30 }])
    will(refuses('credential_rejected', 'no'))
    secrets.replace('acme/hq', ending('2027-12-21', 'p2'))
    clock.advance(16 * DAY)
    await check()
    expect(notices.slice(1)).toMatchObject([{ kind: 'credentials_refused' }, { kind: 'expiring', step: 14 }])
    will(gives({ name: 'u' }))
    secrets.replace('acme/hq', ending('2027-12-21', 'p3'))
    clock.advance(8 * DAY)
    await check()
    expect(notices.slice(3)).toMatchObject([
      { kind: 'recovered' },
      { kind: 'rotated', endsAt: new Date('2027-12-21T23:59:59Z') },
    ])
  })

  it('whose date is none fails the check, and harms no vend', async () => {
    const { secrets, ask, check } = machine()
    secrets.replace('acme/hq', ending('next year'))
    expect((await ask()).source).toBe('vendor')
    expect(await check()).toEqual({ checked: 0, failed: 1, left: 0 })
  })
})

describe('an acknowledgement', () => {
  const ended = { password: 'p1', expires_on: '2026-12-05' }

  it('mutes what is due until the next step, and says who and when', async () => {
    const { secrets, ask, check, acknowledge, clock, notices } = machine()
    secrets.replace('acme/hq', ended)
    await ask()
    await check()
    notices.length = 0
    clock.advance(7 * DAY)
    // Nobody is notified of the step of this day yet, since there was no check.
    const view = await acknowledge('ticket 4711')
    expect(view).toMatchObject({
      acknowledged: { by: 'arn:ann', at: '2026-11-28T12:00:00Z', note: 'ticket 4711' },
      next_notice_at: '2026-12-02T00:00:00Z',
    })
    await check()
    clock.advance(3 * DAY)
    await check()
    expect(notices).toEqual([])
    clock.advance(DAY)
    await check()
    expect(notices).toMatchObject([{ step: 3, acknowledged: { by: 'arn:ann' } }])
  })

  it('does not reach over to the next credentials', async () => {
    const { secrets, ask, check, acknowledge, notices } = machine()
    secrets.replace('acme/hq', ended)
    await ask()
    await check()
    await acknowledge()
    notices.length = 0
    secrets.replace('acme/hq', { password: 'p2', expires_on: '2026-11-28' })
    await check()
    expect(notices).toMatchObject([{ kind: 'rotated' }, { kind: 'expiring', step: 7 }])
  })

  it('of nothing is refused, with the reason', async () => {
    const { secrets, ask, check, acknowledge } = machine()
    await ask()
    await expect(acknowledge()).rejects.toMatchObject({
      code: 'bad_request',
      message: 'there is no notice of acme/hq to acknowledge: no end of its credentials is known',
    })
    secrets.replace('acme/hq', { password: 'p1', expires_on: '2027-11-01' })
    await check()
    await expect(acknowledge()).rejects.toMatchObject({
      message: expect.stringContaining('its credentials end on 2027-11-01T23:59:59Z'),
    })
  })
})

describe('a grant with an end', () => {
  const fortnight = { consent: true, script: gives({ refreshToken: 'r' }) } as const
  const policy = { grant: { maxSeconds: 14 * DAY } }

  it('is notified of by the ladder, once for each step, with who owns it', async () => {
    const { ask, check, clock, setOwner, notices } = machine({ ...fortnight, policy })
    await ask()
    await setOwner('erp@acme.example')
    await check()
    expect(notices).toEqual([])
    clock.advance(7 * DAY)
    await Promise.all([check(), check(), check()])
    expect(notices).toEqual([
      {
        kind: 'grant_ending',
        vendor: 'acme',
        title: 'Acme',
        connection: 'hq',
        owner: 'erp@acme.example',
        endsAt: new Date('2026-12-05T12:00:00Z'),
        daysLeft: 7,
        step: 7,
        nextAt: new Date('2026-12-02T00:00:00Z'),
      },
    ])
  })

  it('has a ladder of its own beside that of the credentials, and an acknowledgement of its own', async () => {
    const { secrets, ask, check, clock, acknowledge, notices, state } = machine({ ...fortnight, policy })
    secrets.replace('acme/hq', { password: 'p1', expires_on: '2026-12-05' })
    await ask()
    await check()
    expect(notices).toMatchObject([{ kind: 'expiring', step: 14 }])
    clock.advance(7 * DAY)
    await check()
    expect(notices.slice(1)).toMatchObject([
      { kind: 'expiring', step: 7 },
      { kind: 'grant_ending', step: 7 },
    ])
    const view = await acknowledge('ann asks the board', 'grant')
    expect(view).toMatchObject({ grant: { acknowledged: { by: 'arn:ann', note: 'ann asks the board' } } })
    expect(view).not.toHaveProperty('acknowledged')
    expect((await state()).notified).toMatchObject({ end: { sent: true }, grant: { sent: true } })
    notices.length = 0
    clock.advance(4 * DAY)
    await check()
    expect(notices).toMatchObject([
      { kind: 'expiring', step: 3 },
      { kind: 'grant_ending', step: 3, acknowledged: {} },
    ])
    expect(notices[0]).not.toHaveProperty('acknowledged')
    await acknowledge()
    expect(await state()).toMatchObject({ acknowledged: { until: new Date('2026-12-04T00:00:00Z') } })
    expect(await state()).toMatchObject({ acknowledgedGrant: { until: new Date('2026-12-02T00:00:00Z') } })
  })

  it('is what an acknowledgement without a word is of, where the credentials have no notice', async () => {
    const { ask, check, clock, acknowledge } = machine({ ...fortnight, policy })
    await ask()
    await expect(acknowledge()).rejects.toMatchObject({
      message: 'there is no notice of acme/hq to acknowledge: its grant ends on 2026-12-05T12:00:00Z',
    })
    clock.advance(12 * DAY)
    await check()
    expect(await acknowledge()).toMatchObject({ grant: { acknowledged: { by: 'arn:ann' } } })
    await expect(acknowledge('', 'credentials')).rejects.toMatchObject({
      message: 'there is no notice of acme/hq to acknowledge: no end of its credentials is known',
    })
  })

  it('is no notice while renewals put it off, and one half-way to it when they have stopped', async () => {
    const idle = { grant: { idleSeconds: 14 * DAY } }
    const { ask, check, clock, notices, will, state } = machine({ ...fortnight, policy: idle })
    for (let day = 0; day < 60; day++) {
      await ask()
      await check()
      clock.advance(DAY)
    }
    expect(notices).toEqual([])
    const renewedAt = (await state()).succeededAt
    will(refuses('vendor_unavailable', 'time-out'))
    for (let day = 1; day < 14; day++) {
      await check()
      clock.advance(DAY)
    }
    expect(notices).toMatchObject([
      { kind: 'grant_ending', step: 7, renewedAt },
      { kind: 'grant_ending', step: 3, renewedAt },
      { kind: 'grant_ending', step: 1, renewedAt },
    ])
    will(gives({ refreshToken: 's' }))
    await ask()
    await check()
    expect(notices).toHaveLength(3)
  })

  it('that was over before its end is not reminded of: people know', async () => {
    const { ask, check, clock, notices, will } = machine({
      ...fortnight,
      policy: { ...policy, singleUseRefreshToken: true },
    })
    await ask()
    clock.advance(DAY)
    will(refuses('grant_rejected', 'Acme refused the refresh token'))
    await ask().catch(() => {})
    expect(notices).toMatchObject([{ kind: 'reconnect_needed' }])
    for (let day = 1; day < 20; day++) {
      await check()
      clock.advance(DAY)
    }
    expect(notices).toHaveLength(1)
  })

  it('goes on being reminded of when it has ended as it was said', async () => {
    const { ask, check, clock, notices, will } = machine({
      ...fortnight,
      policy: { ...policy, singleUseRefreshToken: true },
    })
    await ask()
    clock.advance(14 * DAY)
    will(refuses('grant_rejected', 'Acme refused the refresh token'))
    await ask().catch(() => {})
    await check()
    clock.advance(DAY)
    await check()
    expect(notices).toMatchObject([
      { kind: 'reconnect_needed' },
      { kind: 'grant_ended', step: 0 },
      { kind: 'grant_ended', step: -1 },
    ])
  })
})

describe('the daily check', () => {
  it('ends the tokens of a secret that was replaced by hand', async () => {
    const { secrets, ask, check, calls, notices } = machine()
    await ask()
    secrets.replace('acme/hq', { password: 'p2' })
    expect((await ask()).source).toBe('cache')
    await check()
    expect(calls.map(({ password }) => password)).toEqual(['p1', 'p2'])
    expect((await ask()).token.credentialVersion).toBe('v2')
    await check()
    expect(calls).toHaveLength(2)
    expect(notices).toMatchObject([{ kind: 'rotated' }])
  })

  it('leaves the token in use when the vendor refuses a secret that was replaced by hand, and says so', async () => {
    const { secrets, ask, check, calls, will, notices } = machine()
    await ask()
    will(refuses('credential_rejected', 'Acme refused the client'))
    secrets.replace('acme/hq', { password: 'p2' })
    expect(await check()).toEqual({ checked: 1, failed: 0, left: 0 })
    expect((await ask()).token.credentialVersion).toBe('v1')
    expect(calls).toHaveLength(2)
    expect(notices).toMatchObject([{ kind: 'credentials_refused' }])
  })

  it('has failed when nobody could say whether a secret that was replaced by hand works', async () => {
    const { secrets, ask, check, will } = machine()
    await ask()
    will(refuses('vendor_unavailable', 'time-out'))
    secrets.replace('acme/hq', { password: 'p2' })
    expect(await check()).toEqual({ checked: 0, failed: 1, left: 0 })
    expect((await ask()).token.credentialVersion).toBe('v1')
  })

  it('leaves a disabled connection and a deleted secret alone', async () => {
    const { secrets, ask, check, setStatus, notices, clock } = machine()
    secrets.replace('acme/hq', { password: 'p1', expires_on: '2026-11-22' })
    await ask()
    await setStatus('disabled')
    expect(await check()).toEqual({ checked: 1, failed: 0, left: 0 })
    await setStatus('active')
    secrets.remove('acme/hq')
    clock.advance(DAY)
    expect(await check()).toEqual({ checked: 1, failed: 0, left: 0 })
    expect(notices).toEqual([])
  })

  it('goes on behind a connection that cannot be checked', async () => {
    const { secrets, ask, check, process, vendor, notices, clock } = machine()
    secrets.remove('acme/hq')
    for (const name of ['a', 'b', 'c']) {
      secrets.replace(`acme/${name}`, { password: name, expires_on: '2026-11-24' })
      await ask(name)
      await checkConnection({ vendor, name }, process())
    }
    notices.length = 0
    secrets.replace('acme/b', { password: 'b', expires_on: 'never' })
    clock.advance(2 * DAY)
    expect(await check()).toEqual({ checked: 2, failed: 1, left: 0 })
    expect(notices.map((notice) => 'connection' in notice && notice.connection).sort()).toEqual(['a', 'b', 'c'])
  })

  it('reports the end of the credentials, before it and after it', async () => {
    const { secrets, ask, check, clock, observations } = machine()
    secrets.replace('acme/hq', { password: 'p1', expires_on: '2026-11-23' })
    await ask()
    await check()
    clock.advance(4 * DAY)
    await check()
    const ends = { until: new Date('2026-11-23T23:59:59Z') }
    expect(observations.filter(({ kind }) => kind === 'credentials_end')).toMatchObject([{ ends }, { ends }])
  })

  it('reports a failure that goes on, with the end of the token that is still vended', async () => {
    const { secrets, ask, check, clock, observations, will } = machine()
    const { token } = await ask()
    will(refuses('credential_rejected', 'no'))
    secrets.replace('acme/hq', { password: 'p2' })
    await check()
    clock.advance(60)
    observations.length = 0
    await check()
    const failure = { code: 'credential_rejected', credentialVersion: 'v2' }
    expect(observations).toMatchObject([
      { kind: 'failed', state: { failure }, servedUntil: token.accessToken.expiresAt },
    ])
  })
})

describe('a daily check of many connections', () => {
  /** Static tokens at a vendor that takes up to half a second to say whether one lives. */
  async function crowd(count: number) {
    let alive = async (_password: string) => {}
    const m = machine({
      holdsToken: true,
      script: gives({ lifeSeconds: 7 * DAY }),
      liveness: async (password) => {
        await alive(password)
        return 'alive' as const
      },
    })
    m.secrets.remove('acme/hq')
    const names = Array.from({ length: count }, (_, i) => `site-${i}`)
    for (const name of names) {
      m.secrets.replace(`acme/${name}`, { password: name })
      await m.ask(name)
    }
    m.clock.advance(DAY)
    const checkedToday = async () => {
      const rows = await Promise.all(names.map((name) => m.tokens.read({ vendor: m.vendor, name })))
      return rows.filter(({ state }) => secondsBetween(state.checked?.at ?? new Date(0), m.clock.now()) < 3600).length
    }
    const answers = (next: typeof alive) => {
      alive = next
    }
    const slow = (password: string) => m.clock.sleep(0.1 + (Number(password.slice(5)) % 5) / 10)
    answers(slow)
    return { ...m, checkedToday, answers, slow }
  }

  it.each([
    ['directory', 'glance', 1],
    ['tokens', 'record', 1],
    ['allowance', 'use', 1],
  ] as const)('goes on when %s.%s is throttled once, and leaves nothing running', async (port, method, failed) => {
    const m = await crowd(20)
    const machine = m.processFor(20)
    const { process, expectQuiet } = watched({
      ...machine,
      // The method is one of this port's: the list above says so.
      [port]: broken(machine[port], method as never),
    })
    expect(await checkAll(m.vendor, process)).toEqual({ checked: 20 - failed, failed, left: 0 })
    await expectQuiet()
    expect(await m.checkedToday()).toBe(20 - failed)
    expect(await m.check()).toEqual({ checked: 20, failed: 0, left: 0 })
    expect(await m.checkedToday()).toBe(20)
  })

  it('throws what was unexpected only when all the others have ended, although many throw', async () => {
    const m = await crowd(40)
    m.answers(async (password) => {
      if (Number(password.slice(5)) % 2 === 0) throw new TypeError('a bug of ours')
      await m.slow(password)
    })
    const { process, expectQuiet } = watched(m.processFor(20))
    await expect(checkAll(m.vendor, process)).rejects.toThrow(new TypeError('a bug of ours'))
    await expectQuiet()
    expect(await m.checkedToday()).toBe(20)
  })

  it('begins nothing that it could not end in the time of the function', async () => {
    const m = await crowd(40)
    const startedAt = m.clock.now()
    const begun: number[] = []
    m.answers(async () => {
      begun.push(secondsBetween(startedAt, m.clock.now()))
      await m.clock.sleep(5)
    })
    const { process, expectQuiet } = watched(m.processFor(16))
    const { checked, failed, left } = (await checkAll(m.vendor, process)) ?? { checked: 0, failed: 0, left: 0 }
    const took = secondsBetween(startedAt, m.clock.now())
    await expectQuiet()
    expect([checked + left, failed]).toEqual([40, 0])
    expect(checked).toBeGreaterThan(0)
    expect(left).toBeGreaterThan(0)
    expect(took).toBeLessThan(16)
    expect(Math.max(...begun)).toBeLessThanOrEqual(4)
  })
})

describe('a daily check that one run has not the time for', () => {
  /** Connections in the order in which their secrets were read for the check. */
  async function crowd(count: number) {
    const m = machine()
    m.secrets.remove('acme/hq')
    const names = Array.from({ length: count }, (_, i) => `site-${String(i).padStart(3, '0')}`)
    for (const name of names) {
      m.secrets.replace(`acme/${name}`, { password: name })
      await m.ask(name)
    }
    const seen: string[] = []
    const runtimeFor = (seconds: number): Machine => {
      const process = m.processFor(seconds)
      const read: Machine['credentials']['read'] = (connection, age) => {
        seen.push(connection.name)
        return process.credentials.read(connection, age)
      }
      return { ...process, credentials: { ...process.credentials, read } }
    }
    return {
      ...m,
      names,
      seen,
      runtimeFor,
      /** With 14 s it has 2 to begin in. */
      begin: (seconds = 14) => checkAll(m.vendor, runtimeFor(seconds)),
      goOn: (seconds = 14) => continueCheck(m.vendor, runtimeFor(seconds)),
    }
  }

  it('is gone on with by the runs after it, until each connection has been checked once', async () => {
    const { begin, goOn, names, seen, clock } = await crowd(40)
    const first = await begin()
    expect(first).toEqual({ checked: seen.length, failed: 0, left: 40 - seen.length })
    expect(first?.left).toBeGreaterThan(0)
    for (let run = 0; run < 10; run += 1) {
      clock.advance(60)
      const before = seen.length
      const next = await goOn()
      if (!next) break
      expect(next).toEqual({ checked: seen.length - before, failed: 0, left: 40 - seen.length })
    }
    expect(seen).toEqual(names)
    expect(await goOn()).toBeUndefined()
  })

  it('counts as left what nobody had the time to begin', async () => {
    const { begin, goOn, seen } = await crowd(5)
    expect(await begin(11.9)).toEqual({ checked: 0, failed: 0, left: 5 })
    expect(seen).toEqual([])
    expect(await goOn(20)).toEqual({ checked: 5, failed: 0, left: 0 })
  })

  it('is begun by a sweep where there never was one, so that a new deployment does not wait for the morning', async () => {
    const { begin, goOn, names, seen, rounds, vendor, clock } = await crowd(3)
    const both = await Promise.all([goOn(20), goOn(20)])
    expect(both.filter(Boolean)).toEqual([{ checked: 3, failed: 0, left: 0 }])
    expect(seen).toEqual(names)
    expect(await rounds.last(vendor)).toMatchObject({ done: true })
    clock.advance(60)
    expect(await goOn(20)).toBeUndefined()
    // The first morning's is one of its own.
    expect(await begin(20)).toEqual({ checked: 3, failed: 0, left: 0 })
  })

  it('is not begun by a sweep where there was one, and begun anew by the next day', async () => {
    const { begin, goOn, clock, seen } = await crowd(3)
    await begin(20)
    expect(await goOn(20)).toBeUndefined()
    clock.advance(DAY)
    expect(await goOn(20)).toBeUndefined()
    expect(await begin(20)).toEqual({ checked: 3, failed: 0, left: 0 })
    expect(seen).toHaveLength(6)
  })

  it('is gone on with by the same call twice, as when somebody repeats it', async () => {
    const { begin, names, seen } = await crowd(30)
    const first = await begin()
    expect(first?.left).toBeGreaterThan(0)
    expect(await begin(20)).toEqual({ checked: first?.left, failed: 0, left: 0 })
    expect(seen).toEqual(names)
  })

  it('is one run’s at a time; of one that was killed the next takes over when its time is over', async () => {
    const { begin, goOn, clock, rounds, vendor, now, names, seen } = { ...(await crowd(20)), now: () => clock.now() }
    const both = await Promise.all([begin(20), goOn(20), begin(20)])
    expect(both.filter(Boolean)).toEqual([{ checked: 20, failed: 0, left: 0 }])
    clock.advance(DAY)
    seen.length = 0
    const last = await rounds.last(vendor)
    // A run that begins and is never heard of again.
    await rounds.replace(vendor, {
      seen: last,
      next: { id: 'killed', since: now(), until: new Date(now().getTime() + 20_000) },
    })
    clock.advance(19)
    expect([await goOn(20), await begin(20)]).toEqual([undefined, undefined])
    clock.advance(1)
    expect(await goOn(20)).toEqual({ checked: 20, failed: 0, left: 0 })
    expect(seen).toEqual(names)
  })

  it('that its day was too short for says how many it missed, and the next begins with those', async () => {
    const { begin, names, seen, clock } = await crowd(40)
    const first = await begin()
    const missed = first?.left ?? 0
    expect(missed).toBeGreaterThan(0)
    clock.advance(DAY)
    seen.length = 0
    const next = await begin()
    expect(next).toEqual({ checked: seen.length, failed: 0, left: 40 - seen.length, missed })
    const inOrder = [...names.slice(40 - missed), ...names.slice(0, 40 - missed)]
    expect(seen).toEqual(inOrder.slice(0, seen.length))
    expect(await begin(20)).toEqual({ checked: next?.left, failed: 0, left: 0 })
    expect(seen).toEqual(inOrder)
  })

  it('ends within its minute however long the function may run, with no more than 8 begun a second', async () => {
    const { begin, runtimeFor, vendor, clock, seen, goOn } = await crowd(500)
    const startedAt = clock.now()
    const first = await begin(900)
    expect(secondsBetween(startedAt, clock.now())).toBeLessThanOrEqual(45)
    expect(seen.length).toBeGreaterThan(200)
    expect(seen.length).toBeLessThanOrEqual(8 * 33 + 1)
    expect(first?.left).toBe(500 - seen.length)
    await goOn(900)
    expect(await continueCheck(vendor, runtimeFor(900))).toBeUndefined()
    expect(seen).toHaveLength(500)
  })

  it('goes on behind one that broke on our side, and throws that when the run has been noted', async () => {
    const { runtimeFor, vendor, goOn, seen } = await crowd(30)
    const runtime = runtimeFor(14)
    const read: Machine['credentials']['read'] = async (connection, age) => {
      if (connection.name === 'site-001') throw new TypeError('a bug of ours')
      return runtime.credentials.read(connection, age)
    }
    const buggy = { ...runtime, credentials: { ...runtime.credentials, read } }
    await expect(checkAll(vendor, buggy)).rejects.toThrow(new TypeError('a bug of ours'))
    const rest = await goOn(20)
    expect(rest).toEqual({ checked: 29 - (seen.length - (rest?.checked ?? 0)), failed: 0, left: 0 })
    expect(new Set(seen).size).toBe(29)
  })

  it('leaves its place to the next run when the table did not say who there is', async () => {
    const { runtimeFor, vendor, goOn, clock, directory } = await crowd(3)
    const cut = { ...runtimeFor(20), directory: broken(directory, 'page') }
    await expect(checkAll(vendor, cut)).rejects.toMatchObject({ code: 'store_unavailable' })
    clock.advance(60)
    expect(await goOn(20)).toEqual({ checked: 3, failed: 0, left: 0 })
  })
})

describe('a notice that could not be sent', () => {
  it('is tried again by the next check, and then no more', async () => {
    const { secrets, ask, check, process, connection, clock, notices, ledger } = machine()
    secrets.replace('acme/hq', { password: 'p1', expires_on: '2026-12-05' })
    await ask()
    const listen = noticeListener({ ledger, notify: async () => false, now: clock.now })
    await checkConnection(connection, { ...process(), observe: listen })
    await check()
    expect(notices).toEqual([])
    clock.advance(300)
    await check()
    await check()
    clock.advance(300)
    await check()
    expect(notices).toHaveLength(1)
  })
})
