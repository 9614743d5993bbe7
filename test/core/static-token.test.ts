import { VendingError } from '../../functions/core/errors.ts'
import { revoke } from '../../functions/core/revoke.ts'
import { Secret } from '../../functions/core/secret.ts'
import { DAY_SECONDS, secondsAfter } from '../../functions/core/token.ts'
import { vend } from '../../functions/core/vend.ts'
import type { Liveness, Vendor } from '../../functions/core/vendor.ts'
import { checkAll } from '../../functions/keeper/check.ts'
import { fakeVendor, The, world } from '../support/world.ts'

const MINUTE = 60

/** A vendor whose credential is the token: its password. How each one lives is up to the test. */
function stored() {
  const w = world()
  const lives = new Map<string, Liveness | VendingError>()
  const shown: string[] = []
  const fake = fakeVendor({
    stored: true,
    liveness: (token) => {
      shown.push(token)
      const life = lives.get(token) ?? 'alive'
      if (life instanceof VendingError) throw life
      return life
    },
  })
  const vendor: Vendor = {
    ...fake.vendor,
    issue: async (document, _, { now }) => ({
      accessToken: {
        // The schema has let it through.
        value: new Secret((document as { password: string }).password),
        issuedAt: secondsAfter(The.now, -DAY_SECONDS),
        expiresAt: secondsAfter(now(), 200 * DAY_SECONDS),
        context: {},
      },
    }),
  }
  const asked = { vendor, connection: The.connection }
  const one = w.process()
  return {
    ...w,
    shown,
    will: (token: string, life: Liveness | VendingError) => lives.set(token, life),
    ask: (runtime = one) => vend({ ...asked, minTtlSeconds: 0 }, runtime),
    report: (token: string, runtime = one) =>
      vend({ ...asked, minTtlSeconds: 0, rejected: new Secret(token).fingerprint }, runtime),
    check: () => checkAll(vendor, w.process(), secondsAfter(w.clock.now(), 20)),
    revoke: () => revoke(asked, one),
    replace: (password: string) => {
      w.secrets.replace('acme/hq', { password })
      // So long at most a process keeps the version it has read.
      w.clock.advance(5 * MINUTE)
    },
    kinds: () => w.notices.map(({ kind }) => kind),
  }
}

const down = new VendingError('vendor_unavailable', 'Acme does not answer')
const value = ({ token }: Awaited<ReturnType<typeof vend>>) => token.accessToken.value.reveal()
const codes = ({ warnings }: Awaited<ReturnType<typeof vend>>) => warnings.map(({ code }) => code)

describe('a stored token', () => {
  it('is shown to the vendor once before it is vended, however many ask', async () => {
    const { ask, shown, clock } = stored()
    await Promise.all(Array.from({ length: 50 }, () => ask()))
    clock.advance(MINUTE)
    expect(codes(await ask())).toEqual([])
    expect(shown).toEqual(['p1'])
  })

  it('that the vendor refuses is not vended, and people hear of it once', async () => {
    const { ask, will, kinds, clock, shown } = stored()
    will('p1', 'refused')
    for (let i = 0; i < 20; i++) {
      await expect(ask()).rejects.toMatchObject({ code: 'credential_expired' })
      clock.advance(MINUTE)
    }
    expect(kinds()).toEqual(['credentials_refused'])
    expect(shown).toEqual(['p1'])
  })

  it('is vended with a warning while the vendor cannot be asked, and without one as soon as it can', async () => {
    const { ask, will, clock, kinds } = stored()
    will('p1', down)
    expect(codes(await ask())).toEqual(['not_checked'])
    clock.advance(10)
    expect(codes(await ask())).toEqual(['not_checked'])
    will('p1', 'alive')
    clock.advance(MINUTE)
    expect(codes(await ask())).toEqual([])
    expect(kinds()).toEqual([])
  })

  it('C49 whose user lacks a right is vended with a warning', async () => {
    const { ask, will, clock } = stored()
    will('p1', 'limited')
    await ask()
    clock.advance(10)
    expect(codes(await ask())).toEqual(['rights_missing'])
  })

  it('is not vended any more within a day after it was revoked at the vendor, and again when it lives after all', async () => {
    const { ask, check, will, clock, kinds } = stored()
    await ask()
    will('p1', 'refused')
    await check()
    clock.advance(6)
    await expect(ask()).rejects.toMatchObject({ code: 'credential_expired' })
    expect(kinds()).toEqual(['credentials_refused'])
    will('p1', 'alive')
    clock.advance(DAY_SECONDS)
    await check()
    expect((await ask()).source).toBe('cache')
    await check()
    expect(kinds()).toEqual(['credentials_refused', 'recovered'])
  })

  it('C47 answered with a login page is not vended, and tried again after a quarter of an hour', async () => {
    const { ask, check, will, clock, shown, kinds } = stored()
    await ask()
    will('p1', 'login page')
    await check()
    clock.advance(14 * MINUTE)
    await expect(ask()).rejects.toMatchObject({ code: 'credential_expired' })
    expect(shown).toHaveLength(2)
    clock.advance(MINUTE)
    will('p1', down)
    await expect(ask()).rejects.toMatchObject({ code: 'credential_expired' })
    clock.advance(15 * MINUTE)
    will('p1', 'alive')
    expect((await ask()).source).toBe('cache')
    expect(kinds()).toEqual(['credentials_refused', 'recovered'])
  })

  it('is checked at once when a caller reports it as refused, but not with every report', async () => {
    const { ask, report, will, shown } = stored()
    await ask()
    await expect(report('p1')).rejects.toMatchObject({ code: 'credential_rejected' })
    await expect(report('p1')).rejects.toMatchObject({ code: 'refresh_rate_limited' })
    expect(shown).toHaveLength(2)
    will('p1', 'refused')
    await expect(report('p1')).rejects.toMatchObject({ code: 'refresh_rate_limited' })
  })

  it('stops being vended for everybody when the report of a caller turns out to be true', async () => {
    const { ask, report, will, process } = stored()
    await ask()
    will('p1', 'refused')
    await expect(report('p1')).rejects.toMatchObject({ code: 'credential_expired' })
    await expect(ask(process())).rejects.toMatchObject({ code: 'credential_expired' })
  })

  it('a transient fault of the daily look costs nobody the token', async () => {
    const { ask, check, will, clock } = stored()
    await ask()
    will('p1', down)
    expect(await check()).toEqual({ checked: 0, failed: 1, left: 0 })
    clock.advance(MINUTE)
    expect(codes(await ask())).toEqual([])
  })
})

describe('C50 a new version of a stored token', () => {
  it('takes the place of the old one when it works, and people hear of it', async () => {
    const { ask, replace, kinds, shown } = stored()
    await ask()
    replace('p2')
    expect(value(await ask())).toBe('p2')
    expect(shown).toEqual(['p1', 'p2'])
    expect(kinds()).toEqual(['rotated'])
  })

  it.each([
    ['is refused', 'refused'],
    ['is answered with a login page', 'login page'],
    ['cannot be asked about', down],
  ] as const)('that %s leaves the old one in use, with a warning', async (_, life) => {
    const { ask, will, replace, clock, check } = stored()
    await ask()
    will('p2', life)
    replace('p2')
    const vended = await ask()
    expect([value(vended), ...codes(vended)]).toEqual(['p1', 'not_replaced'])
    await check()
    clock.advance(MINUTE)
    expect(value(await ask())).toBe('p1')
    will('p2', 'alive')
    clock.advance(15 * MINUTE)
    await check()
    expect(value(await ask())).toBe('p2')
  })

  it('that does not work does not hide that the old one has died too, as it does when a new one is made', async () => {
    const { ask, check, will, replace, kinds, clock } = stored()
    await ask()
    will('p2', 'refused')
    replace('p2')
    expect(value(await ask())).toBe('p1')
    will('p1', 'refused')
    await check()
    clock.advance(6)
    await expect(ask()).rejects.toMatchObject({ code: 'credential_expired' })
    expect(kinds()).toEqual(['credentials_refused'])
    replace('p3')
    expect(value(await ask())).toBe('p3')
    expect(kinds()).toEqual(['credentials_refused', 'recovered', 'rotated'])
  })

  it('does not bring a dead one back when it does not work either', async () => {
    const { ask, check, will, replace } = stored()
    await ask()
    will('p1', 'refused')
    await check()
    will('p2', 'refused')
    replace('p2')
    await expect(ask()).rejects.toMatchObject({ code: 'credential_expired' })
    will('p3', down)
    replace('p3')
    expect(codes(await ask())).toEqual(['not_checked'])
  })

  it('does not bring one back that was revoked here', async () => {
    const { ask, check, will, replace, revoke, kinds } = stored()
    await ask()
    await revoke()
    await check()
    await expect(ask()).rejects.toMatchObject({ code: 'credential_revoked' })
    expect(kinds()).toEqual([])
    will('p2', 'refused')
    replace('p2')
    await expect(ask()).rejects.toMatchObject({ code: 'credential_expired' })
  })
})
