import { setKeepWarm, setStatus } from '../../functions/api/commands.ts'
import { disable } from '../../functions/api/revoke.ts'
import { vend } from '../../functions/core/vend.ts'
import { INVOCATION_SECONDS } from '../../functions/environment.ts'
import { renewDue } from '../../functions/keeper/sweep.ts'
import { VendingError } from '../../functions/kit/errors.ts'
import { secondsAfter, secondsBetween } from '../../functions/kit/time.ts'
import { sweepAt } from '../../functions/kit/token.ts'
import type { Machine } from '../../functions/lambda/runtime.ts'
import { watched } from '../support/watched.ts'
import { broken, fakeVendor, gives, refuses, type Script, world } from '../support/world.ts'

const HOUR = 3600
const DAY = 24 * HOUR

/** A machine whose schedule runs each minute. */
function kept(options: Parameters<typeof fakeVendor>[0] = {}) {
  const w = world()
  const fake = fakeVendor(options)
  const { vendor, connection } = fake
  const forSweep = () => w.processFor(INVOCATION_SECONDS.task)
  const ask = (name = connection.name) => vend({ connection: { vendor, name }, minTtlSeconds: 0 }, w.process())
  /** To the moment at which the keeper, but no caller yet, wants it renewed. */
  const toDue = async () => {
    const due = sweepAt((await ask()).token)
    w.clock.advance(secondsBetween(w.clock.now(), due))
  }
  return {
    ...w,
    ...fake,
    ask,
    toDue,
    forSweep,
    sweep: (changes: Partial<Machine> = {}) => renewDue(vendor, { ...forSweep(), ...changes }),
    keepWarm: () => setKeepWarm(connection, true, w.process()),
    setStatus: (status: 'active' | 'disabled') => setStatus(connection, status, w.process()),
  }
}

describe('the keeper', () => {
  it('renews a token when it is due, so that the next caller waits for nobody', async () => {
    const { sweep, ask, toDue, clock, calls } = kept()
    await toDue()
    clock.advance(-1)
    expect(await sweep()).toEqual({ due: 0, renewed: 0, failed: 0, left: 0 })
    clock.advance(1)
    expect(await sweep()).toEqual({ due: 1, renewed: 1, failed: 0, left: 0 })
    expect((await ask()).source).toBe('cache')
    expect(calls).toHaveLength(2)
    expect((await sweep()).due).toBe(0)
  })

  it('renews a token again a minute later that it could not cache', async () => {
    const { sweep, toDue, clock, tokens, ask, calls } = kept()
    await toDue()
    expect(await sweep({ tokens: broken(tokens, 'put') })).toMatchObject({ due: 1, renewed: 1 })
    clock.advance(59)
    expect((await sweep()).due).toBe(0)
    clock.advance(1)
    expect(await sweep()).toMatchObject({ due: 1, renewed: 1 })
    expect((await ask()).source).toBe('cache')
    expect(calls).toHaveLength(3)
  })

  it('makes one vendor call when two run at once', async () => {
    const { sweep, toDue, calls, will, clock } = kept()
    await toDue()
    const slow: Script = async (...given) => {
      await clock.sleep(0.3)
      return gives({})(...given)
    }
    will(slow)
    const [one, two] = await Promise.all([sweep(), sweep()])
    expect(one.renewed + two.renewed).toBe(1)
    expect(calls).toHaveLength(2)
  })

  it.each([
    ['a token is there', 0],
    ['none is', HOUR],
  ])('waits for nobody who is renewing, whether %s, and writes nothing', async (_, later) => {
    const { sweep, toDue, ask, calls, will, clock, tokens, registry } = kept()
    await toDue()
    clock.advance(later)
    will(async (...given) => {
      await clock.sleep(5)
      return gives({})(...given)
    })
    const first = sweep()
    await clock.sleep(1)
    const writes: string[] = []
    const noting = <P extends object>(port: P): P =>
      new Proxy(port, {
        get: (target, name, receiver) => {
          if (name !== 'read' && name !== 'due') writes.push(String(name))
          return Reflect.get(target, name, receiver)
        },
      })
    const startedAt = clock.now()
    const second = await sweep({ tokens: noting(tokens), registry: noting(registry) })
    expect(second).toEqual({ due: 1, renewed: 0, failed: 0, left: 0 })
    expect([clock.now(), writes]).toEqual([startedAt, []])
    expect((await first).renewed).toBe(1)
    expect((await ask()).source).toBe('cache')
    expect(calls).toHaveLength(2)
  })

  it('does not wait either for who takes the lease between its reading and its own try', async () => {
    const { toDue, calls, will, clock, tokens, process, vendor, connection } = kept()
    await toDue()
    clock.advance(HOUR)
    will(async (...given) => {
      await clock.sleep(5)
      return gives({})(...given)
    })
    let other: Promise<unknown> = Promise.resolve()
    const acquire: Machine['tokens']['acquire'] = async (...given) => {
      other = vend({ connection, minTtlSeconds: 0 }, process())
      await clock.sleep(1)
      return tokens.acquire(...given)
    }
    const startedAt = clock.now()
    const swept = await renewDue(vendor, { ...process(), tokens: { ...tokens, acquire } })
    expect(swept).toEqual({ due: 1, renewed: 0, failed: 0, left: 0 })
    expect(secondsBetween(startedAt, clock.now())).toBe(1)
    await other
    expect(calls).toHaveLength(2)
  })

  it('begins nothing that could not end in the time left', async () => {
    const { toDue, processFor, vendor, calls } = kept()
    await toDue()
    expect(await renewDue(vendor, processFor(14.9))).toEqual({ due: 1, renewed: 0, failed: 0, left: 1 })
    expect(calls).toHaveLength(1)
    expect(await renewDue(vendor, processFor(15))).toEqual({ due: 1, renewed: 1, failed: 0, left: 0 })
  })

  it('leaves a failing vendor alone for a minute, and refused credentials for an hour', async () => {
    const { sweep, toDue, will, clock } = kept()
    await toDue()
    will(refuses('vendor_throttled', 'wait', { retryAfterSeconds: 10 }))
    expect(await sweep()).toEqual({ due: 1, renewed: 0, failed: 1, left: 0 })
    clock.advance(59)
    expect((await sweep()).due).toBe(0)
    clock.advance(HOUR)
    will(refuses('credential_rejected', 'no'))
    expect(await sweep()).toEqual({ due: 1, renewed: 0, failed: 1, left: 0 })
    clock.advance(HOUR - 1)
    expect((await sweep()).due).toBe(0)
    clock.advance(1)
    // It is known by now, and nothing was tried.
    expect(await sweep()).toEqual({ due: 1, renewed: 0, failed: 0, left: 0 })
  })

  it('tries a vendor that goes on failing every five minutes', async () => {
    const { sweep, toDue, will, clock, calls } = kept()
    await toDue()
    will(refuses('vendor_unavailable', 'down', { retryAfterSeconds: 1 }))
    const before = calls.length
    for (let minute = 0; minute < 60; minute++) {
      await sweep()
      clock.advance(60)
    }
    // After 1, 2, 3 and 4 minutes, and then every 5.
    expect(calls.length - before).toBe(14)
  })

  it('does not stop at one that fails', async () => {
    const { sweep, secrets, ask, clock, will } = kept()
    for (const name of ['a', 'b', 'c']) {
      secrets.replace(`acme/${name}`, { password: name })
      await ask(name)
    }
    clock.advance(HOUR - 60)
    let calls = 0
    will((...given) => {
      calls += 1
      return calls === 1 ? refuses('vendor_malformed', 'nonsense')(...given) : gives({})(...given)
    })
    expect(await sweep()).toEqual({ due: 3, renewed: 2, failed: 1, left: 0 })
  })

  it('lets rest what nobody has used in 14 days, unless it is kept warm, and takes it up again when used', async () => {
    const policy = { maxLifeSeconds: 100 * DAY }
    const { sweep, ask, keepWarm, clock, calls } = kept({ policy, script: gives({ lifeSeconds: 20 * DAY }) })
    await ask()
    clock.advance(19 * DAY)
    expect(await sweep()).toEqual({ due: 1, renewed: 0, failed: 0, left: 0 })
    expect((await sweep()).due).toBe(0)
    clock.advance(DAY)
    expect((await ask()).source).toBe('vendor')
    await keepWarm()
    clock.advance(18 * DAY)
    expect(await sweep()).toEqual({ due: 1, renewed: 1, failed: 0, left: 0 })
    expect(calls).toHaveLength(3)
  })

  it('lets rest after as many days as the deployment says, and tokens in memory after two at most', async () => {
    const policy = { maxLifeSeconds: 100 * DAY }
    for (const [storage, days, renewed] of [
      ['table', 3, 0],
      ['table', 30, 1],
      ['memory', 30, 0],
    ] as const) {
      const m = kept({ policy: { ...policy, storage }, script: gives({ lifeSeconds: 20 * DAY }) })
      await m.ask()
      m.clock.advance(19 * DAY)
      expect((await m.sweep({ restAfterDays: days })).renewed).toBe(renewed)
    }
  })

  it('never lets a grant rest, which would die of it', async () => {
    const policy = { singleUseRefreshToken: true, maxLifeSeconds: 100 * DAY } as const
    const { sweep, ask, clock } = kept({ policy, script: gives({ lifeSeconds: 20 * DAY, refreshToken: 'r' }) })
    await ask()
    clock.advance(19 * DAY)
    expect(await sweep()).toEqual({ due: 1, renewed: 1, failed: 0, left: 0 })
  })

  it('never lets a grant rest whose refresh token is used again and again either', async () => {
    const script = gives({ lifeSeconds: 20 * DAY, refreshToken: 'r' })
    const { sweep, ask, clock } = kept({ consent: true, policy: { maxLifeSeconds: 100 * DAY }, script })
    await ask()
    clock.advance(19 * DAY)
    expect(await sweep()).toEqual({ due: 1, renewed: 1, failed: 0, left: 0 })
  })

  it('does not count its own calls as use', async () => {
    const { sweep, ask, clock, tokens, connection } = kept()
    await ask()
    await ask()
    const { usedAt } = (await tokens.read(connection)).state
    expect(usedAt).toEqual(clock.now())
    clock.advance(2 * DAY)
    expect((await sweep()).renewed).toBe(1)
    expect((await tokens.read(connection)).state.usedAt).toEqual(usedAt)
  })

  it('takes up again what rests when it is enabled or kept warm, before anybody uses it', async () => {
    const { sweep, toDue, keepWarm, setStatus, clock } = kept()
    await toDue()
    await setStatus('disabled')
    expect((await sweep()).renewed).toBe(0)
    await setStatus('active')
    expect((await sweep()).renewed).toBe(1)
    clock.advance(30 * DAY)
    expect((await sweep()).renewed).toBe(0)
    await keepWarm()
    expect((await sweep()).renewed).toBe(1)
  })

  it('passes over a disabled connection and a dead grant', async () => {
    const policy = { singleUseRefreshToken: true, maxLifeSeconds: 100 * DAY } as const
    const stop = {
      disabled: ({ connection, process }: ReturnType<typeof kept>) => disable(connection, process()),
      dead: ({ tokens, connection, clock }: ReturnType<typeof kept>) =>
        tokens.stop(connection, {
          kind: 'revoke',
          failure: { code: 'grant_revoked', detail: 'taken back', count: 1, since: clock.now() },
        }),
    }
    for (const how of ['disabled', 'dead'] as const) {
      const m = kept({ policy, script: gives({ refreshToken: 'r' }) })
      await m.toDue()
      await stop[how](m)
      expect(await m.sweep()).toEqual({ due: 1, renewed: 0, failed: 0, left: 0 })
      m.clock.advance(100 * DAY)
      expect((await m.sweep()).due).toBe(0)
      expect(m.calls).toHaveLength(1)
    }
  })
})

describe('a sweep over many connections', () => {
  /** So many connections whose turn has come, at a vendor that takes up to half a second for each. */
  async function crowd(count: number) {
    const m = kept()
    const names = Array.from({ length: count }, (_, i) => `site-${i}`)
    for (const name of names) {
      m.secrets.replace(`acme/${name}`, { password: name })
      await m.ask(name)
    }
    m.clock.advance(HOUR - 200)
    const slow: Script = async (context, refreshToken, call) => {
      await m.clock.sleep(0.1 + (call % 5) / 10)
      return gives({})(context, refreshToken, call)
    }
    m.will(slow)
    m.calls.length = 0
    const renewed = async () => {
      const rows = await Promise.all(names.map((name) => m.tokens.read({ vendor: m.vendor, name })))
      return rows.filter(({ token }) => token && token.accessToken.expiresAt > secondsAfter(m.clock.now(), 1800)).length
    }
    return { ...m, names, slow, renewed }
  }

  it.each([
    ['tokens', 'read', 1],
    ['tokens', 'acquire', 1],
    ['tokens', 'record', 1],
    ['tokens', 'put', 0],
    ['registry', 'postpone', 0],
    ['allowance', 'use', 1],
  ] as const)('goes on when %s.%s is throttled once, and leaves nothing running', async (...fault) => {
    const [port, method, failed] = fault
    const m = await crowd(20)
    const machine = m.forSweep()
    const { process, expectQuiet } = watched({
      ...machine,
      // The method is one of this port's: the list above says so.
      [port]: broken(machine[port], method as never),
    })
    expect(await renewDue(m.vendor, process)).toEqual({ due: 20, renewed: 20 - failed, failed, left: 0 })
    await expectQuiet()
    expect(m.calls.length).toBeGreaterThanOrEqual(19)
    expect(await m.renewed()).toBeGreaterThanOrEqual(19)
    // A token that could not be cached was obtained all the same, and is renewed for those who come later.
    const again = method === 'put' ? 1 : failed
    expect(await m.sweep()).toEqual({ due: again, renewed: again, failed: 0, left: 0 })
  })

  it('goes on when the table throttles every other write, and renews the rest a minute later', async () => {
    const m = await crowd(20)
    const machine = m.forSweep()
    let writes = 0
    const record: Machine['tokens']['record'] = async (under, outcome) => {
      writes += 1
      if (writes % 2 === 0) throw new VendingError('store_unavailable', 'the table throttles')
      return machine.tokens.record(under, outcome)
    }
    const { process, expectQuiet } = watched({ ...machine, tokens: { ...machine.tokens, record } })
    const { due, renewed, failed, left } = await renewDue(m.vendor, process)
    expect([due, renewed + failed, left]).toEqual([20, 20, 0])
    expect(failed).toBeGreaterThan(0)
    await expectQuiet()
    await m.sweep()
    expect(await m.renewed()).toBe(20)
  })

  it('throws what was unexpected only when all the others have ended', async () => {
    const m = await crowd(20)
    m.will((...given) => {
      if (m.calls.at(-1)?.password === 'site-3') throw new TypeError('a bug of ours')
      return m.slow(...given)
    })
    const { process, expectQuiet } = watched(m.forSweep())
    await expect(renewDue(m.vendor, process)).rejects.toThrow(new TypeError('a bug of ours'))
    await expectQuiet()
    expect(await m.renewed()).toBe(19)
    expect(m.observations.filter(({ kind }) => kind === 'swept')).toEqual([
      { kind: 'swept', vendor: m.vendor, fault: 'it broke on our side' },
    ])
  })

  it('reaches everybody although more connections throw than are worked on at once', async () => {
    const m = await crowd(60)
    m.will((...given) => {
      if (Number(m.calls.at(-1)?.password.slice(5)) < 40) throw new TypeError('a bug of ours')
      return gives({})(...given)
    })
    const { process, expectQuiet } = watched(m.forSweep())
    await expect(renewDue(m.vendor, process)).rejects.toThrow('a bug of ours')
    await expectQuiet()
    expect(await m.renewed()).toBe(20)
  })

  it('begins nothing that it could not end in the time of the function', async () => {
    const m = await crowd(40)
    m.will(async (...given) => {
      await m.clock.sleep(8)
      return gives({})(...given)
    })
    const startedAt = m.clock.now()
    const { process, expectQuiet } = watched(m.processFor(17))
    const { due, renewed, failed, left } = await renewDue(m.vendor, process)
    const took = secondsBetween(startedAt, m.clock.now())
    await expectQuiet()
    expect([due, renewed + left, failed]).toEqual([40, 40, 0])
    expect(left).toBeGreaterThan(0)
    expect(renewed).toBeGreaterThan(0)
    expect(took).toBeLessThan(17)
    for (const { at } of m.calls) expect(secondsBetween(startedAt, at)).toBeLessThanOrEqual(1)
    const fault = `${left} renewals were due for more than 90 s and could not be begun in time`
    expect(m.observations.filter(({ kind }) => kind === 'swept')).toEqual([{ kind: 'swept', vendor: m.vendor, fault }])
  })

  it('goes on until nothing is due, however much that is', async () => {
    const m = await crowd(2100)
    m.will(gives({}))
    expect(await m.sweep()).toEqual({ due: 2100, renewed: 2100, failed: 0, left: 0 })
  }, 20_000)

  it('begins none after 55 s, ends those it has begun, and says how many it has left, beyond what it looked up too', async () => {
    const m = await crowd(1100)
    m.will(async (...given) => {
      await m.clock.sleep(8)
      return gives({})(...given)
    })
    const startedAt = m.clock.now()
    const { due, renewed, failed, left } = await m.sweep()
    expect([due, renewed + left, failed]).toEqual([1100, 1100, 0])
    expect(renewed).toBe(7 * 64)
    const began = m.calls.map(({ at }) => secondsBetween(startedAt, at))
    expect(Math.max(...began)).toBe(48)
    expect(secondsBetween(startedAt, m.clock.now())).toBe(56)
  }, 20_000)

  it('begins nobody twice whose turn the index has not moved yet, and comes past them', async () => {
    const m = await crowd(1100)
    m.will(gives({}))
    const all = await m.registry.due(m.vendor, m.clock.now(), 2000)
    const due: Machine['registry']['due'] = async (_vendor, _now, limit) => all.slice(0, limit)
    expect(await m.sweep({ registry: { ...m.registry, due } })).toMatchObject({ due: 1100, renewed: 1100 })
    expect(m.calls).toHaveLength(1100)
  }, 20_000)

  it('asks the vendor once for each when two run at once, and neither waits for the other', async () => {
    const m = await crowd(300)
    const startedAt = m.clock.now()
    const [one, two] = await Promise.all([m.sweep(), m.sweep()])
    expect([one.renewed + two.renewed, one.failed + two.failed]).toEqual([300, 0])
    expect(m.calls).toHaveLength(300)
    expect(secondsBetween(startedAt, m.clock.now())).toBeLessThan(20)
  })

  it('leaves a vendor alone that fails 64 times on end, without an alarm of its own, and comes back in a minute', async () => {
    const m = await crowd(500)
    m.will(refuses('vendor_throttled', 'down', { retryAfterSeconds: 1 }))
    const { renewed, failed, left } = await m.sweep()
    expect(renewed).toBe(0)
    expect(failed).toBeGreaterThanOrEqual(64)
    expect(failed).toBeLessThan(128)
    expect(left).toBe(500 - failed)
    expect(m.observations.filter(({ kind }) => kind === 'swept')).toEqual([{ kind: 'swept', vendor: m.vendor }])
    m.clock.advance(60)
    m.will(gives({}))
    expect(await m.sweep()).toEqual({ due: 500, renewed: 500, failed: 0, left: 0 })
  })

  it('comes past 300 connections that fail to those between them that do not', async () => {
    const m = await crowd(360)
    m.will((...given) => {
      const number = Number(m.calls.at(-1)?.password.slice(5))
      if (number % 6 > 0) return refuses('vendor_throttled', 'down', { retryAfterSeconds: 1 })(...given)
      return gives({})(...given)
    })
    expect(await m.sweep()).toEqual({ due: 360, renewed: 60, failed: 300, left: 0 })
  })
})

it('spreads the renewals of 1,000 tokens that were obtained together: never more than 2 % of them in one second', async () => {
  const { clock, secrets, sweep, ask, calls, will } = kept()
  const names = Array.from({ length: 1000 }, (_, i) => `site-${i}`)
  for (const name of names) secrets.replace(`acme/${name}`, { password: name })
  for (const name of names) await ask(name)
  const madeAt = clock.now()
  will(async (...given) => {
    await clock.sleep(0.4)
    return gives({})(...given)
  })
  calls.length = 0
  for (let minute = 1; minute <= 4 * 60; minute++) {
    clock.advance(Math.max(0, secondsBetween(clock.now(), secondsAfter(madeAt, minute * 60))))
    await sweep()
  }
  const perSecond = new Map<number, number>()
  for (const { at } of calls) {
    const second = Math.floor(at.getTime() / 1000)
    perSecond.set(second, (perSecond.get(second) ?? 0) + 1)
  }
  expect(calls.length).toBeGreaterThan(4000)
  expect(Math.max(...perSecond.values())).toBeLessThanOrEqual(20)
}, 60_000)

describe('the health of sweeps', () => {
  /** Nobody is notified in the first ten minutes; then one notice, and one when it is over. */
  it('is notified of once when they leave work undone for ten minutes, and once when they do not any more', async () => {
    const { toDue, sweep, processFor, vendor, clock, notices } = kept()
    await toDue()
    const cramped = () => renewDue(vendor, processFor(10))
    for (let minute = 0; minute < 10; minute++) {
      expect((await cramped()).left).toBe(1)
      clock.advance(60)
    }
    expect(notices).toEqual([])
    for (let minute = 0; minute < 30; minute++) {
      await cramped()
      clock.advance(60)
    }
    const detail = '1 renewals were due for more than 90 s and could not be begun in time'
    expect(notices).toMatchObject([{ kind: 'sweep_failing', vendor: 'acme', title: 'Acme', detail }])
    await sweep()
    clock.advance(60)
    await sweep()
    expect(notices).toMatchObject([{}, { kind: 'recovered', was: 'sweep_failing' }])
    expect(notices).toHaveLength(2)
  })

  it('is not doubted for what is left that the next sweep renews before any caller would', async () => {
    const { toDue, processFor, vendor, clock, observations } = kept()
    await toDue()
    clock.advance(89.999)
    expect((await renewDue(vendor, processFor(10))).left).toBe(1)
    clock.advance(0.001)
    expect((await renewDue(vendor, processFor(10))).left).toBe(1)
    const fault = '1 renewals were due for more than 90 s and could not be begun in time'
    expect(observations.filter(({ kind }) => kind === 'swept')).toEqual([
      { kind: 'swept', vendor },
      { kind: 'swept', vendor, fault },
    ])
  })

  it('is not doubted for a sweep that broke and the next that went well', async () => {
    const { toDue, sweep, clock, notices, registry } = kept()
    await toDue()
    for (let minute = 0; minute < 30; minute++) {
      await expect(sweep({ registry: broken(registry, 'due') })).rejects.toMatchObject({ code: 'store_unavailable' })
      clock.advance(30)
      await sweep()
      clock.advance(30)
    }
    expect(notices).toEqual([])
  })
})
