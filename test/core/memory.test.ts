import { keepHold, newMemory } from '../../functions/core/memory.ts'
import type { Runtime } from '../../functions/core/runtime.ts'
import { vend } from '../../functions/core/vend.ts'
import type { Connection } from '../../functions/kit/connection.ts'
import { VendingError } from '../../functions/kit/errors.ts'
import { broken, fakeVendor, gives, refuses, The, world } from '../support/world.ts'

const get = (connection: Connection, runtime: Runtime, minTtlSeconds = 0) =>
  vend({ connection, minTtlSeconds }, runtime)
const outcome = (connection: Connection, runtime: Runtime) =>
  get(connection, runtime).then(
    ({ source, warnings }) => [source, ...warnings.map(({ code }) => code)].join(' '),
    (error: VendingError) => error.code,
  )

/** A process, and what it asked of the table, the allowances and the secrets. */
function counted(w: ReturnType<typeof world>) {
  const process = w.process()
  let calls = 0
  const count = <P extends object>(port: P): P =>
    new Proxy(port, {
      get: (target, name, receiver) => {
        const method: unknown = Reflect.get(target, name, receiver)
        if (typeof method !== 'function' || name === 'known') return method
        return (...given: unknown[]) => {
          calls += 1
          return method.apply(target, given)
        }
      },
    })
  const { tokens, registry, allowance, credentials } = process
  const counting = {
    ...process,
    tokens: count(tokens),
    registry: count(registry),
    allowance: count(allowance),
    credentials: count(credentials),
  }
  return {
    process: counting,
    callsOf: async (work: () => Promise<unknown>) => {
      calls = 0
      await work()
      return calls
    },
  }
}

describe('for five seconds after it asked, a process asks nobody again', () => {
  const cases: readonly [string, string, (w: ReturnType<typeof world>) => Promise<Connection>][] = [
    [
      'while the vendor is down',
      'vendor_malformed',
      async (w) => {
        const { connection } = fakeVendor({
          script: refuses('vendor_malformed', 'nonsense', { retryAfterSeconds: 60 }),
        })
        await outcome(connection, w.process())
        return connection
      },
    ],
    [
      'while the vendor is down and a late token is there',
      'stale not_renewed',
      async (w) => {
        const { connection, will } = fakeVendor()
        await outcome(connection, w.process())
        w.clock.advance(3400)
        will(refuses('vendor_malformed', 'nonsense', { retryAfterSeconds: 60 }))
        await outcome(connection, w.process())
        return connection
      },
    ],
    [
      'while the credentials are refused',
      'credential_rejected',
      async (w) => {
        const { connection } = fakeVendor({ script: refuses('credential_rejected', 'wrong') })
        await outcome(connection, w.process())
        return connection
      },
    ],
    [
      'while a person has to connect again',
      'cache reconnect_needed',
      async (w) => {
        const { connection, will } = fakeVendor({
          policy: { singleUseRefreshToken: true },
          script: gives({ refreshToken: 'r' }),
        })
        await outcome(connection, w.process())
        will(refuses('grant_rejected', 'over'))
        w.clock.advance(3400)
        await outcome(connection, w.process())
        return connection
      },
    ],
    [
      'when the connection is unknown',
      'unknown_connection',
      async () => ({ vendor: fakeVendor().vendor, name: 'nobody' }),
    ],
    [
      'while another renews a late token',
      'cache',
      async (w) => {
        const { connection, will } = fakeVendor()
        await outcome(connection, w.process())
        w.clock.advance(3400)
        will(() => new Promise(() => {}))
        void outcome(connection, w.process())
        await new Promise(setImmediate)
        return connection
      },
    ],
  ]

  it.each(cases)('%s', async (_, expected, begin) => {
    const w = world()
    const connection = await begin(w)
    const { process, callsOf } = counted(w)
    const ask = async () => expect(await outcome(connection, process)).toBe(expected)
    expect(await callsOf(ask)).toBeGreaterThan(0)
    w.clock.advance(4.999)
    expect(await callsOf(ask)).toBe(0)
    w.clock.advance(0.001)
    expect(await callsOf(ask)).toBeGreaterThan(0)
  })

  it('but calls the vendor as soon as its pause is over', async () => {
    const w = world({ random: () => 0 })
    const { connection, will, calls } = fakeVendor({
      script: refuses('vendor_malformed', 'nonsense', { retryAfterSeconds: 2 }),
    })
    const one = w.process()
    await outcome(connection, one)
    will(gives({}))
    w.clock.advance(1.999)
    expect(await outcome(connection, one)).toBe('vendor_malformed')
    w.clock.advance(0.001)
    expect(await outcome(connection, one)).toBe('vendor')
    expect(calls).toHaveLength(2)
  })

  it('but hears at once of who could not use the token', async () => {
    const w = world()
    const { connection, will } = fakeVendor()
    const one = w.process()
    const { token } = await get(connection, one)
    w.clock.advance(3400)
    will(refuses('vendor_malformed', 'nonsense', { retryAfterSeconds: 60 }))
    expect(await outcome(connection, one)).toBe('stale not_renewed')
    const rejected = token.accessToken.value.fingerprint
    await expect(vend({ connection, minTtlSeconds: 0, rejected }, one)).rejects.toMatchObject({
      code: 'vendor_malformed',
    })
  })

  it('but looks for who could not use a token, whatever was found a moment ago', async () => {
    const w = world()
    const { vendor } = fakeVendor()
    const connection = { vendor, name: 'new' }
    const one = w.process()
    expect(await outcome(connection, one)).toBe('unknown_connection')
    w.secrets.replace('acme/new', { password: 'p1' })
    expect(await outcome(connection, one)).toBe('unknown_connection')
    expect((await vend({ connection, minTtlSeconds: 0, rejected: '0123456789abcdef' }, one)).source).toBe('vendor')
  })

  it('but not of what failed before the token that it has obtained since', async () => {
    const w = world()
    const { connection, will } = fakeVendor({ script: refuses('credential_rejected', 'wrong') })
    const one = w.process()
    expect(await outcome(connection, one)).toBe('credential_rejected')
    will(gives({}))
    w.secrets.replace('acme/hq', { password: 'p2' })
    await vend({ connection, minTtlSeconds: 0, ahead: true }, one)
    expect(await outcome(connection, one)).toBe('cache')
  })

  it('and remembers no more than a thousand names that anybody asked for', () => {
    const memory = newMemory()
    const checkedAt = The.now
    for (let i = 0; i < 1500; i++)
      keepHold(memory, `acme#${i}`, { reason: new VendingError('unknown_connection', 'none'), checkedAt })
    expect([memory.holds.size, memory.holds.has('acme#499'), memory.holds.has('acme#500')]).toEqual([1000, false, true])
  })
})

describe('a warning', () => {
  it('is given to everybody who is served the copy that it is about', async () => {
    const w = world()
    const { connection } = fakeVendor()
    const one = { ...w.process(), tokens: broken(w.tokens, 'put') }
    expect(await outcome(connection, one)).toBe('vendor not_cached')
    expect(await outcome(connection, one)).toBe('cache not_cached')
  })
})

describe('a token that works is not lost', () => {
  it.each([
    ['is deleted', (w: ReturnType<typeof world>) => w.secrets.remove('acme/hq'), 'stale not_renewed'],
    [
      'is no JSON any more',
      (w: ReturnType<typeof world>) => w.secrets.replace('acme/hq', undefined),
      'stale not_renewed',
    ],
  ])('when the secret %s', async (_, change, expected) => {
    const w = world()
    const { connection } = fakeVendor()
    await get(connection, w.process())
    change(w)
    w.clock.advance(3400)
    expect(await outcome(connection, w.process())).toBe(expected)
    w.clock.advance(200)
    expect(await outcome(connection, w.process())).toMatch(/^(unknown_connection|configuration)$/)
  })

  it.each([
    ['is cached in the table', undefined, 3400],
    ['stays in memory', { storage: 'memory' } as const, 2400],
  ])('when the secret may not be read any more, and it %s', async (_, policy, lateSeconds) => {
    const w = world()
    const { connection } = fakeVendor({ ...(policy && { policy }) })
    const one = w.process()
    await get(connection, one)
    const denied = new VendingError('configuration', "the function's role lacks secretsmanager:GetSecretValue")
    const credentials = { ...one.credentials, read: () => Promise.reject(denied) }
    w.clock.advance(lateSeconds)
    expect(await outcome(connection, { ...one, credentials })).toMatch(/^(stale not_renewed|cache)$/)
    w.clock.advance(3600)
    expect(await outcome(connection, { ...one, credentials })).toBe('configuration')
  })

  it.each([
    ['does not fit', {}],
    ['is no JSON', undefined],
  ])('when a person replaces it by a document that %s', async (_, document) => {
    const w = world()
    const { connection } = fakeVendor({ holdsToken: true, script: gives({ name: 'jwt', lifeSeconds: 86_400 }) })
    expect(await outcome(connection, w.process())).toBe('cache')
    w.secrets.replace('acme/hq', document)
    expect(await outcome(connection, w.process())).toBe('cache not_replaced')
  })

  it('but none is made up where the first document does not fit', async () => {
    const w = world()
    const { connection } = fakeVendor({ holdsToken: true })
    w.secrets.replace('acme/hq', {})
    expect(await outcome(connection, w.process())).toBe('configuration')
  })
})
