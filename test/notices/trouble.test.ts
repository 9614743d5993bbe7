import { beginConsent, finishConsent } from '../../functions/consent/consent.ts'
import { VendingError } from '../../functions/core/errors.ts'
import { revoke } from '../../functions/core/revoke.ts'
import { Secret } from '../../functions/core/secret.ts'
import { secondsAfter } from '../../functions/core/token.ts'
import { vend } from '../../functions/core/vend.ts'
import { checkAll } from '../../functions/keeper/check.ts'
import { renewDue } from '../../functions/keeper/sweep.ts'
import { brokenStore, fakeVendor, gives, refuses, world } from '../support/world.ts'

const MINUTE = 60
const HOUR = 60 * MINUTE

function machine(options: Parameters<typeof fakeVendor>[0] = {}, ...[overrides]: Parameters<typeof world>) {
  const w = world(overrides)
  const fake = fakeVendor(options)
  return {
    ...w,
    ...fake,
    /** As callers do: what comes of it is theirs to bear. */
    ask: (connection = 'hq', runtime = w.process()) =>
      vend({ vendor: fake.vendor, connection, minTtlSeconds: 0 }, runtime).catch((error: unknown) => error),
    sweep: () => renewDue(fake.vendor, w.process(), secondsAfter(w.clock.now(), 28)),
    kinds: () => w.notices.map(({ kind }) => kind),
  }
}

const outage = refuses('vendor_unavailable', 'Acme answered 503')

describe('a vendor that fails', () => {
  it('is told of once in a thousand vends, and its recovery once', async () => {
    const { ask, will, clock, notices, kinds } = machine()
    await ask()
    clock.advance(HOUR)
    will(outage)
    for (let i = 0; i < 1000; i++) {
      expect(await ask()).toBeInstanceOf(VendingError)
      clock.advance(3)
    }
    expect(kinds()).toEqual(['vendor_failing'])
    expect(notices[0]).toMatchObject({ vendor: 'acme', connection: 'hq', code: 'vendor_unavailable' })
    will(gives({}))
    clock.advance(MINUTE)
    for (let i = 0; i < 1000; i++) await ask()
    expect(kinds()).toEqual(['vendor_failing', 'recovered'])
    expect(notices[1]).toMatchObject({ was: 'vendor_failing', connection: 'hq' })
  })

  it('is told of by the schedule alone, when nobody calls', async () => {
    const { ask, sweep, will, clock, kinds, notices } = machine()
    const vended = await ask()
    will(outage)
    for (let minute = 0; minute < 75; minute++) {
      clock.advance(MINUTE)
      await sweep()
    }
    expect(kinds()).toEqual(['vendor_failing'])
    if (vended instanceof Error || typeof vended !== 'object') throw new Error('nothing was vended')
    expect(notices[0]).toMatchObject({ worksUntil: new Date('2026-11-21T13:00:00Z') })
  })

  it('is told of without the token at hand when that has ended', async () => {
    const { ask, will, clock, notices, vendor, process } = machine()
    await ask()
    will(outage)
    clock.advance(2 * HOUR)
    await ask()
    clock.advance(10 * MINUTE)
    await checkAll(vendor, process(), secondsAfter(clock.now(), 20))
    expect(notices).toMatchObject([{ kind: 'vendor_failing', since: expect.any(Date) }])
    expect(notices[0]).not.toHaveProperty('worksUntil')
  })

  it('is not told of while it flaps, each time for less than ten minutes', async () => {
    const { ask, will, clock, kinds } = machine({ script: gives({ lifeSeconds: 60 }) })
    for (let i = 0; i < 20; i++) {
      will(outage)
      for (let second = 0; second < 9 * MINUTE; second += 30) {
        await ask()
        clock.advance(30)
      }
      will(gives({ lifeSeconds: 60 }))
      clock.advance(30)
      await ask()
      clock.advance(90)
    }
    expect(kinds()).toEqual([])
  })

  it('is told of once for all of its connections, and once when the first of them works again', async () => {
    const { secrets, ask, will, clock, kinds } = machine()
    const names = Array.from({ length: 40 }, (_, i) => `site-${i}`)
    for (const name of names) {
      secrets.replace(`acme/${name}`, { password: name })
      await ask(name)
    }
    clock.advance(HOUR)
    const all = async () => {
      for (const name of names) await ask(name)
      clock.advance(MINUTE)
    }
    will(outage)
    for (let minute = 0; minute < 180; minute++) await all()
    expect(kinds()).toEqual(['vendor_failing'])
    will(gives({}))
    for (let minute = 0; minute < 5; minute++) await all()
    expect(kinds()).toEqual(['vendor_failing', 'recovered'])
    will(outage)
    clock.advance(HOUR)
    for (let minute = 0; minute < 30; minute++) await all()
    expect(kinds()).toEqual(['vendor_failing', 'recovered', 'vendor_failing'])
  })

  it('keeps the next caller from nothing, even if people cannot be told', async () => {
    const { ask, will, clock, process, store, notices } = machine()
    await ask()
    clock.advance(50 * MINUTE)
    will(refuses('credential_rejected', 'no'))
    const vended = await ask('hq', { ...process(), store: brokenStore(store, 'tell', 9) })
    expect(vended).toMatchObject({ source: 'stale' })
    expect(notices).toEqual([])
  })
})

describe('refused credentials', () => {
  it('are told of at once and once, and again only after they have worked', async () => {
    const { ask, will, clock, secrets, kinds, notices } = machine()
    will(refuses('credential_rejected', 'Acme refused the client'))
    for (let i = 0; i < 1000; i++) await ask()
    expect(kinds()).toEqual(['credentials_refused'])
    expect(notices[0]).toMatchObject({ code: 'credential_rejected', detail: 'Acme refused the client' })
    will(gives({}))
    secrets.replace('acme/hq', { password: 'p2' })
    await ask()
    expect(kinds()).toEqual(['credentials_refused', 'recovered'])
    will(refuses('credential_rejected', 'Acme refused the client'))
    clock.advance(2 * HOUR)
    await ask()
    expect(kinds()).toEqual(['credentials_refused', 'recovered', 'credentials_refused'])
  })

  it('of a vendor whose tokens stay in memory are told of once for all processes', async () => {
    const { ask, will, kinds, secrets } = machine({ policy: { keep: 'memory' } })
    will(refuses('credential_rejected', 'Acme refused the client'))
    for (let i = 0; i < 50; i++) await ask()
    will(gives({}))
    secrets.replace('acme/hq', { password: 'p2' })
    await Promise.all(Array.from({ length: 10 }, () => ask()))
    expect(kinds()).toEqual(['credentials_refused', 'recovered'])
  })
})

describe('a grant that has died', () => {
  it('is told of at once, and that it is over when somebody has connected again', async () => {
    const m = machine({ policy: { rotates: true }, script: gives({ refreshToken: 'r' }) })
    const { ask, will, clock, notices, kinds, process } = m
    const authorization = {
      url: () => new URL('https://acme.example/auth'),
      exchange: async (_: unknown, __: unknown, context: Parameters<ReturnType<typeof gives>>[0]) =>
        gives({ name: 'consented', refreshToken: 'c' })(context, undefined, 1),
    }
    const asked = { vendor: { ...m.vendor, authorization }, connection: 'hq' }
    await ask()
    clock.advance(50 * MINUTE)
    will(refuses('grant_rejected', 'Acme ended the grant'))
    await ask()
    await ask()
    expect(notices).toMatchObject([
      { kind: 'reconnect_needed', code: 'grant_rejected', worksUntil: new Date('2026-11-21T13:00:00Z') },
    ])
    const { state } = await beginConsent(asked, 'http://127.0.0.1:1/callback', process())
    await finishConsent(asked, { state, code: new Secret('code') }, process())
    expect(kinds()).toEqual(['reconnect_needed', 'recovered'])
  })

  it('is not told of when a person has revoked it', async () => {
    const m = machine({ script: gives({ refreshToken: 'r' }) })
    await m.ask()
    await revoke({ vendor: m.vendor, connection: 'hq' }, m.process())
    await m.ask()
    await checkAll(m.vendor, m.process(), secondsAfter(m.clock.now(), 20))
    expect(m.kinds()).toEqual([])
  })
})

describe('a notice that a process took on and died', () => {
  it('is sent by the next look five minutes later', async () => {
    const { ask, will, process, vendor, clock, kinds } = machine()
    will(refuses('credential_rejected', 'no'))
    const dies = { ...process(), notify: () => Promise.reject(new Error('the process ended')) }
    expect(await ask('hq', dies)).toBeInstanceOf(Error)
    const look = () => checkAll(vendor, process(), secondsAfter(clock.now(), 20))
    await look()
    expect(kinds()).toEqual([])
    clock.advance(300)
    await look()
    await look()
    expect(kinds()).toEqual(['credentials_refused'])
  })
})
