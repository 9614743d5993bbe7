import { revoke } from '../../functions/api/revoke.ts'
import { checkStatic } from '../../functions/core/static-token.ts'
import { vend } from '../../functions/core/vend.ts'
import { checkAll } from '../../functions/keeper/check.ts'
import { VendingError } from '../../functions/kit/errors.ts'
import { Secret } from '../../functions/kit/secret.ts'
import { DAY_SECONDS, secondsAfter } from '../../functions/kit/time.ts'
import type { Liveness, Vendor } from '../../functions/kit/vendor.ts'
import { broken, fakeVendor, The, world } from '../support/world.ts'

const MINUTE = 60

type Life = Liveness | VendingError | (() => Promise<Liveness>)

/** A vendor whose credential is the token: its password. How each one lives is up to the test. */
function machine() {
  const w = world()
  const lives = new Map<string, Life>()
  const shown: string[] = []
  const fake = fakeVendor({
    holdsToken: true,
    liveness: async (token) => {
      shown.push(token)
      const life = lives.get(token) ?? 'alive'
      if (life instanceof VendingError) throw life
      return typeof life === 'function' ? life() : life
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
  const connection = { vendor, name: The.connection }
  const one = w.process()
  return {
    ...w,
    connection,
    shown,
    will: (token: string, life: Life) => lives.set(token, life),
    get: (runtime = one) => vend({ connection, minTtlSeconds: 0 }, runtime),
    report: (token: string, runtime = one) =>
      vend({ connection, minTtlSeconds: 0, rejected: new Secret(token).fingerprint }, runtime),
    check: () => checkAll(vendor, w.process()),
    revoke: () => revoke(connection, one),
    replace: (password: string) => {
      w.secrets.replace('acme/hq', { password })
      // So long at most a process keeps the version it has read.
      w.clock.advance(5 * MINUTE)
    },
    /** The secret is what it was at that version, as when somebody moves its stage label back. */
    rollback: (version: string) => {
      w.secrets.rollback('acme/hq', version)
      w.clock.advance(5 * MINUTE)
    },
    kinds: () => w.notices.map(({ kind }) => kind),
  }
}

const down = new VendingError('vendor_unavailable', 'Acme does not answer')
const value = ({ token }: Awaited<ReturnType<typeof vend>>) => token.accessToken.value.reveal()
const codes = ({ warnings }: Awaited<ReturnType<typeof vend>>) => warnings.map(({ code }) => code)

describe('a static token', () => {
  it('is shown to the vendor once before it is vended, however many callers there are', async () => {
    const { get, shown, clock } = machine()
    await Promise.all(Array.from({ length: 50 }, () => get()))
    clock.advance(MINUTE)
    expect(codes(await get())).toEqual([])
    expect(shown).toEqual(['p1'])
  })

  it('that the vendor refuses is not vended, and people hear of it once', async () => {
    const { get, will, kinds, clock, shown } = machine()
    will('p1', 'refused')
    for (let i = 0; i < 20; i++) {
      await expect(get()).rejects.toMatchObject({ code: 'credential_expired' })
      clock.advance(MINUTE)
    }
    expect(kinds()).toEqual(['credentials_refused'])
    expect(shown).toEqual(['p1'])
  })

  it('is vended with a warning while the vendor cannot be asked, and without one as soon as it can', async () => {
    const { get, will, clock, kinds } = machine()
    will('p1', down)
    expect(codes(await get())).toEqual(['not_checked'])
    clock.advance(10)
    expect(codes(await get())).toEqual(['not_checked'])
    will('p1', 'alive')
    clock.advance(MINUTE)
    expect(codes(await get())).toEqual([])
    expect(kinds()).toEqual([])
  })

  it('whose user lacks a right is vended with a warning', async () => {
    const { get, will, clock } = machine()
    will('p1', 'limited')
    await get()
    clock.advance(10)
    expect(codes(await get())).toEqual(['rights_missing'])
  })

  it('is not vended any more within a day after it was revoked at the vendor, and again when it lives after all', async () => {
    const { get, check, will, clock, kinds } = machine()
    await get()
    will('p1', 'refused')
    await check()
    clock.advance(6)
    await expect(get()).rejects.toMatchObject({ code: 'credential_expired' })
    expect(kinds()).toEqual(['credentials_refused'])
    will('p1', 'alive')
    clock.advance(DAY_SECONDS)
    await check()
    expect((await get()).source).toBe('cache')
    await check()
    expect(kinds()).toEqual(['credentials_refused', 'recovered'])
  })

  it('answered with a login page is not vended, and tried again after a quarter of an hour', async () => {
    const { get, check, will, clock, shown, kinds } = machine()
    await get()
    will('p1', 'login page')
    await check()
    clock.advance(14 * MINUTE)
    await expect(get()).rejects.toMatchObject({ code: 'credential_expired' })
    expect(shown).toHaveLength(2)
    clock.advance(MINUTE)
    will('p1', down)
    await expect(get()).rejects.toMatchObject({ code: 'credential_expired' })
    clock.advance(15 * MINUTE)
    will('p1', 'alive')
    expect((await get()).source).toBe('cache')
    expect(kinds()).toEqual(['credentials_refused', 'recovered'])
  })

  it('is checked at once when a caller reports it as refused, but not with every report', async () => {
    const { get, report, will, shown } = machine()
    await get()
    await expect(report('p1')).rejects.toMatchObject({ code: 'credential_rejected' })
    await expect(report('p1')).rejects.toMatchObject({ code: 'refresh_rate_limited' })
    expect(shown).toHaveLength(2)
    will('p1', 'refused')
    await expect(report('p1')).rejects.toMatchObject({ code: 'refresh_rate_limited' })
  })

  it('stops being vended for everybody when the report of a caller turns out to be true', async () => {
    const { get, report, will, process } = machine()
    await get()
    will('p1', 'refused')
    await expect(report('p1')).rejects.toMatchObject({ code: 'credential_expired' })
    await expect(get(process())).rejects.toMatchObject({ code: 'credential_expired' })
  })

  it('a transient fault of the daily check costs nobody the token', async () => {
    const { get, check, will, clock } = machine()
    await get()
    will('p1', down)
    expect(await check()).toEqual({ checked: 0, failed: 1, left: 0 })
    clock.advance(MINUTE)
    expect(codes(await get())).toEqual([])
  })
})

describe('a new version of a static token', () => {
  it('takes the place of the old one when it works, and people hear of it', async () => {
    const { get, replace, kinds, shown } = machine()
    await get()
    replace('p2')
    expect(value(await get())).toBe('p2')
    expect(shown).toEqual(['p1', 'p2'])
    expect(kinds()).toEqual(['rotated'])
  })

  it.each([
    ['is refused', 'refused'],
    ['is answered with a login page', 'login page'],
    ['cannot be asked about', down],
  ] as const)('that %s leaves the old one in use, with a warning', async (_, life) => {
    const { get, will, replace, clock, check } = machine()
    await get()
    will('p2', life)
    replace('p2')
    const vended = await get()
    expect([value(vended), ...codes(vended)]).toEqual(['p1', 'not_replaced'])
    await check()
    clock.advance(MINUTE)
    expect(value(await get())).toBe('p1')
    will('p2', 'alive')
    clock.advance(15 * MINUTE)
    await check()
    expect(value(await get())).toBe('p2')
  })

  it('that does not work does not hide that the old one has died too, as it does when a new one is made', async () => {
    const { get, check, will, replace, kinds, clock } = machine()
    await get()
    will('p2', 'refused')
    replace('p2')
    expect(value(await get())).toBe('p1')
    will('p1', 'refused')
    await check()
    clock.advance(6)
    await expect(get()).rejects.toMatchObject({ code: 'credential_expired' })
    expect(kinds()).toEqual(['credentials_refused'])
    replace('p3')
    expect(value(await get())).toBe('p3')
    expect(kinds()).toEqual(['credentials_refused', 'recovered', 'rotated'])
  })

  it('does not bring a dead one back when it does not work either', async () => {
    const { get, check, will, replace } = machine()
    await get()
    will('p1', 'refused')
    await check()
    will('p2', 'refused')
    replace('p2')
    await expect(get()).rejects.toMatchObject({ code: 'credential_expired' })
    will('p3', down)
    replace('p3')
    expect(codes(await get())).toEqual(['not_checked'])
  })

  it('whose check takes its time is vended by who had it checked, with what was found', async () => {
    const { get, will, clock } = machine()
    will('p1', async () => {
      await clock.sleep(8)
      throw down
    })
    const vended = await get()
    expect([value(vended), ...codes(vended)]).toEqual(['p1', 'not_checked'])
  })

  it('does not bring one back that was revoked here', async () => {
    const { get, check, will, replace, revoke, kinds } = machine()
    await get()
    await revoke()
    await check()
    await expect(get()).rejects.toMatchObject({ code: 'credential_revoked' })
    expect(kinds()).toEqual([])
    will('p2', 'refused')
    replace('p2')
    await expect(get()).rejects.toMatchObject({ code: 'credential_expired' })
  })
})

describe('a static token that is revoked here', () => {
  it('is not brought back by a check that was under way', async () => {
    const { get, check, revoke, will, clock, tokens, connection } = machine()
    await get()
    will('p1', async () => {
      await clock.sleep(2)
      return 'alive'
    })
    const checked = check()
    await clock.sleep(1)
    await revoke()
    await checked
    await expect(get()).rejects.toMatchObject({ code: 'credential_revoked' })
    expect((await tokens.read(connection)).state.failure?.code).toBe('credential_revoked')
  })

  it('is not handed out to who was having it checked for the first time', async () => {
    const { get, revoke, will, clock } = machine()
    will('p1', async () => {
      await clock.sleep(2)
      return 'alive'
    })
    const first = get()
    const outcome = expect(first).rejects.toMatchObject({ code: 'credential_revoked' })
    await clock.sleep(1)
    await revoke()
    await outcome
  })

  it('is not brought back by a check after a second revoke that could not read the secret', async () => {
    const { get, check, replace, process, connection, tokens } = machine()
    await get()
    replace('p2')
    await revoke(connection, process())
    const unreadable = async () => Promise.reject(new VendingError('store_unavailable', 'no secret store'))
    await revoke(connection, { ...process(), credentials: { ...process().credentials, read: unreadable } })
    expect((await tokens.read(connection)).state.failure).toMatchObject({ credentialVersion: 'v1' })
    await check()
    await expect(get()).rejects.toMatchObject({ code: 'credential_expired' })
    replace('p3')
    expect(value(await get())).toBe('p3')
  })

  it('keeps nobody from a check of the next version', async () => {
    const { get, revoke, replace } = machine()
    await get()
    await revoke()
    replace('p2')
    expect(value(await get())).toBe('p2')
  })

  it('stays so after a new version that the vendor refuses is taken back', async () => {
    const { get, revoke, will, replace, rollback } = machine()
    await get()
    await revoke()
    will('p2', 'refused')
    replace('p2')
    await expect(get()).rejects.toMatchObject({ code: 'credential_expired' })
    rollback('v1')
    await expect(get()).rejects.toMatchObject({ code: 'credential_expired' })
  })

  it('is one of two: neither the newest version nor the one before that is in use is vended', async () => {
    const { get, revoke, will, replace, rollback, clock } = machine()
    await get()
    will('p2', 'refused')
    replace('p2')
    expect(value(await get())).toBe('p1')
    await revoke()
    will('p2', 'alive')
    await expect(get()).rejects.toMatchObject({ code: 'credential_revoked' })
    clock.advance(DAY_SECONDS)
    await expect(get()).rejects.toMatchObject({ code: 'credential_revoked' })
    rollback('v1')
    await expect(get()).rejects.toMatchObject({ code: 'credential_expired' })
  })
})

describe('the copy of a static token', () => {
  it('is left to a process that checks it once more, for when the table does not answer', async () => {
    const { connection, tokens, process, get } = machine()
    const one = process()
    const credentials = await one.credentials.read(connection, 0)
    const { state } = await tokens.read(connection)
    await get(one)
    expect(await checkStatic({ connection, state, credentials }, one)).toHaveProperty('token')
    const down = { ...one, tokens: broken(tokens, 'read', Number.POSITIVE_INFINITY) }
    expect((await get(down)).source).toMatch(/^(cache|stale)$/)
  })
})
