import { tryVersion } from '../../functions/api/trial.ts'
import { newState } from '../../functions/core/store.ts'
import { vend } from '../../functions/core/vend.ts'
import { fakeVendor, gives, refuses, type Script, world } from '../support/world.ts'

const singleUse = { singleUseRefreshToken: true } as const

/** A connection that works, and a version of its secret that is not in use yet. */
async function machine(script: Script = gives({ refreshToken: 'r' })) {
  const w = world()
  const fake = fakeVendor({ policy: singleUse, script })
  const process = w.process()
  const get = () => vend({ connection: fake.connection, minTtlSeconds: 0 }, process)
  await get()
  w.secrets.propose('acme/hq', 'pending', { password: 'p2' })
  return {
    ...w,
    ...fake,
    get,
    tryIt: (version = 'pending') => tryVersion(fake.connection, { version }, w.process()),
    state: async () => (await w.tokens.read(fake.connection)).state,
  }
}

describe('credentials that are tried', () => {
  it('obtain a token with the refresh token that only the machine has, and keep the next one', async () => {
    const { tryIt, calls, get, secrets, clock } = await machine()
    await tryIt()
    expect(calls.slice(1)).toMatchObject([{ password: 'p2', refreshToken: 'r1' }])
    secrets.replace('acme/hq', { password: 'p2' })
    clock.advance(3600)
    await get()
    expect(calls.at(-1)).toMatchObject({ password: 'p2', refreshToken: 'r2' })
  })

  it.each(['credential_rejected', 'grant_rejected', 'configuration'] as const)(
    'and refused with %s change nothing for those in use, and nobody is told',
    async (code) => {
      const { tryIt, will, state, get, clock, calls, notices } = await machine()
      const before = await state()
      will(refuses(code, 'Acme says no'))
      await expect(tryIt()).rejects.toMatchObject({ code, message: 'Acme says no' })
      expect(calls).toHaveLength(2)
      const { fence: _, lease: __, ...after } = await state()
      const { fence: ___, lease: ____, ...same } = before
      expect(after).toEqual(same)
      will(gives({ refreshToken: 's' }))
      clock.advance(3600)
      expect((await get()).source).toBe('vendor')
      expect(notices).toEqual([])
    },
  )

  it('obtain a token with it where it lasts as well: a person has consented to nothing else', async () => {
    const w = world()
    const { vendor: plain, calls } = fakeVendor({ script: gives({ refreshToken: 'r' }) })
    const authorization = {
      url: async () => new URL('https://acme.example'),
      tokenEndpoint: async () => new URL('https://acme.example/token'),
      exchange: () => Promise.reject(new Error('not here')),
    }
    const connection = { vendor: { ...plain, authorization }, name: 'hq' }
    await vend({ connection, minTtlSeconds: 0 }, w.process())
    w.secrets.propose('acme/hq', 'pending', { password: 'p2' })
    await tryVersion(connection, { version: 'pending' }, w.process())
    expect(calls.slice(1)).toMatchObject([{ password: 'p2', refreshToken: 'r1' }])
  })

  it('have to be there, and the connection free and enabled', async () => {
    const { tryIt, tokens, connection } = await machine()
    await expect(tryIt('gone')).rejects.toMatchObject({ code: 'unknown_connection' })
    await tokens.stop(connection, { kind: 'disable' })
    await expect(tryIt()).rejects.toMatchObject({ code: 'connection_disabled' })
  })

  it('wait their turn while somebody holds the lease, and take it when it is over', async () => {
    const { tryIt, will, clock, calls, get } = await machine()
    clock.advance(3600)
    will(async (...given) => {
      await clock.sleep(2)
      return gives({ refreshToken: 'r' })(...given)
    })
    const holder = get()
    await clock.sleep(1)
    await expect(tryIt()).rejects.toMatchObject({ code: 'busy' })
    await holder
    expect(calls.map(({ password }) => password)).toEqual(['p1', 'p1'])
    await tryIt()
    expect(calls.at(-1)).toMatchObject({ password: 'p2', refreshToken: 'r2' })
  })

  it('and refused do not settle the send of another whose answer was lost', async () => {
    const { tryIt, will, clock, get, state } = await machine()
    clock.advance(3600)
    will(refuses('vendor_unavailable', 'the answer was lost'))
    await expect(get()).rejects.toMatchObject({ code: 'vendor_unavailable' })
    const [lost] = (await state()).unconfirmedSends ?? []
    expect(lost).toBeDefined()
    will(refuses('grant_rejected', 'Acme says no'))
    await expect(tryIt()).rejects.toMatchObject({ code: 'grant_rejected' })
    expect([...((await state()).unconfirmedSends ?? [])]).toEqual([lost])
  })

  it('of which no answer came leave their own send unconfirmed, and an answer of later settles it', async () => {
    const { tryIt, will, clock, get, state } = await machine()
    will(refuses('vendor_unavailable', 'the answer was lost'))
    await expect(tryIt()).rejects.toMatchObject({ code: 'vendor_unavailable' })
    expect((await state()).unconfirmedSends?.size).toBe(1)
    will(gives({ refreshToken: 'r' }))
    clock.advance(3600)
    await get()
    expect((await state()).unconfirmedSends).toBeUndefined()
  })
})

describe('credentials that are tried where nothing may be stored', () => {
  it.each([
    ['memory', { policy: { storage: 'memory', maxLifeSeconds: 3600 } }],
    ['static', { holdsToken: true }],
    ['reusable', {}],
  ] as const)('are seen to work, and no token of %s is written anywhere', async (_kind, kind) => {
    const w = world()
    w.secrets.propose('acme/hq', 'pending', { password: 'p2' })
    const fake = fakeVendor({
      ...kind,
      script: gives({ name: 'canary', refreshToken: 'canary-refresh' }),
      liveness: () => 'alive',
    })
    const process = w.process()
    await tryVersion(fake.connection, { version: 'pending' }, process)
    expect(fake.calls.at(-1)).toMatchObject({ password: 'p2' })
    expect(await w.tokens.read(fake.connection)).toEqual({ exists: false, state: newState })
    expect(process.memory.copies.size).toBe(0)
    expect(await w.directory.page(fake.vendor)).toEqual([])
  })

  it('are refused to who tries them, and that is remembered nowhere either', async () => {
    const w = world()
    w.secrets.propose('acme/hq', 'pending', { password: 'p2' })
    const { connection } = fakeVendor({ holdsToken: true, liveness: () => 'refused' })
    await expect(tryVersion(connection, { version: 'pending' }, w.process())).rejects.toMatchObject({
      code: 'credential_expired',
    })
    expect((await w.tokens.read(connection)).state).toEqual(newState)
    expect(w.notices).toEqual([])
  })
})

describe('a trial', () => {
  const at = (state: 'enabled' | 'disabled', options: Parameters<typeof fakeVendor>[0] = {}) => {
    const w = world()
    const fake = fakeVendor(options)
    w.secrets.propose('acme/hq', 'pending', { password: 'p2' })
    const stop = () => w.tokens.stop(fake.connection, { kind: 'disable' })
    const tryIt = async (only_fit?: true) => {
      if (state === 'disabled') await stop()
      return tryVersion(fake.connection, { version: 'pending', only_fit }, w.process())
    }
    return { ...w, ...fake, tryIt }
  }

  it('says when the token ends, whether what is secret stays, and what the vendor warns of', async () => {
    const { tryIt } = at('enabled')
    expect(await tryIt()).toEqual({
      vendor: 'acme',
      connection: 'hq',
      version: 'pending',
      expires_at: '2026-11-21T13:00:00Z',
      warnings: [],
      replaces: { same_secrets: false },
    })
  })

  it.each([{}, { policy: singleUse }, { holdsToken: true }] as const)(
    'of the fit alone calls no vendor (%j)',
    async (options) => {
      const { tryIt, calls, secrets } = at('disabled', { ...options, liveness: () => 'refused' })
      const issues = options.holdsToken ? 2 : 0
      await tryIt(true)
      expect(calls).toHaveLength(issues)
      secrets.propose('acme/hq', 'pending', { password: '' })
      await expect(tryIt(true)).rejects.toMatchObject({ code: 'configuration' })
      expect(calls).toHaveLength(issues)
    },
  )

  it('of a token whose user may not read is a success with a warning', async () => {
    const { tryIt } = at('enabled', { holdsToken: true, liveness: () => 'limited' })
    expect(await tryIt()).toMatchObject({ checked: 'limited', warnings: [{ code: 'rights_missing' }] })
  })

  it('of credentials that are to replace disabled ones obtains a token, which nobody is given', async () => {
    const { tryIt, calls, tokens, connection } = at('disabled')
    await tryIt()
    expect(calls).toMatchObject([{ password: 'p2' }])
    expect((await tokens.read(connection)).token).toBeUndefined()
  })

  it('of a grant that was disabled is refused: its refresh token would be spent', async () => {
    const { tryIt, calls } = at('disabled', { policy: singleUse })
    await expect(tryIt()).rejects.toMatchObject({ code: 'connection_disabled' })
    expect(calls).toEqual([])
  })
})
