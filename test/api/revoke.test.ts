import { setOwner, setStatus } from '../../functions/api/commands.ts'
import { list, show } from '../../functions/api/connections.ts'
import { disable, revoke } from '../../functions/api/revoke.ts'
import { vend } from '../../functions/core/vend.ts'
import { type FailureCode, VendingError } from '../../functions/kit/errors.ts'
import type { Revocation, Vendor } from '../../functions/kit/vendor.ts'
import { happensBefore } from '../support/ports.ts'
import { fakeVendor, gives, refuses, The, world } from '../support/world.ts'

const hq = (vendor: Vendor) => ({ vendor, name: The.connection })
const wanted = (vendor: Vendor) => ({ connection: hq(vendor), minTtlSeconds: 0 })

function revocable(revokes: Revocation['revoke'], more: Partial<Vendor> = {}) {
  const fake = fakeVendor()
  return { ...fake, vendor: { ...fake.vendor, revocation: { ends: 'token' as const, revoke: revokes }, ...more } }
}

describe('a revoke', () => {
  it('reaches every process within 5 seconds, and this one at once', async () => {
    const { process, clock } = world()
    const { vendor } = fakeVendor()
    const [one, two] = [process(), process()]
    await vend(wanted(vendor), one)
    await vend(wanted(vendor), two)
    expect(await revoke(hq(vendor), one)).toBe('not_offered')
    const served = async (runtime: typeof one) => (await vend(wanted(vendor), runtime)).token.accessToken.value.reveal()
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
    await vend(wanted(vendor), process())
    expect(await revoke(hq(vendor), process())).toBe('done')
    expect(revoked).toEqual(['t1', 't1'])
  })

  it('counts here although the vendor refuses, and a refusal is not tried again', async () => {
    const { process } = world()
    let calls = 0
    const { vendor } = revocable(async () => {
      calls += 1
      throw new VendingError('credential_rejected', 'no')
    })
    await vend(wanted(vendor), process())
    expect(await revoke(hq(vendor), process())).toBe('failed')
    expect(calls).toBe(1)
    expect((await vend(wanted(vendor), process())).token.accessToken.value.reveal()).toBe('t2')
  })

  it('has nothing to take back where nothing was given or it has ended', async () => {
    const { process, clock } = world()
    const { vendor } = revocable(async () => {})
    expect(await revoke(hq(vendor), process())).toBe('nothing_to_revoke')
    await vend(wanted(vendor), process())
    clock.advance(3600)
    expect(await revoke(hq(vendor), process())).toBe('nothing_to_revoke')
  })

  it('ends a grant: the connection says reconnect', async () => {
    const { process } = world()
    const authorization = {
      url: async () => new URL('https://acme.example'),
      tokenEndpoint: async () => new URL('https://acme.example/token'),
      exchange: () => Promise.reject(new Error('not here')),
    }
    const { vendor } = revocable(async () => {}, { authorization })
    await vend(wanted(vendor), process())
    expect(await revoke(hq(vendor), process())).toBe('done')
    expect((await show(hq(vendor), process())).state).toBe('reconnect')
    await expect(vend(wanted(vendor), process())).rejects.toMatchObject({ code: 'grant_revoked' })
  })

  describe('of a vendor that takes the refresh token', () => {
    const given = () => {
      const tokens: string[] = []
      const fake = fakeVendor({ script: gives({ refreshToken: 'r' }) })
      const take: Revocation['revoke'] = async (_, token) => void tokens.push(token.reveal())
      const revocation = { ends: 'grant', takes: 'refresh token', revoke: take } as const
      return { ...fake, vendor: { ...fake.vendor, revocation }, tokens }
    }

    it('hands it over, so that the grant ends and not only the token', async () => {
      const { process } = world()
      const { vendor, tokens } = given()
      await vend(wanted(vendor), process())
      expect(await revoke(hq(vendor), process())).toBe('done')
      expect(tokens).toEqual(['r1'])
    })

    it('spends it on no other token first when the access token has ended', async () => {
      const { process, clock } = world()
      const { vendor, tokens, calls } = given()
      await vend(wanted(vendor), process())
      clock.advance(3600)
      expect(await revoke(hq(vendor), process())).toBe('done')
      expect([tokens, calls.length]).toEqual([['r1'], 1])
    })

    it('hands over the access token where there is no refresh token', async () => {
      const { process } = world()
      const { vendor, tokens, will } = given()
      will(gives({}))
      await vend(wanted(vendor), process())
      expect(await revoke(hq(vendor), process())).toBe('done')
      expect(tokens).toEqual(['t1'])
    })

    it('keeps it back while somebody else may be sending it', async () => {
      const { process, clock } = world()
      const { vendor, tokens, will } = given()
      await vend(wanted(vendor), process())
      clock.advance(3600)
      will(async (...call) => {
        await clock.sleep(2)
        return gives({ refreshToken: 'r' })(...call)
      })
      const holder = vend(wanted(vendor), process()).catch(() => undefined)
      await clock.sleep(1)
      expect(await revoke(hq(vendor), process())).toBe('failed')
      await holder
      expect(tokens).toEqual([])
    })
  })

  it('bars a static token until it is replaced', async () => {
    const { process, secrets, clock } = world()
    const { vendor } = fakeVendor({ holdsToken: true, script: gives({ name: 'jwt', lifeSeconds: 86_400 }) })
    const one = process()
    await vend(wanted(vendor), one)
    expect(await revoke(hq(vendor), one)).toBe('not_offered')
    await expect(vend(wanted(vendor), one)).rejects.toMatchObject({ code: 'credential_revoked' })
    secrets.replace('acme/hq', { password: 'p2' })
    clock.advance(5)
    expect((await vend(wanted(vendor), one)).source).toBe('cache')
  })

  it('is written before the secret is read, which may take its time', async () => {
    const { process, tokens } = world()
    const { vendor } = fakeVendor()
    const one = process()
    await vend(wanted(vendor), one)
    const epochs: number[] = []
    const note = async () => epochs.push((await tokens.read(hq(vendor))).state.epoch)
    await revoke(hq(vendor), { ...one, credentials: happensBefore(one.credentials, 'read', note) })
    expect(epochs).toEqual([1])
  })

  it('of nobody is a 404 and leaves no trace', async () => {
    const { process, tokens } = world()
    const { vendor } = fakeVendor()
    const nobody = { vendor, name: 'nobody' }
    await expect(revoke(nobody, process())).rejects.toMatchObject({
      code: 'unknown_connection',
    })
    expect((await tokens.read(nobody)).state.epoch).toBe(0)
  })
})

const codes = { deleted: 'unknown_connection', malformed: 'configuration', unreadable: 'store_unavailable' } as const

/** What has become of a secret that a person has to take back or disable. */
const badSecrets: [keyof typeof codes, (w: ReturnType<typeof world>) => ReturnType<typeof w.process>][] = [
  [
    'deleted',
    (w) => {
      w.secrets.remove('acme/hq')
      return w.process()
    },
  ],
  ['malformed', (w) => unreadable(w, codes.malformed)],
  ['unreadable', (w) => unreadable(w, codes.unreadable)],
]

function unreadable(w: ReturnType<typeof world>, code: FailureCode) {
  const process = w.process()
  const read = () => Promise.reject(new VendingError(code, 'the secret of acme#hq cannot be read'))
  return { ...process, credentials: { ...process.credentials, read } }
}

describe.each(badSecrets)('a connection whose secret is %s', (what, broken) => {
  it('is revoked when it has a row, and vends nothing of before', async () => {
    const w = world()
    const { vendor, calls } = fakeVendor()
    await vend(wanted(vendor), w.process())
    expect(await revoke(hq(vendor), broken(w))).toBe('not_offered')
    expect((await w.tokens.read(hq(vendor))).state.epoch).toBe(1)
    w.secrets.replace('acme/hq', { password: 'p1' })
    expect((await vend(wanted(vendor), w.process())).token.accessToken.value.reveal()).toBe('t2')
    expect(calls).toHaveLength(2)
  })

  it('says that the vendor was not told, where there was something to take back there', async () => {
    const w = world()
    const revoked: string[] = []
    const { vendor } = revocable(async (_, token) => {
      revoked.push(token.reveal())
    })
    await vend(wanted(vendor), w.process())
    expect(await revoke(hq(vendor), broken(w))).toBe('failed')
    expect(revoked).toEqual([])
  })

  it('is disabled when it has a row, and says so', async () => {
    const w = world()
    const { vendor } = fakeVendor()
    await vend(wanted(vendor), w.process())
    const view = await setStatus(hq(vendor), 'disabled', broken(w))
    expect(view.state).toBe('disabled')
    await expect(vend(wanted(vendor), w.process())).rejects.toMatchObject({ code: 'connection_disabled' })
  })

  it('is neither revoked nor disabled without a row, which is not made either', async () => {
    const w = world()
    const { vendor } = fakeVendor()
    for (const stopping of [revoke(hq(vendor), broken(w)), setStatus(hq(vendor), 'disabled', broken(w))])
      await expect(stopping).rejects.toMatchObject({ code: codes[what] })
    expect((await w.tokens.read(hq(vendor))).exists).toBe(false)
  })

  it('is shown and listed, and hides none of the others', async () => {
    const w = world()
    w.secrets.replace('acme/b', { password: 'p1' })
    const { vendor } = fakeVendor()
    await vend({ connection: { vendor, name: 'b' }, minTtlSeconds: 0 }, w.process())
    await vend(wanted(vendor), w.process())
    const process = broken(w)
    const { credentials } = w.process()
    const read: typeof credentials.read = (connection, age) =>
      connection.name === 'b' ? credentials.read(connection, age) : process.credentials.read(connection, age)
    const listed = async () => {
      const { connections } = await list(vendor, undefined, { ...process, credentials: { ...credentials, read } })
      return connections.map(({ connection, state, last_failure }) => [connection, state, last_failure?.code])
    }
    // As long as the token is fresh nobody looks for the secret.
    expect(await listed()).toEqual([
      ['b', 'ok', undefined],
      ['hq', 'ok', undefined],
    ])
    w.clock.advance(3000)
    expect(await listed()).toEqual([
      ['b', 'ageing', undefined],
      ['hq', what === 'deleted' ? 'secret_deleted' : 'secret_unreadable', expect.any(String)],
    ])
  })
})

describe('a static token', () => {
  it.each(badSecrets)('whose secret is %s is revoked, and not vended when the secret is back', async (what, broken) => {
    const w = world()
    const { vendor } = fakeVendor({ holdsToken: true, script: gives({ name: 'jwt', lifeSeconds: 86_400 }) })
    await vend(wanted(vendor), w.process())
    await revoke(hq(vendor), broken(w))
    if (what === 'deleted') w.secrets.rollback('acme/hq', 'v1')
    await expect(vend(wanted(vendor), w.process())).rejects.toMatchObject({ code: 'credential_revoked' })
  })

  it.each([
    ['readable', 'credential_revoked', (w: ReturnType<typeof world>) => w.process()],
    ['unreadable', 'credential_expired', (w: ReturnType<typeof world>) => unreadable(w, codes.unreadable)],
  ])(
    'that took the place of a grant is not vended when it was revoked while the secret was %s',
    async (_what, code, runtime) => {
      const w = world()
      const fake = fakeVendor()
      const authorization = {
        url: async () => new URL('https://acme.example'),
        tokenEndpoint: async () => new URL('https://acme.example/token'),
        exchange: () => Promise.reject(new Error('not here')),
      }
      const isStatic = (document: unknown) => JSON.stringify(document).includes('static')
      const vendor: Vendor = { ...fake.vendor, authorization, isStatic }
      await vend(wanted(vendor), w.process())
      w.secrets.replace('acme/hq', { password: 'static' })
      w.clock.advance(3600)
      expect((await vend(wanted(vendor), w.process())).source).toBe('cache')
      await revoke(hq(vendor), runtime(w))
      await expect(vend(wanted(vendor), w.process())).rejects.toMatchObject({ code })
    },
  )
})

describe('a revoke of a grant, where the vendor ends it by an access token', () => {
  /** A grant whose token has expired, so that only its refresh token is left. */
  async function onlyRefreshToken(revokes: Revocation['revoke']) {
    const w = world()
    const authorization = {
      url: async () => new URL('https://acme.example'),
      tokenEndpoint: async () => new URL('https://acme.example/token'),
      exchange: () => Promise.reject(new Error('not here')),
    }
    const fake = fakeVendor({ policy: { singleUseRefreshToken: true }, script: gives({ refreshToken: 'r' }) })
    const revocation = { ends: 'grant' as const, revoke: revokes }
    const vendor: Vendor = { ...fake.vendor, authorization, revocation }
    await vend(wanted(vendor), w.process())
    w.clock.advance(3600)
    return { ...w, ...fake, vendor, sent: () => fake.calls.map(({ refreshToken }) => refreshToken) }
  }

  it('obtains one with the refresh token when none is left, and ends the grant with that', async () => {
    const revoked: string[] = []
    const { vendor, process, sent } = await onlyRefreshToken(async (_, token) => {
      revoked.push(token.reveal())
    })
    expect(await revoke(hq(vendor), process())).toBe('done')
    expect(sent()).toEqual([undefined, 'r1'])
    expect(revoked).toEqual(['t2'])
    await expect(vend(wanted(vendor), process())).rejects.toMatchObject({ code: 'grant_revoked' })
    expect(sent()).toEqual([undefined, 'r1'])
  })

  it('does not send a refresh token that somebody else may be sending', async () => {
    const { vendor, process, sent, clock, will } = await onlyRefreshToken(async () => {})
    will(async (...given) => {
      await clock.sleep(2)
      return gives({ refreshToken: 'r' })(...given)
    })
    const renewing = vend(wanted(vendor), process()).catch((error: unknown) => error)
    await clock.sleep(1)
    expect(await revoke(hq(vendor), process())).toBe('failed')
    expect(await renewing).toMatchObject({ code: 'grant_revoked' })
    expect(sent()).toEqual([undefined, 'r1'])
  })

  it('does not renew what lives', async () => {
    const revoked: string[] = []
    const { vendor, process, calls } = await onlyRefreshToken(async (_, token) => {
      revoked.push(token.reveal())
    })
    await vend(wanted(vendor), process())
    expect(await revoke(hq(vendor), process())).toBe('done')
    expect(revoked).toEqual(['t2'])
    expect(calls).toHaveLength(2)
  })

  it.each(['grant_rejected', 'vendor_unavailable'] as const)(
    'has failed there when no token comes (%s), and counts here all the same',
    async (code) => {
      let calls = 0
      const { vendor, process, will } = await onlyRefreshToken(async () => {
        calls += 1
      })
      will(refuses(code, 'no'))
      expect(await revoke(hq(vendor), process())).toBe('failed')
      expect(calls).toBe(0)
      await expect(vend(wanted(vendor), process())).rejects.toMatchObject({ code: 'grant_revoked' })
    },
  )

  it('has failed there when the vendor does not take the token that came', async () => {
    const { vendor, process } = await onlyRefreshToken(async () => {
      throw new VendingError('vendor_malformed', 'the end of the grant is not confirmed')
    })
    expect(await revoke(hq(vendor), process())).toBe('failed')
  })

  it('has nothing to do there the second time', async () => {
    const { vendor, process, calls } = await onlyRefreshToken(async () => {})
    await revoke(hq(vendor), process())
    expect(await revoke(hq(vendor), process())).toBe('nothing_to_revoke')
    expect(calls).toHaveLength(2)
  })
})

describe('what may be known of a connection', () => {
  it('is its state, never its token', async () => {
    const { process, clock } = world()
    const { vendor, will } = fakeVendor({ script: gives({ name: 'canary' }) })
    const look = () => show(hq(vendor), process())
    expect(await look()).toEqual({
      vendor: 'acme',
      connection: 'hq',
      state: 'new',
      next_action: expect.any(String),
    })
    await vend(wanted(vendor), process())
    expect(await look()).toEqual({
      vendor: 'acme',
      connection: 'hq',
      state: 'ok',
      expires_at: '2026-11-21T13:00:00Z',
      days_left: 0,
      renews_at: expect.stringMatching(/^2026-11-21T12:[34]\d:\d\dZ$/),
      secret_version: 'v1',
      last_success_at: '2026-11-21T12:00:00Z',
      next_action: 'none',
    })
    clock.advance(3400)
    expect((await look()).state).toBe('ageing')
    will(refuses('vendor_malformed', 'Acme answered nonsense'))
    await vend(wanted(vendor), process())
    expect(await look()).toMatchObject({
      state: 'failing',
      last_failure: { code: 'vendor_malformed', since: '2026-11-21T12:56:40Z' },
    })
    clock.advance(200)
    expect((await look()).state).toBe('failing')
    will(gives({ name: 'canary' }))
    await vend(wanted(vendor), process())
    expect((await look()).state).toBe('ok')
    expect(JSON.stringify(await look())).not.toContain('canary')
  })

  it('is who owns it and whether it may be used, once somebody has said so', async () => {
    const { process } = world()
    const { vendor } = fakeVendor()
    await setOwner(hq(vendor), 'ada@acme.example', process())
    const view = await setStatus(hq(vendor), 'disabled', process())
    expect(view).toMatchObject({ owner: 'ada@acme.example', state: 'disabled' })
    await expect(vend(wanted(vendor), process())).rejects.toMatchObject({ code: 'connection_disabled' })
    expect(await setStatus(hq(vendor), 'active', process())).toMatchObject({
      owner: 'ada@acme.example',
      state: 'new',
    })
  })

  it('is listed by vendor, also when its secret is gone, which hides none of the others', async () => {
    const { process, secrets, registry } = world()
    secrets.replace('acme/b', { password: 'p1' })
    const { vendor } = fakeVendor()
    await vend({ connection: { vendor, name: 'b' }, minTtlSeconds: 0 }, process())
    await setOwner(hq(vendor), 'ada@acme.example', process())
    await registry.register({ vendor, name: 'gone' }, { sweepAt: The.now })
    const { connections } = await list(vendor, undefined, process())
    expect(connections.map(({ connection, state }) => `${connection} ${state}`)).toEqual([
      'b ok',
      'gone secret_deleted',
      'hq new',
    ])
  })

  it('tells of a static token when it ends', async () => {
    const { process } = world()
    const { vendor } = fakeVendor({ holdsToken: true, script: gives({ name: 'jwt', lifeSeconds: 30 * 86_400 }) })
    await vend(wanted(vendor), process())
    expect(await show(hq(vendor), process())).toMatchObject({
      state: 'ok',
      days_left: 30,
      next_action: 'none',
    })
  })

  it('tells of a static token that has ended that a person is needed', async () => {
    const { process, clock } = world()
    const { vendor } = fakeVendor({
      holdsToken: true,
      script: (context, held, call) => gives({ lifeSeconds: 100 })({ ...context, now: () => The.now }, held, call),
    })
    await vend(wanted(vendor), process())
    clock.advance(100)
    const { state, next_action } = await show(hq(vendor), process())
    expect([state, next_action]).toEqual(['expired', 'a person has to make a new token: vendomat rotate acme hq'])
  })
})

it.each(['revoked', 'disabled'] as const)(
  'a connection that nobody has used is on the list once it is %s',
  async (how) => {
    const { process, directory } = world()
    const { vendor, connection } = fakeVendor()
    expect(await directory.page(vendor)).toEqual([])
    await (how === 'revoked' ? revoke(connection, process()) : disable(connection, process()))
    expect(await directory.page(vendor)).toEqual([connection])
  },
)
