import { disable, revoke } from '../../functions/api/revoke.ts'
import { needsConsent } from '../../functions/core/failure.ts'
import type { VendRequest } from '../../functions/core/request.ts'
import type { Runtime } from '../../functions/core/runtime.ts'
import type { TokenStore } from '../../functions/core/store.ts'
import { vend } from '../../functions/core/vend.ts'
import { VendingError } from '../../functions/kit/errors.ts'
import { Secret } from '../../functions/kit/secret.ts'
import { secondsAfter, secondsBetween } from '../../functions/kit/time.ts'
import type { TablePolicy } from '../../functions/kit/token.ts'
import type { Vendor } from '../../functions/kit/vendor.ts'
import { clientCredentialsGrant, refreshTokenGrant } from '../../functions/oauth/grants.ts'
import { json, vendorAnswering } from '../support/fake-vendor.ts'
import { figure } from '../support/figure.ts'
import { happensAfter } from '../support/ports.ts'
import { broken, fakeVendor, gives, refuses, type Script, The, world } from '../support/world.ts'

/** A vendor with a grant: a refresh token that may be spent by its first use. */
const fake = (script: Script = gives({ lifeSeconds: 3600, refreshToken: 'r' })) =>
  fakeVendor({ policy: { singleUseRefreshToken: true }, script })
const hq = (vendor: Vendor) => ({ vendor, name: The.connection })
const wanted = (vendor: Vendor, more: Partial<VendRequest> = {}): VendRequest => ({
  connection: hq(vendor),
  minTtlSeconds: 0,
  ...more,
})
const get = async (vendor: Vendor, runtime: Runtime, more: Partial<VendRequest> = {}) =>
  (await vend(wanted(vendor, more), runtime)).token.accessToken.value.reveal()

async function connected() {
  const w = world()
  const grant = fake()
  await get(grant.vendor, w.process())
  return { ...w, ...grant, sent: () => grant.calls.map(({ refreshToken }) => refreshToken) }
}

describe('a grant', () => {
  it('is refreshed once for 100 callers over 4 processes, and its refresh token used once', async () => {
    const { process, clock, vendor, will, sent } = await connected()
    will(async (...given) => {
      await clock.sleep(0.4)
      return gives({ refreshToken: 'r' })(...given)
    })
    clock.advance(3600)
    const runtimes = Array.from({ length: 4 }, process)
    const tokens = await Promise.all(Array.from({ length: 100 }, (_, i) => get(vendor, runtimes[i % 4] ?? process())))
    expect(new Set(tokens)).toEqual(new Set(['t2']))
    expect(sent()).toEqual([undefined, 'r1'])
    figure('refresh-token-sent-once', `sent ${sent().length - 1} time for ${tokens.length} callers`)
  })

  it('whose refresh token is refused is dead: the last token is served with a warning, then a person is needed', async () => {
    const { process, clock, vendor, will, calls } = await connected()
    will(refuses('grant_rejected', 'the vendor refused the refresh token'))
    clock.advance(3400)
    for (const one of [process(), process()]) {
      const { source, warnings } = await vend(wanted(vendor), one)
      expect([source, warnings[0]?.code]).toEqual(['cache', 'reconnect_needed'])
    }
    clock.advance(200)
    await expect(get(vendor, process())).rejects.toMatchObject({ code: 'grant_rejected' })
    expect(calls).toHaveLength(2)
  })

  it('is not ended by the refusal of a refresh token that has been replaced meanwhile', async () => {
    const { process, clock, vendor, will, tokens } = await connected()
    clock.advance(3600)
    // The holder is frozen while it waits; another takes over, wins, and only then the refusal arrives.
    will(async () => {
      await clock.sleep(40)
      return refuses('grant_rejected', 'the vendor refused the refresh token')(...([] as unknown as Parameters<Script>))
    })
    const frozen = get(vendor, process())
    await clock.sleep(33)
    will(gives({ refreshToken: 'r' }))
    expect(await get(vendor, process())).toBe('t3')
    expect(await frozen).toBe('t3')
    expect(needsConsent((await tokens.read(hq(vendor))).state.failure)).toBe(false)
  })

  it('of which no answer came is tried once more soon, then only each quarter of an hour', async () => {
    const { process, clock, vendor, will, sent, tokens } = await connected()
    will(refuses('vendor_unavailable', 'time-out'))
    clock.advance(3600)
    await expect(get(vendor, process())).rejects.toMatchObject({ code: 'vendor_unavailable' })
    expect((await tokens.read(hq(vendor))).state.unconfirmedSends?.size).toBe(1)
    clock.advance(2)
    await expect(get(vendor, process())).rejects.toMatchObject({ code: 'vendor_unavailable' })
    expect(sent()).toEqual([undefined, 'r1', 'r1'])
    clock.advance(899)
    await expect(get(vendor, process())).rejects.toMatchObject({ code: 'vendor_unavailable' })
    expect(sent()).toHaveLength(3)
    clock.advance(1)
    will(gives({ refreshToken: 'r' }))
    expect(await get(vendor, process())).toBe('t4')
    expect((await tokens.read(hq(vendor))).state.unconfirmedSends).toBeUndefined()
  })

  it('that the vendor will not speak of plainly is doubted three times over a quarter of an hour, then given up', async () => {
    const { process, clock, vendor, will, calls, tokens } = await connected()
    will(refuses('grant_doubtful', 'the vendor answered an error without a reason', { strikes: 3 }))
    clock.advance(3000)
    const times: number[] = []
    for (let second = 0; second < 540; second += 10) {
      const before = calls.length
      expect(['stale', 'cache']).toContain((await vend({ ...wanted(vendor), ahead: true }, process())).source)
      if (calls.length > before) times.push(second)
      clock.advance(10)
    }
    expect(times).toEqual([0, 60, 300])
    expect(needsConsent((await tokens.read(hq(vendor))).state.failure)).toBe(true)
  })

  it('whose refresh token may have been spent is dead at the first refusal after that', async () => {
    const { process, clock, vendor, will, tokens } = await connected()
    will(refuses('vendor_unavailable', 'the answer was lost'))
    clock.advance(3600)
    await expect(get(vendor, process())).rejects.toMatchObject({ code: 'vendor_unavailable' })
    clock.advance(2)
    will(refuses('grant_doubtful', 'the vendor answered an error without a reason', { strikes: 3 }))
    await expect(get(vendor, process())).rejects.toMatchObject({ code: 'grant_rejected' })
    expect(needsConsent((await tokens.read(hq(vendor))).state.failure)).toBe(true)
  })

  it('is doubted anew by each doubt, whatever else has failed before', async () => {
    const { process, clock } = world()
    const { vendor, will } = fakeVendor({ script: gives({ refreshToken: 'r' }) })
    await get(vendor, process())
    clock.advance(3600)
    will(refuses('vendor_malformed', 'nonsense'))
    for (let i = 0; i < 3; i++) {
      await expect(get(vendor, process())).rejects.toMatchObject({ code: 'vendor_malformed' })
      clock.advance(15)
    }
    will(refuses('grant_doubtful', 'the vendor answered an error without a reason', { strikes: 3 }))
    await expect(get(vendor, process())).rejects.toMatchObject({ code: 'grant_doubtful' })
  })

  it('that is over while its last token is fresh has that served, with the warning that a person is needed', async () => {
    const { process, vendor, will, calls } = await connected()
    const { token } = await vend(wanted(vendor), process())
    will(refuses('grant_rejected', 'the vendor refused the refresh token'))
    const rejected = token.accessToken.value.fingerprint
    await expect(get(vendor, process(), { rejected })).rejects.toMatchObject({ code: 'grant_rejected' })
    const { source, warnings } = await vend(wanted(vendor), process())
    expect([source, ...warnings.map(({ code }) => code)]).toEqual(['cache', 'reconnect_needed'])
    expect(calls).toHaveLength(2)
  })

  it('is leased for longer than the vendor has to answer, so that its refresh token is never on its way twice', async () => {
    const { process, clock, vendor, will, sent } = await connected()
    clock.advance(3600)
    will(async (...given) => {
      await clock.sleep(28)
      return gives({ refreshToken: 'r' })(...given)
    })
    const holder = get(vendor, process())
    await clock.sleep(21.9)
    await expect(get(vendor, process())).rejects.toMatchObject({ code: 'busy' })
    expect(sent()).toEqual([undefined, 'r1'])
    await holder
  })

  it('keeps its send unconfirmed when the renewal broke on our side, though only the second try to record it went well', async () => {
    const { process, clock, vendor, connection, will, tokens } = await connected()
    clock.advance(3600)
    const startedAt = clock.now()
    const timeLeft = () => 22 - secondsBetween(startedAt, clock.now())
    will(async () => {
      await clock.sleep(21)
      throw new TypeError('a bug')
    })
    const throttled = { ...process(), timeLeft, tokens: broken(tokens, 'record') }
    await expect(get(vendor, throttled)).rejects.toThrow(TypeError)
    const { unconfirmedSends, lease } = (await tokens.read(connection)).state
    expect([unconfirmedSends?.size, lease]).toEqual([1, undefined])
  })

  it('does not reach the vendor when it cannot be noted that its refresh token is sent', async () => {
    const { process, clock, vendor, calls, tokens } = await connected()
    clock.advance(3600)
    const deaf = new Proxy(tokens, {
      get: (target, name, receiver) =>
        name === 'noteSend' ? async () => undefined : Reflect.get(target, name, receiver),
    })
    await expect(get(vendor, { ...process(), tokens: deaf })).rejects.toMatchObject({ code: 'busy' })
    expect(calls).toHaveLength(1)
  })
})

describe('a new refresh token', () => {
  it.each([
    [1, 0.1],
    [2, 0.3],
    [6, 3.5],
  ])('is not lost when the table fails %i times, for %s s', async (times, seconds) => {
    const { process, clock, vendor, tokens, sent } = await connected()
    clock.advance(3600)
    const startedAt = clock.now()
    expect(await get(vendor, { ...process(), tokens: broken(tokens, 'record', times) })).toBe('t2')
    expect(secondsBetween(startedAt, clock.now())).toBeCloseTo(seconds, 5)
    clock.advance(3600)
    await get(vendor, process())
    expect(sent()).toEqual([undefined, 'r1', 'r2'])
  })

  it('costs its caller the access token when it cannot be stored under the lease, and not a moment before', async () => {
    const { process, clock, vendor, tokens } = await connected()
    clock.advance(3600)
    const startedAt = clock.now()
    const broke = { ...process(), tokens: broken(tokens, 'record', Number.POSITIVE_INFINITY) }
    await expect(get(vendor, broke)).rejects.toMatchObject({ code: 'store_unavailable' })
    const seconds = secondsBetween(startedAt, clock.now())
    expect(seconds).toBeGreaterThan(25)
    expect(seconds).toBeLessThan(32)
  })

  it('is given up in time for the answer when the function is about to end', async () => {
    const { process, clock, vendor, tokens } = await connected()
    clock.advance(3600)
    const startedAt = clock.now()
    const timeLeft = () => 24 - secondsBetween(startedAt, clock.now())
    const broke = { ...process(), tokens: broken(tokens, 'record', Number.POSITIVE_INFINITY), timeLeft }
    await expect(get(vendor, broke)).rejects.toMatchObject({ code: 'store_unavailable' })
    expect(timeLeft()).toBeGreaterThanOrEqual(1)
  })

  it('that comes with an answer of no other use is kept and sent the next time', async () => {
    const { process, clock, tokens } = world()
    const acme = { url: new URL('https://acme.example/token') }
    const script = vendorAnswering(
      json({ access_token: 'a1', expires_in: 3600, refresh_token: 'r1' }),
      json({ refresh_token: 'r2' }),
      json({ access_token: 'a3', expires_in: 3600 }),
    )
    const { vendor, connection } = fake((context, refreshToken) => {
      const here = { ...context, http: script.http }
      return refreshToken ? refreshTokenGrant(acme, refreshToken, here) : clientCredentialsGrant(acme, {}, here)
    })
    await get(vendor, process())
    clock.advance(3600)
    await expect(get(vendor, process())).rejects.toMatchObject({ code: 'vendor_malformed' })
    const { state } = await tokens.read(connection)
    expect([state.unconfirmedSends, state.failure?.code]).toEqual([undefined, 'vendor_malformed'])
    clock.advance(15)
    expect(await get(vendor, process())).toBe('a3')
    script.done()
    expect(script.requests.map(({ body }) => new URLSearchParams(body).get('refresh_token'))).toEqual([
      null,
      'r1',
      'r2',
    ])
  })

  it('that came before its call failed is kept, and the call is not made again', async () => {
    const { process, clock } = world()
    const { vendor, calls, will } = fake(({ received }) => {
      received?.(new Secret('r1'))
      throw new VendingError('vendor_unavailable', 'what comes after the token did not answer')
    })
    await expect(get(vendor, process())).rejects.toMatchObject({ code: 'vendor_unavailable' })
    will(gives({ refreshToken: 'r' }))
    clock.advance(15)
    await get(vendor, process())
    expect(calls.map(({ refreshToken }) => refreshToken)).toEqual([undefined, 'r1'])
  })

  it('that comes with a lifetime of nothing is kept as well', async () => {
    const { process, clock, vendor, will, sent } = await connected()
    will(gives({ lifeSeconds: 0.001, refreshToken: 'r' }))
    clock.advance(3600)
    await expect(get(vendor, process())).rejects.toMatchObject({ code: 'vendor_malformed' })
    will(gives({ refreshToken: 'r' }))
    clock.advance(15)
    expect(await get(vendor, process())).toBe('t3')
    expect(sent()).toEqual([undefined, 'r1', 'r2'])
  })
})

describe('the time that a vendor has', () => {
  /** The seconds of each call, when the table is slow and the function has so much left. */
  async function given(policy: Partial<TablePolicy>, functionSeconds: number, slow: keyof TokenStore, seconds: number) {
    const deadlines: number[] = []
    const deadline = (ends: number) => {
      deadlines.push(ends)
      return new AbortController().signal
    }
    const { process, clock, tokens } = world({ deadline })
    const { vendor } = fakeVendor({ policy, script: gives({ refreshToken: 'r' }) })
    await get(vendor, process())
    clock.advance(3600)
    const startedAt = clock.now()
    const timeLeft = () => functionSeconds - secondsBetween(startedAt, clock.now())
    const machine = { ...process(), timeLeft, tokens: happensAfter(tokens, slow, () => clock.sleep(seconds)) }
    await Promise.allSettled([get(vendor, machine)])
    return deadlines.slice(1)
  }

  it.each([
    ['is 8 s', {}, 20, 0, [8]],
    ['is 15 s where a refresh token is single-use', { singleUseRefreshToken: true }, 28, 0, [15]],
    ['leaves 6 s of the lease to record what comes', {}, 100, 3, [6]],
    ['leaves 6 s of the function to record what comes', {}, 14, 3, [5]],
    ['is none in a function that is too short for it from the start', {}, 13.999, 0, []],
    ['is as much as there is in one that became so', {}, 14, 5, [3]],
    ['is none with less than 3 s', {}, 14, 5.001, []],
    ['is all or nothing where a refresh token is single-use', { singleUseRefreshToken: true }, 100, 11, [15]],
    ['is none there when the lease has not as much left', { singleUseRefreshToken: true }, 100, 11.001, []],
    ['is none there when the function has not as much left', { singleUseRefreshToken: true }, 28, 7.001, []],
  ] as const)('%s', async (_, policy, functionSeconds, seconds, deadlines) => {
    expect(await given(policy, functionSeconds, 'acquire', seconds)).toEqual(deadlines)
  })

  it('is measured after the send was noted, right before it', async () => {
    const policy = { singleUseRefreshToken: true } as const
    expect(await given(policy, 100, 'noteSend', 11)).toEqual([15])
    expect(await given(policy, 100, 'noteSend', 11.001)).toEqual([])
  })
})

describe('a caller with little of the function left', () => {
  it.each([
    [20.999, []],
    [21, ['r1']],
  ])('that has %s s sends the refresh tokens %j', async (seconds, refreshTokens) => {
    const { process, clock, vendor, connection, tokens, sent } = await connected()
    clock.advance(3600)
    const startedAt = clock.now()
    const timeLeft = () => seconds - secondsBetween(startedAt, clock.now())
    await Promise.allSettled([get(vendor, { ...process(), timeLeft })])
    expect(sent().slice(1)).toEqual(refreshTokens)
    // Nor does it keep a lease from others.
    expect((await tokens.read(connection)).state.fence).toBe(1 + refreshTokens.length)
  })

  it.each([
    ['too little', 25, []],
    ['enough', 28, ['r1']],
  ])(
    'that has waited for a holder who died, and has %s left after that: %s s in all, sends %j',
    async (_word, seconds, refreshTokens) => {
      const { process, clock, vendor, connection, tokens, sent } = await connected()
      clock.advance(3600)
      const { state } = await tokens.read(connection)
      const now = clock.now()
      const policy = { storage: 'table', maxLifeSeconds: 3600 } as const
      await tokens.acquire(connection, state, { policy, now, until: secondsAfter(now, 5) })
      const timeLeft = () => seconds - secondsBetween(now, clock.now())
      const [waiter] = await Promise.allSettled([get(vendor, { ...process(), timeLeft })])
      expect(secondsBetween(now, clock.now())).toBeGreaterThan(4.9)
      expect(sent().slice(1)).toEqual(refreshTokens)
      if (refreshTokens.length === 0) expect(waiter).toMatchObject({ status: 'rejected', reason: { code: 'busy' } })
    },
  )

  it('is served the token at hand while it lives', async () => {
    const { process, clock, vendor, calls } = await connected()
    clock.advance(3300)
    expect(await get(vendor, { ...process(), timeLeft: () => 20 })).toBe('t1')
    expect(calls).toHaveLength(1)
  })
})

describe('a disabled connection', () => {
  /** A renewal that is under way while somebody disables the connection. */
  async function disabledMeanwhile(script: Script) {
    const w = await connected()
    w.will(async (...given) => {
      await w.clock.sleep(2)
      return script(...given)
    })
    w.clock.advance(3600)
    const renewal = get(w.vendor, w.process())
    const outcome = renewal.then(
      () => 'vended',
      (error: VendingError) => error.code,
    )
    await w.clock.sleep(1)
    await disable(w.connection, w.process())
    return { ...w, outcome: await outcome }
  }
  const stateIn = async ({ tokens, connection }: Awaited<ReturnType<typeof connected>>) =>
    (await tokens.read(connection)).state

  it('stays so when the vendor refuses its grant meanwhile', async () => {
    const w = await disabledMeanwhile(refuses('grant_rejected', 'no'))
    expect(w.outcome).toBe('connection_disabled')
    expect((await stateIn(w)).status).toBe('disabled')
  })

  it('hands out no token that comes meanwhile, but keeps its refresh token for when it is enabled', async () => {
    const w = await disabledMeanwhile(gives({ refreshToken: 'r' }))
    expect(w.outcome).toBe('connection_disabled')
    expect((await stateIn(w)).status).toBe('disabled')
    await w.tokens.enable(w.connection)
    w.will(gives({ refreshToken: 'r' }))
    expect(await get(w.vendor, w.process())).toBe('t3')
    expect(w.sent()).toEqual([undefined, 'r1', 'r2'])
  })

  it('stays so when it is revoked, and is connected by nobody then', async () => {
    const w = await connected()
    await disable(w.connection, w.process())
    await revoke(w.connection, w.process())
    expect((await stateIn(w)).status).toBe('disabled')
    await expect(get(w.vendor, w.process())).rejects.toMatchObject({ code: 'connection_disabled' })
    expect(w.calls).toHaveLength(1)
  })

  it('that is enabled again does not send the refresh token of a grant that is dead', async () => {
    const w = await connected()
    w.will(refuses('grant_rejected', 'the vendor refused the refresh token'))
    w.clock.advance(3600)
    await expect(get(w.vendor, w.process())).rejects.toMatchObject({ code: 'grant_rejected' })
    await disable(w.connection, w.process())
    await w.tokens.enable(w.connection)
    w.secrets.replace('acme/hq', { password: 'p2' })
    await expect(get(w.vendor, w.process())).rejects.toMatchObject({ code: 'grant_rejected' })
    w.clock.advance(24 * 3600)
    await expect(get(w.vendor, w.process())).rejects.toMatchObject({ code: 'grant_rejected' })
    expect(w.sent()).toEqual([undefined, 'r1'])
  })
})

describe('a refused token', () => {
  it('is not handed to who reports it when the vendor gives it once more', async () => {
    const { process, clock } = world()
    const { vendor } = fakeVendor({ script: (context, held) => gives({})(context, held, 1) })
    const rejected = await fingerprintOf(vendor, process())
    clock.advance(10)
    await expect(get(vendor, process(), { rejected })).rejects.toMatchObject({ code: 'vendor_malformed' })
    expect(await get(vendor, process())).toBe('t1')
  })

  const fingerprintOf = async (vendor: Vendor, runtime: Runtime) =>
    (await vend(wanted(vendor), runtime)).token.accessToken.value.fingerprint

  it('is replaced by one renewal for 200 reports over 4 processes', async () => {
    const { process, clock } = world()
    const { vendor, calls, will } = fakeVendor()
    const rejected = await fingerprintOf(vendor, process())
    will(async (...given) => {
      await clock.sleep(0.3)
      return gives({})(...given)
    })
    const runtimes = Array.from({ length: 4 }, process)
    const tokens = await Promise.all(
      Array.from({ length: 200 }, (_, i) => get(vendor, runtimes[i % 4] ?? process(), { rejected })),
    )
    expect(new Set(tokens)).toEqual(new Set(['t2']))
    expect(calls).toHaveLength(2)
    figure('forced-renewals', `${calls.length - 1} renewal for ${tokens.length} reports`)
  })

  it('of an earlier time gets the current one and no vendor call, also when that is ageing', async () => {
    const { process, clock } = world()
    const { vendor, calls } = fakeVendor()
    await get(vendor, process())
    expect(await get(vendor, process(), { rejected: '0'.repeat(16) })).toBe('t1')
    clock.advance(3300)
    expect(await get(vendor, process(), { rejected: '0'.repeat(16) })).toBe('t1')
    expect(calls).toHaveLength(1)
  })

  it('is still served to everybody else, and to all when renewing it fails', async () => {
    const { process } = world()
    const { vendor, will } = fakeVendor()
    const rejected = await fingerprintOf(vendor, process())
    will(refuses('vendor_throttled', 'wait', { retryAfterSeconds: 60 }))
    await expect(get(vendor, process(), { rejected })).rejects.toMatchObject({ code: 'vendor_throttled' })
    expect(await get(vendor, process())).toBe('t1')
  })

  it('that may not be renewed again now leaves the lease to whoever comes next', async () => {
    const { process, tokens } = world()
    const { vendor } = fakeVendor()
    for (const code of [undefined, 'refresh_rate_limited']) {
      const [report] = await Promise.allSettled([
        get(vendor, process(), { rejected: await fingerprintOf(vendor, process()) }),
      ])
      expect(report).toMatchObject(code ? { status: 'rejected', reason: { code } } : { value: 't2' })
    }
    expect((await tokens.read(hq(vendor))).state.lease).toBeUndefined()
  })

  it('may be renewed although a caller who wanted a longer life has just had the one before renewed, which was ageing', async () => {
    const { process, clock } = world()
    const { vendor } = fakeVendor()
    await get(vendor, process())
    clock.advance(3300)
    expect(await get(vendor, process(), { minTtlSeconds: 1000 })).toBe('t2')
    expect(await get(vendor, process(), { rejected: await fingerprintOf(vendor, process()) })).toBe('t3')
  })

  it('is renewed once a minute and 30 times an hour at most', async () => {
    const { process, clock } = world()
    const { vendor } = fakeVendor()
    let rejected = await fingerprintOf(vendor, process())
    const report = async () => {
      const { token } = await vend(wanted(vendor, { rejected }), process())
      rejected = token.accessToken.value.fingerprint
    }
    await report()
    await expect(report()).rejects.toMatchObject({ code: 'refresh_rate_limited' })
    for (let i = 1; i < 30; i++) {
      clock.advance(60)
      await report()
    }
    clock.advance(60)
    await expect(report()).rejects.toMatchObject({ code: 'refresh_rate_limited' })
    clock.advance(1800)
    await report()
  })
})

describe('the end of a grant', () => {
  const DAY = 86_400
  const end = (tokens: TokenStore, vendor: Vendor) =>
    tokens.read(hq(vendor)).then(({ state: { grantEnd } }) => grantEnd?.until)
  const idle: Partial<TablePolicy> = { singleUseRefreshToken: true, grant: { idleSeconds: 7 * DAY } }

  it('is recorded with each token, counted from before its request', async () => {
    const { process, clock, tokens } = world()
    const { vendor, will } = fakeVendor({ consent: true, policy: idle, script: gives({ refreshToken: 'r' }) })
    await get(vendor, process())
    expect(await end(tokens, vendor)).toEqual(secondsAfter(The.now, 7 * DAY))
    clock.advance(3600)
    will(async (...given) => {
      const issued = await gives({ refreshToken: 'r' })(...given)
      await clock.sleep(7)
      return issued
    })
    await get(vendor, process())
    expect(await end(tokens, vendor)).toEqual(secondsAfter(The.now, 3600 + 7 * DAY))
  })

  it('stays as it was when a renewal fails, and goes with what a revoke forgets', async () => {
    const { process, clock, tokens } = world()
    const { vendor, will } = fakeVendor({ consent: true, policy: idle, script: gives({ refreshToken: 'r' }) })
    await get(vendor, process())
    clock.advance(3600)
    will(refuses('vendor_unavailable', 'time-out'))
    await expect(get(vendor, process())).rejects.toMatchObject({ code: 'vendor_unavailable' })
    expect(await end(tokens, vendor)).toEqual(secondsAfter(The.now, 7 * DAY))
    await revoke(hq(vendor), process())
    expect(await end(tokens, vendor)).toBeUndefined()
  })

  it('is of no interest where nobody has to consent: the credentials give another grant', async () => {
    const { process, tokens } = world()
    const { vendor } = fakeVendor({ policy: idle, script: gives({ refreshToken: 'r', grantSeconds: DAY }) })
    await get(vendor, process())
    expect(await end(tokens, vendor)).toBeUndefined()
  })

  it('has a token renewed that would outlive the grant, and no caller wait for it', async () => {
    const { process, clock } = world()
    const script = gives({ lifeSeconds: 7 * DAY, refreshToken: 'r' })
    const policy = { ...idle, grant: { idleSeconds: DAY } }
    const { vendor, calls } = fakeVendor({ consent: true, policy, script })
    const { token } = await vend(wanted(vendor), process())
    const days = secondsBetween(The.now, token.refreshAt) / DAY
    expect([days > 0.35, days < 0.45]).toEqual([true, true])
    clock.advance(DAY / 2)
    expect(await get(vendor, process())).toBe('t1')
    expect(await get(vendor, process(), { ahead: true })).toBe('t2')
    expect(calls).toHaveLength(2)
  })
})
