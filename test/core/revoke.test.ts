import { change, list, show } from '../../functions/api/connections.ts'
import { VendingError } from '../../functions/core/errors.ts'
import { revoke } from '../../functions/core/revoke.ts'
import { vend } from '../../functions/core/vend.ts'
import type { Revocation, Vendor } from '../../functions/core/vendor.ts'
import { fakeVendor, gives, refuses, The, world } from '../support/world.ts'

const connection = The.connection
const ask = (vendor: Vendor) => ({ vendor, connection, minTtlSeconds: 0 })

function revocable(revokes: Revocation['revoke'], more: Partial<Vendor> = {}) {
  const fake = fakeVendor()
  return { ...fake, vendor: { ...fake.vendor, revocation: { ends: 'token' as const, revoke: revokes }, ...more } }
}

describe('a revoke', () => {
  it('reaches every process within 5 seconds, and this one at once', async () => {
    const { process, clock } = world()
    const { vendor } = fakeVendor()
    const [one, two] = [process(), process()]
    await vend(ask(vendor), one)
    await vend(ask(vendor), two)
    expect(await revoke({ vendor, connection }, one)).toBe('not_offered')
    const served = async (runtime: typeof one) => (await vend(ask(vendor), runtime)).token.accessToken.value.reveal()
    expect(await served(one)).toBe('t2')
    clock.advance(4.999)
    expect(await served(two)).toBe('t1')
    clock.advance(0.001)
    expect(await served(two)).toBe('t2')
  })

  it('takes the token back at a vendor that offers it, once more after a lost answer', async () => {
    const { process } = world()
    const revoked: string[] = []
    const { vendor } = revocable(async (_, token) => {
      revoked.push(token.reveal())
      if (revoked.length === 1) throw new VendingError('vendor_unavailable', 'time-out')
    })
    await vend(ask(vendor), process())
    expect(await revoke({ vendor, connection }, process())).toBe('done')
    expect(revoked).toEqual(['t1', 't1'])
  })

  it('C66 counts here although the vendor refuses, and a refusal is not tried again', async () => {
    const { process } = world()
    let calls = 0
    const { vendor } = revocable(async () => {
      calls += 1
      throw new VendingError('credential_rejected', 'no')
    })
    await vend(ask(vendor), process())
    expect(await revoke({ vendor, connection }, process())).toBe('failed')
    expect(calls).toBe(1)
    expect((await vend(ask(vendor), process())).token.accessToken.value.reveal()).toBe('t2')
  })

  it('has nothing to take back where nothing was given or it has ended', async () => {
    const { process, clock } = world()
    const { vendor } = revocable(async () => {})
    expect(await revoke({ vendor, connection }, process())).toBe('nothing_to_revoke')
    await vend(ask(vendor), process())
    clock.advance(3600)
    expect(await revoke({ vendor, connection }, process())).toBe('nothing_to_revoke')
  })

  it('ends a grant: the connection says reconnect', async () => {
    const { process } = world()
    const authorization = {
      url: () => new URL('https://acme.example'),
      exchange: () => Promise.reject(new Error('not here')),
    }
    const { vendor } = revocable(async () => {}, { authorization })
    await vend(ask(vendor), process())
    expect(await revoke({ vendor, connection }, process())).toBe('done')
    expect((await show({ vendor, connection }, process())).state).toBe('reconnect')
    await expect(vend(ask(vendor), process())).rejects.toMatchObject({ code: 'grant_rejected' })
  })

  it('bars a stored token until it is replaced', async () => {
    const { process, secrets } = world()
    const { vendor } = fakeVendor({ stored: true, script: gives({ name: 'jwt', lifeSeconds: 86_400 }) })
    const one = process()
    await vend(ask(vendor), one)
    expect(await revoke({ vendor, connection }, one)).toBe('not_offered')
    await expect(vend(ask(vendor), one)).rejects.toMatchObject({ code: 'credential_revoked' })
    secrets.replace('acme/hq', { password: 'p2' })
    expect((await vend(ask(vendor), one)).source).toBe('cache')
  })

  it('of nobody is a 404 and leaves no trace', async () => {
    const { process, store } = world()
    const { vendor } = fakeVendor()
    await expect(revoke({ vendor, connection: 'nobody' }, process())).rejects.toMatchObject({
      code: 'unknown_connection',
    })
    expect((await store.read('acme#nobody')).state.epoch).toBe(0)
  })
})

describe('what may be known of a connection', () => {
  it('is its state, never its token', async () => {
    const { process, clock } = world()
    const { vendor, will } = fakeVendor({ script: gives({ name: 'canary' }) })
    const look = () => show({ vendor, connection }, process())
    expect(await look()).toEqual({
      vendor: 'acme',
      connection: 'hq',
      state: 'not_vended',
      next_action: expect.any(String),
    })
    await vend(ask(vendor), process())
    expect(await look()).toEqual({
      vendor: 'acme',
      connection: 'hq',
      state: 'ok',
      expires_at: '2026-11-21T13:00:00Z',
      days_left: 0,
      last_success_at: '2026-11-21T12:00:00Z',
      next_action: 'none',
    })
    clock.advance(3300)
    expect((await look()).state).toBe('ageing')
    will(refuses('vendor_malformed', 'Acme answered nonsense'))
    await vend(ask(vendor), process())
    expect(await look()).toMatchObject({
      state: 'failing',
      last_failure: { code: 'vendor_malformed', since: '2026-11-21T12:55:00Z' },
    })
    clock.advance(300)
    expect((await look()).state).toBe('expired')
    expect(JSON.stringify(await look())).not.toContain('canary')
  })

  it('is who owns it and whether it may be used, once somebody has said so', async () => {
    const { process } = world()
    const { vendor } = fakeVendor()
    const view = await change(
      { vendor, connection },
      { by: 'ann', owner: 'ada@acme.example', status: 'disabled' },
      process(),
    )
    expect(view).toMatchObject({ owner: 'ada@acme.example', state: 'disabled' })
    await expect(vend(ask(vendor), process())).rejects.toMatchObject({ code: 'connection_disabled' })
    expect(await change({ vendor, connection }, { by: 'ann', status: 'active' }, process())).toMatchObject({
      owner: 'ada@acme.example',
      state: 'not_vended',
    })
  })

  it('is listed by vendor, without those whose credentials are gone', async () => {
    const { process, secrets, store } = world()
    secrets.replace('acme/b', { password: 'p1' })
    const { vendor } = fakeVendor()
    await vend({ vendor, connection: 'b', minTtlSeconds: 0 }, process())
    await change({ vendor, connection }, { by: 'ann', owner: 'ada@acme.example' }, process())
    await store.register('acme#gone', { dueAt: The.now })
    expect((await list(vendor, process())).map(({ connection, state }) => `${connection} ${state}`)).toEqual([
      'b ok',
      'hq not_vended',
    ])
  })

  it('tells of a stored token when it ends', async () => {
    const { process } = world()
    const { vendor } = fakeVendor({ stored: true, script: gives({ name: 'jwt', lifeSeconds: 30 * 86_400 }) })
    expect(await show({ vendor, connection }, process())).toMatchObject({
      state: 'ok',
      days_left: 30,
      next_action: 'none',
    })
  })

  it('tells of a stored token that has ended that a person is needed', async () => {
    const { process, clock } = world()
    const { vendor } = fakeVendor({
      stored: true,
      script: (context, held, call) => gives({ lifeSeconds: 100 })({ ...context, now: () => The.now }, held, call),
    })
    await vend(ask(vendor), process())
    clock.advance(100)
    const { state, next_action } = await show({ vendor, connection }, process())
    expect([state, next_action]).toEqual(['expired', 'a person has to make a new token: vendomat rotate acme hq'])
  })
})
