import { change } from '../../functions/api/connections.ts'
import { DAY_SECONDS, secondsAfter } from '../../functions/core/token.ts'
import { vend } from '../../functions/core/vend.ts'
import { checkAll, checkConnection } from '../../functions/keeper/check.ts'
import { fakeVendor, gives, refuses, The, world } from '../support/world.ts'

const DAY = DAY_SECONDS
const connection = The.connection

/** A machine with one vendor whose client secret may have an end, and its daily look. */
function machine(options: Parameters<typeof fakeVendor>[0] = {}) {
  const w = world()
  const fake = fakeVendor(options)
  const asked = { vendor: fake.vendor, connection }
  return {
    ...w,
    ...fake,
    check: () => checkAll(fake.vendor, w.process(), secondsAfter(w.clock.now(), 20)),
    ask: (runtime = w.process()) => vend({ ...asked, minTtlSeconds: 0 }, runtime),
    change: (body: object) => change(asked, { by: 'arn:ann', ...body }, w.process()),
    state: async () => (await w.store.read(`acme#${connection}`)).state,
    kinds: () => w.notices.map(({ kind }) => kind),
  }
}

describe('a client secret with an end', () => {
  const ending = (day: string, password = 'p1') => ({ password, expires_on: day })

  it('is told of by the ladder, once for each step, with who owns it and what to do', async () => {
    const { secrets, ask, check, change, notices } = machine()
    secrets.replace('acme/hq', ending('2026-12-05'))
    await ask()
    await change({ owner: 'erp@acme.example' })
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

  it('is not told of while it is far from its end, nor of credentials without one', async () => {
    const { secrets, ask, check, notices } = machine()
    await ask()
    await check()
    secrets.replace('acme/hq', ending('2027-11-21'))
    await check()
    await check()
    expect(notices.map(({ kind }) => kind)).toEqual(['rotated'])
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
    const { secrets, ask, check, change, clock, notices } = machine()
    secrets.replace('acme/hq', ended)
    await ask()
    await check()
    notices.length = 0
    clock.advance(7 * DAY)
    // The step of this day has not been told yet, since nobody has looked.
    const view = await change({ acknowledge: { note: 'ticket 4711' } })
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
    const { secrets, ask, check, change, notices } = machine()
    secrets.replace('acme/hq', ended)
    await ask()
    await check()
    await change({ acknowledge: {} })
    notices.length = 0
    secrets.replace('acme/hq', { password: 'p2', expires_on: '2026-11-28' })
    await check()
    expect(notices).toMatchObject([{ kind: 'rotated' }, { kind: 'expiring', step: 7 }])
  })

  it('of nothing is refused, with the reason', async () => {
    const { secrets, ask, check, change } = machine()
    await ask()
    await expect(change({ acknowledge: {} })).rejects.toMatchObject({
      code: 'bad_request',
      message: 'there is no notice of acme#hq to acknowledge: no end of its credentials is known',
    })
    secrets.replace('acme/hq', { password: 'p1', expires_on: '2027-11-01' })
    await check()
    await expect(change({ acknowledge: {} })).rejects.toMatchObject({
      message: expect.stringContaining('its credentials end on 2027-11-01T23:59:59Z'),
    })
  })
})

describe('the daily look', () => {
  it('C25 ends the tokens of a secret that was replaced by hand', async () => {
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

  it('leaves a disabled connection and a deleted secret alone', async () => {
    const { secrets, ask, check, change, notices, clock } = machine()
    secrets.replace('acme/hq', { password: 'p1', expires_on: '2026-11-22' })
    await ask()
    await change({ status: 'disabled' })
    expect(await check()).toEqual({ checked: 1, failed: 0, left: 0 })
    await change({ status: 'active' })
    secrets.remove('acme/hq')
    clock.advance(DAY)
    expect(await check()).toEqual({ checked: 1, failed: 0, left: 0 })
    expect(notices).toEqual([])
  })

  it('begins nothing that could not end in time, and begins elsewhere each day', async () => {
    const { secrets, process, vendor, clock } = machine()
    const names = Array.from({ length: 25 }, (_, i) => `site-${i}`)
    for (const name of names) {
      secrets.replace(`acme/${name}`, { password: name })
      await vend({ vendor, connection: name, minTtlSeconds: 0 }, process())
    }
    const first: string[] = []
    const noting = { ...process(), credentials: { ...process().credentials } }
    const source = noting.credentials
    noting.credentials = {
      ...source,
      read: (id, name, age) => {
        first.push(name)
        return source.read(id, name, age)
      },
    }
    expect(await checkAll(vendor, noting, secondsAfter(clock.now(), 11))).toEqual({ checked: 0, failed: 0, left: 25 })
    expect(await checkAll(vendor, noting, secondsAfter(clock.now(), 20))).toEqual({ checked: 25, failed: 0, left: 0 })
    const [today] = first
    first.length = 0
    clock.advance(DAY)
    await checkAll(vendor, noting, secondsAfter(clock.now(), 20))
    expect(first[0]).not.toBe(today)
    expect(new Set(first)).toEqual(new Set(names))
  })

  it('goes on behind a connection that cannot be looked at', async () => {
    const { secrets, process, vendor, notices, clock } = machine()
    for (const name of ['a', 'b', 'c']) {
      secrets.replace(`acme/${name}`, { password: name, expires_on: '2026-11-24' })
      await vend({ vendor, connection: name, minTtlSeconds: 0 }, process())
      await checkConnection({ vendor, connection: name }, process())
    }
    notices.length = 0
    secrets.replace('acme/b', { password: 'b', expires_on: 'never' })
    clock.advance(2 * DAY)
    expect(await checkAll(vendor, process(), secondsAfter(clock.now(), 20))).toEqual({ checked: 2, failed: 1, left: 0 })
    expect(notices.map((notice) => 'connection' in notice && notice.connection).sort()).toEqual(['a', 'b', 'c'])
  })

  it('measures how many days are left, also below none', async () => {
    const { secrets, ask, check, clock, measures } = machine()
    secrets.replace('acme/hq', { password: 'p1', expires_on: '2026-11-23' })
    await ask()
    await check()
    clock.advance(4 * DAY)
    await check()
    expect(measures.filter(({ kind }) => kind === 'days_to_expiry')).toEqual([
      { kind: 'days_to_expiry', days: 2 },
      { kind: 'days_to_expiry', days: -2 },
    ])
  })
})

describe('a notice that could not be sent', () => {
  it('is tried again after five minutes, and then no more', async () => {
    const { secrets, ask, process, vendor, clock, notices } = machine()
    secrets.replace('acme/hq', { password: 'p1', expires_on: '2026-12-05' })
    await ask()
    const mute = { ...process(), notify: async () => false }
    const at = { vendor, connection }
    await checkConnection(at, mute)
    await checkConnection(at, process())
    expect(notices).toEqual([])
    clock.advance(300)
    await checkConnection(at, process())
    await checkConnection(at, process())
    clock.advance(300)
    await checkConnection(at, process())
    expect(notices).toHaveLength(1)
  })
})
