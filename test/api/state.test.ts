import { takeAcknowledgement } from '../../functions/api/commands.ts'
import { list, show } from '../../functions/api/connections.ts'
import { disable, revoke } from '../../functions/api/revoke.ts'
import type { ConnectionState } from '../../functions/api/states.ts'
import { vend } from '../../functions/core/vend.ts'
import { checkConnection } from '../../functions/keeper/check.ts'
import { VendingError } from '../../functions/kit/errors.ts'
import { DAY_SECONDS, NEVER, secondsAfter } from '../../functions/kit/time.ts'
import { UNTRIED_VERSION } from '../../functions/kit/untried.ts'
import type { Vendor } from '../../functions/kit/vendor.ts'
import type { Machine } from '../../functions/lambda/runtime.ts'
import { fakeVendor, gives, refuses, type Script, The, world } from '../support/world.ts'

const DAY = DAY_SECONDS

/** A connection `hq`, what happens to it, and what is said of it then. */
function machine(options: Parameters<typeof fakeVendor>[0] = {}, more: Partial<Vendor> = {}) {
  const w = world()
  const fake = fakeVendor(options)
  const vendor = { ...fake.vendor, ...more }
  const connection = { vendor, name: The.connection }
  const ask = () => vend({ connection, minTtlSeconds: 0 }, w.process())
  return {
    ...w,
    ...fake,
    vendor,
    connection,
    ask,
    check: () => checkConnection(connection, w.process()),
    fails: async (...error: ConstructorParameters<typeof VendingError>) => {
      fake.will(refuses(...error))
      await ask().catch(() => {})
    },
    view: (runtime: Machine = w.process()) => show(connection, runtime),
    is: async () => (await show(connection, w.process())).state,
  }
}

type Tried = ReturnType<typeof machine>

/** A process that reads this of all secrets, and one that does so of some alone. */
function reading(machine: Machine, read: Machine['credentials']['read']): Machine {
  return { ...machine, credentials: { ...machine.credentials, read } }
}

const denied = new VendingError('configuration', "the secret may not be read: the function's role lacks kms:Decrypt")
const consented: Partial<Vendor> = {
  authorization: {
    url: async () => new URL('https://acme.example'),
    tokenEndpoint: async () => new URL('https://acme.example/token'),
    exchange: () => Promise.reject(new Error('not here')),
  },
}
const aged = (lifeDays: number): Script => gives({ name: 'jwt', lifeSeconds: lifeDays * DAY })

describe('a connection', () => {
  const cases: [ConnectionState, string, () => Promise<Tried>, RegExp][] = [
    [
      'secret_deleted',
      'whose secret is gone',
      async () => {
        const m = machine()
        await m.ask()
        m.secrets.remove('acme/hq')
        return m
      },
      /restore its secret; .* vendomat remove acme hq$/,
    ],
    [
      'malformed',
      'whose document does not fit',
      async () => {
        const m = machine()
        await m.ask()
        m.secrets.replace('acme/hq', { password: 7 })
        return m
      },
      /correct the secret as last_failure says: vendomat rotate acme hq/,
    ],
    [
      'reconnect',
      'whose grant was taken back',
      async () => {
        const m = machine({}, consented)
        await m.ask()
        await revoke(m.connection, m.process())
        return m
      },
      /vendomat connect acme hq/,
    ],
    [
      'expired',
      'whose static token the vendor refuses',
      async () => {
        const m = machine({ holdsToken: true, script: aged(90), liveness: () => 'refused' })
        await m.ask().catch(() => {})
        return m
      },
      /make a new token: vendomat rotate acme hq/,
    ],
    [
      'expired',
      'whose static token somebody has taken back',
      async () => {
        const m = machine({ holdsToken: true, script: aged(90) })
        await m.ask()
        await revoke(m.connection, m.process())
        return m
      },
      /make a new token: vendomat rotate acme hq/,
    ],
    [
      'failing',
      'whose credentials the vendor refuses',
      async () => {
        const m = machine()
        await m.fails('credential_rejected', 'no')
        return m
      },
      /replace the credentials: vendomat rotate acme hq/,
    ],
    [
      'failing',
      'whose vendor is down',
      async () => {
        const m = machine()
        await m.fails('vendor_unavailable', 'no')
        return m
      },
      /^none: it is tried again by itself at 2026-11-21T12:00:/,
    ],
    [
      'ending',
      'whose credentials end in 30 days',
      async () => {
        const m = machine()
        m.secrets.replace('acme/hq', { password: 'p', expires_on: '2026-12-21' })
        await m.ask()
        await m.check()
        return m
      },
      /replace the password, which ends on 2026-12-21T23:59:59Z: vendomat rotate acme hq/,
    ],
    [
      'ending',
      'whose static token nobody has used yet, and ends in 7 days of its 365',
      async () => {
        const script: Script = async (...call) => {
          const { accessToken } = await aged(7)(...call)
          return { accessToken: { ...accessToken, issuedAt: secondsAfter(The.now, -358 * DAY) } }
        }
        return machine({ holdsToken: true, script })
      },
      /replace the password, which ends on 2026-11-28T12:00:00Z: vendomat rotate acme hq/,
    ],
    [
      'ending',
      'whose grant ends in 7 days of its 14',
      async () => {
        const m = machine({ consent: true, policy: { grant: { maxSeconds: 14 * DAY } } })
        await m.ask()
        m.clock.advance(7 * DAY)
        await m.ask()
        return m
      },
      /^a person has to connect again before the grant ends on 2026-12-05T12:00:00Z: vendomat connect acme hq$/,
    ],
    [
      'ok',
      'whose grant renewals put off',
      async () => {
        const m = machine({ consent: true, policy: { grant: { idleSeconds: 3 * DAY } } })
        await m.ask()
        return m
      },
      /^none$/,
    ],
    ['new', 'that nobody has used', async () => machine(), /^none: /],
    ['new', 'that nobody has consented to', async () => machine({}, consented), /vendomat connect acme hq/],
    ['new', 'whose static token was never shown', async () => machine({ holdsToken: true, script: aged(90) }), /^none/],
    [
      'disabled',
      'that is switched off',
      async () => {
        const m = machine()
        await disable(m.connection, m.process())
        return m
      },
      /vendomat enable acme hq/,
    ],
    [
      'ageing',
      'whose token is about to be renewed',
      async () => {
        const m = machine()
        await m.ask()
        m.clock.advance(3100)
        return m
      },
      /^none: the next sweep or call renews it$/,
    ],
    [
      'ageing',
      'whose token has ended',
      async () => {
        const m = machine()
        await m.ask()
        m.clock.advance(3600)
        return m
      },
      /^none: the next sweep or call renews it$/,
    ],
    [
      'resting',
      'that nobody has used for longer than 14 days',
      async () => {
        const m = machine()
        await m.ask()
        m.clock.advance(14 * DAY + 1)
        return m
      },
      /^none: the next call obtains a token$/,
    ],
    [
      'ok',
      'with a fresh token',
      async () => {
        const m = machine()
        await m.ask()
        return m
      },
      /^none$/,
    ],
  ]

  it.each(cases)('is %s, %s, and says what to do', async (state, _what, happens, next) => {
    const m = await happens()
    const view = await m.view()
    expect([view.state, view.next_action]).toEqual([state, expect.stringMatching(next)])
    expect(view.next_action).not.toMatch(/[<>#]/)
    // What the list says of it is the same, but for a secret that it does not look at while the token is fresh.
    await m.registry.register(m.connection, { sweepAt: m.clock.now() })
    if (state === 'secret_deleted' || state === 'malformed') m.clock.advance(3100)
    expect((await list(m.vendor, undefined, m.process())).connections).toMatchObject([{ state }])
  })

  it('whose document does not fit says which member, and not what is in it', async () => {
    const m = machine()
    m.secrets.replace('acme/hq', { password: ['canary'] })
    const { last_failure } = await m.view()
    expect(last_failure).toMatchObject({
      code: 'configuration',
      detail: expect.stringMatching(/do not fit: password /),
    })
    expect(JSON.stringify(last_failure)).not.toContain('canary')
  })

  it.each([
    ['says which permission is missing', denied, 'secret_unreadable', /^correct who may read it/],
    [
      'says when it is read again by itself',
      new VendingError('store_unavailable', 'the secret store of this machine does not answer'),
      'secret_unreadable',
      /^none: it is read again/,
    ],
  ])('whose secret cannot be read %s', async (_what, error, state, next) => {
    const m = machine()
    await m.ask()
    const view = await m.view(reading(m.process(), () => Promise.reject(error)))
    expect(view).toMatchObject({ state, last_failure: { code: error.code, detail: error.message } })
    expect(view.next_action).toMatch(next)
  })
})

describe('a vendor that fails', () => {
  it('is failing until it has worked, however long ago the pause was over', async () => {
    const m = machine()
    await m.ask()
    m.clock.advance(3600)
    await m.fails('vendor_unavailable', 'Acme does not answer')
    for (const seconds of [0, 60, DAY, 20 * DAY]) {
      m.clock.advance(seconds)
      expect(await m.is()).toBe('failing')
    }
    expect((await m.view()).next_action).toBe('none: it is tried again by itself')
    m.will(gives({}))
    await m.ask()
    expect(await m.is()).toBe('ok')
  })

  it('is failing although the token at hand is good, which says until when', async () => {
    const m = machine()
    await m.ask()
    m.clock.advance(3400)
    await m.fails('vendor_unavailable', 'Acme does not answer')
    expect(await m.view()).toMatchObject({ state: 'failing', expires_at: '2026-11-21T13:00:00Z' })
  })

  it('is failing with new credentials as well until they have worked, and says that the next call tries them', async () => {
    const m = machine()
    await m.fails('credential_rejected', 'no')
    m.secrets.replace('acme/hq', { password: 'p2' })
    expect(await m.view()).toMatchObject({
      state: 'failing',
      next_action: 'none: the next call tries the new version of the secret',
    })
  })
})

describe('credentials that a person has to renew', () => {
  it('are ending from the first step of the reminders on, and not a day before', async () => {
    const m = machine({ policy: { maxLifeSeconds: 365 * DAY }, script: aged(300) })
    m.secrets.replace('acme/hq', { password: 'p', expires_on: '2027-02-01' })
    await m.ask()
    await m.check()
    m.clock.advance(11 * DAY)
    expect(await m.is()).toBe('ok')
    m.clock.advance(DAY)
    expect(await m.is()).toBe('ending')
    // Somebody who is at it has not done it yet.
    await takeAcknowledgement(m.connection, { by: 'ann' }, m.process())
    expect(await m.is()).toBe('ending')
  })

  it('are not, where nobody knows an end', async () => {
    const script: Script = async (...call) => {
      const { accessToken } = await aged(1)(...call)
      return { accessToken: { ...accessToken, expiresAt: NEVER } }
    }
    const m = machine({ holdsToken: true, script })
    await m.ask()
    expect(await m.view()).toMatchObject({ state: 'ok', next_action: 'none' })
  })
})

describe('a grant whose end is known', () => {
  const idle = { idleSeconds: 10 * DAY }

  it('has it beside that of the credentials, with what is said of it', async () => {
    const m = machine({ consent: true, policy: { grant: { maxSeconds: 14 * DAY } } })
    m.secrets.replace('acme/hq', { password: 'p', expires_on: '2027-11-01' })
    await m.ask()
    await m.check()
    expect(await m.view()).toMatchObject({
      credential_ends_at: '2027-11-01T23:59:59Z',
      grant: { ends_at: '2026-12-05T12:00:00Z' },
    })
    m.clock.advance(7 * DAY)
    await m.check()
    await takeAcknowledgement(m.connection, { by: 'ann', of: 'grant' }, m.process())
    const view = await m.view()
    expect(view.grant).toEqual({
      ends_at: '2026-12-05T12:00:00Z',
      next_notice_at: '2026-12-02T00:00:00Z',
      acknowledged: { by: 'ann', at: '2026-11-28T12:00:00Z' },
    })
    expect([view.next_notice_at, view.acknowledged]).toEqual([undefined, undefined])
    expect((await list(m.vendor, undefined, m.process())).connections).toMatchObject([{ grant: view.grant }])
  })

  it('says so where renewals put it off', async () => {
    const m = machine({ consent: true, policy: { grant: idle } })
    await m.ask()
    expect((await m.view()).grant).toEqual({ ends_at: '2026-12-01T12:00:00Z' })
    m.clock.advance(3600)
    await m.ask()
    expect((await m.view()).grant).toEqual({ ends_at: '2026-12-01T13:00:00Z', renewals_extend: true })
  })

  it('is not spoken of any more once it was taken back, or refused before', async () => {
    const policy = { grant: idle, singleUseRefreshToken: true } as const
    for (const end of ['revoke', 'refuse']) {
      const m = machine({ consent: true, policy, script: gives({ refreshToken: 'r' }) })
      await m.ask()
      m.clock.advance(3600)
      if (end === 'revoke') await revoke(m.connection, m.process())
      else await m.fails('grant_rejected', 'no')
      const view = await m.view()
      expect([view.state, view.grant]).toEqual(['reconnect', undefined])
    }
  })

  it.each([
    ['the grant, which ends first', '2026-12-06', /connect again .* 2026-12-05T12:00:00Z/],
    ['the credentials, which end first', '2026-12-04', /replace the password, which ends on 2026-12-04/],
  ])('is what a person has to see to before the other: %s', async (_what, day, next) => {
    const m = machine({ consent: true, policy: { grant: { maxSeconds: 14 * DAY } } })
    m.secrets.replace('acme/hq', { password: 'p', expires_on: day })
    await m.ask()
    await m.check()
    m.clock.advance(7 * DAY)
    await m.ask()
    expect(await m.view()).toMatchObject({ state: 'ending', next_action: expect.stringMatching(next) })
  })
})

describe('a connection that nobody uses', () => {
  it('rests after 14 days, when the last token of the sweep is used up', async () => {
    const m = machine()
    await m.ask()
    m.clock.advance(14 * DAY)
    expect(await m.is()).toBe('ageing')
    m.clock.advance(1)
    expect(await m.is()).toBe('resting')
    await vend({ connection: m.connection, minTtlSeconds: 0, ahead: true }, m.process())
    expect(await m.is()).toBe('ok')
    m.clock.advance(3600)
    expect(await m.is()).toBe('resting')
    await m.ask()
    expect(await m.is()).toBe('ok')
  })

  it('does not rest when it is kept warm, or holds a grant that would die', async () => {
    const warm = machine()
    await warm.ask()
    await warm.registry.register(warm.connection, { sweepAt: warm.clock.now(), keepWarm: true })
    const grant = machine({ policy: { singleUseRefreshToken: true } })
    await grant.ask()
    for (const m of [warm, grant]) {
      m.clock.advance(15 * DAY)
      expect(await m.is()).toBe('ageing')
    }
  })

  it('whose tokens stay in memory is ok in every process, and rests after 2 days', async () => {
    const m = machine({ policy: { storage: 'memory' } })
    expect(await m.is()).toBe('new')
    await m.ask()
    m.clock.advance(2 * DAY)
    expect(await m.view()).toMatchObject({ state: 'ok', next_action: 'none' })
    m.clock.advance(1)
    expect(await m.is()).toBe('resting')
  })
})

describe('when the machine renews next', () => {
  it('is said of what it renews by itself: before callers would, and now when that is over', async () => {
    const m = machine()
    await m.ask()
    const renewsAt = async () => new Date((await m.view()).renews_at ?? NaN)
    const { refreshAt } = (await m.tokens.read(m.connection)).token ?? {}
    expect((await renewsAt()) < (refreshAt ?? The.now)).toBe(true)
    expect((await renewsAt()) > m.clock.now()).toBe(true)
    m.clock.advance(3500)
    expect(await renewsAt()).toEqual(m.clock.now())
  })

  it('is when it is tried again, while a pause lasts', async () => {
    const m = machine()
    await m.fails('vendor_unavailable', 'no', { retryAfterSeconds: 60 })
    expect(await m.view()).toMatchObject({ renews_at: '2026-11-21T12:01:00Z' })
    m.clock.advance(60)
    expect(await m.view()).not.toHaveProperty('renews_at')
  })

  it('is not said of what rests, is off, waits for a person, or is what a person made', async () => {
    const token = machine({ holdsToken: true, script: aged(90) })
    await token.ask()
    const resting = machine()
    await resting.ask()
    resting.clock.advance(15 * DAY)
    const off = machine()
    await off.ask()
    await disable(off.connection, off.process())
    const grant = machine({}, consented)
    await grant.ask()
    await revoke(grant.connection, grant.process())
    for (const m of [token, resting, off, grant, machine()]) expect(await m.view()).not.toHaveProperty('renews_at')
  })
})

it('the version of the secret that is shown is the one that has worked, until the next has', async () => {
  const m = machine()
  expect(await m.view()).not.toHaveProperty('secret_version')
  await m.ask()
  m.secrets.replace('acme/hq', { password: 'p2' })
  expect((await m.view()).secret_version).toBe('v1')
  m.clock.advance(3600)
  await m.ask()
  expect((await m.view()).secret_version).toBe('v2')
})

it('what has become of a secret is seen at once by name, and on a list within a minute', async () => {
  const m = machine({ holdsToken: true, script: aged(90) })
  await m.ask()
  const process = m.process()
  const listed = async () => (await list(m.vendor, undefined, process)).connections.map(({ state }) => state)
  const shown = async () => (await show(m.connection, process)).state
  expect([await shown(), await listed()]).toEqual(['ok', ['ok']])
  m.secrets.remove('acme/hq')
  m.clock.advance(59)
  expect(await listed()).toEqual(['ok'])
  expect(await shown()).toBe('secret_deleted')
  m.secrets.replace('acme/hq', {})
  expect(await shown()).toBe('malformed')
  m.secrets.remove('acme/hq')
  m.clock.advance(60)
  expect(await listed()).toEqual(['secret_deleted'])
})

it('a list shows what is wrong with each secret, and all the others', async () => {
  const m = machine({ holdsToken: true, script: aged(90) })
  m.secrets.remove('acme/hq')
  const names = ['a', 'deleted', 'denied', 'malformed', 'text', 'z']
  for (const name of names) {
    m.secrets.replace(`acme/${name}`, { password: 'p' })
    await vend({ connection: { vendor: m.vendor, name }, minTtlSeconds: 0 }, m.process())
  }
  m.secrets.remove('acme/deleted')
  m.secrets.replace('acme/malformed', {})
  m.secrets.replace('acme/text', undefined)
  const process = m.process()
  const read: Machine['credentials']['read'] = (connection, age) =>
    connection.name === 'denied' ? Promise.reject(denied) : process.credentials.read(connection, age)
  const { connections } = await list(m.vendor, undefined, reading(process, read))
  expect(connections.map(({ connection, state, last_failure }) => [connection, state, last_failure?.detail])).toEqual([
    ['a', 'ok', undefined],
    ['deleted', 'secret_deleted', 'there is no secret vendomat/acme/deleted'],
    ['denied', 'secret_unreadable', denied.message],
    ['malformed', 'malformed', expect.stringContaining('password')],
    ['text', 'malformed', 'the Acme credentials are not a JSON document'],
    ['z', 'ok', undefined],
  ])
})

it('a secret whose first credentials were never tried to the end says so, and who mends it', async () => {
  const m = machine()
  m.secrets.propose('acme/hq', UNTRIED_VERSION, {})
  m.secrets.rollback('acme/hq', UNTRIED_VERSION)
  expect(await show(m.connection, m.process())).toMatchObject({
    state: 'malformed',
    next_action: 'a person has to connect, as nobody has to the end: vendomat connect acme hq',
    last_failure: { code: 'configuration', detail: expect.stringContaining('not tried to the end') },
  })
  m.secrets.replace('acme/hq', {})
  expect((await show(m.connection, m.process())).next_action).toContain('vendomat rotate acme hq')
})
