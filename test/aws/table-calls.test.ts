import { list } from '../../functions/api/connections.ts'
import { dynamoAllowance } from '../../functions/aws/dynamo-allowance.ts'
import { dynamoDirectory } from '../../functions/aws/dynamo-directory.ts'
import { dynamoRegistry } from '../../functions/aws/dynamo-registry.ts'
import { dynamoRounds } from '../../functions/aws/dynamo-rounds.ts'
import { dynamoTokens } from '../../functions/aws/dynamo-tokens.ts'
import { kmsEnvelope } from '../../functions/aws/envelope.ts'
import { vend } from '../../functions/core/vend.ts'
import { checkAll, continueCheck } from '../../functions/keeper/check.ts'
import { renewDue } from '../../functions/keeper/sweep.ts'
import { localAws } from '../support/local-aws.ts'
import { fakeVendor, gives, world } from '../support/world.ts'

let aws: Awaited<ReturnType<typeof localAws>>
beforeAll(async () => {
  aws = await localAws()
})
afterAll(() => aws.close())

/** A machine on a table of its own, and the items that it asks for: `UpdateItem STATE`. */
async function machine(single?: 'single use') {
  const calls: string[] = []
  const client = aws.dynamoClient()
  client.middlewareStack.add(
    (next, { commandName = '' }) =>
      async (args) => {
        const { Key } = args.input as { readonly Key?: { readonly sk?: { readonly S?: string } } }
        calls.push([commandName.replace('Command', ''), Key?.sk?.S].filter(Boolean).join(' '))
        return next(args)
      },
    { step: 'initialize' },
  )
  const w = world()
  const options = { client, table: await aws.createTable() }
  const fake = fakeVendor(single && { policy: { singleUseRefreshToken: true }, script: gives({ refreshToken: 'r' }) })
  const ports = {
    tokens: dynamoTokens({
      ...options,
      envelope: kmsEnvelope(aws.kms, aws.keyId, w.clock.now),
      onUnsealable: () => {},
      now: w.clock.now,
    }),
    registry: dynamoRegistry(options),
    directory: dynamoDirectory(options),
    rounds: dynamoRounds(options),
    allowance: dynamoAllowance(options),
  }
  const process = () => ({ ...w.process(), ...ports })
  return {
    ...w,
    ...fake,
    process,
    /** How often a key was asked for, or used. */
    kmsCalls: () =>
      Object.entries(aws.calls())
        .filter(([name]) => name.startsWith('TrentService.'))
        .reduce((sum, [, count]) => sum + count, 0),
    /** What the table is asked for by a vend of a new process. */
    callsOf: async (work: (runtime: ReturnType<typeof process>) => Promise<unknown>) => {
      calls.length = 0
      await work(process())
      return [...calls]
    },
  }
}

describe('the table is asked', () => {
  it('six times by the first vend of a connection, and once by the next process', async () => {
    const { connection, callsOf } = await machine()
    const first = await callsOf((runtime) => vend({ connection, minTtlSeconds: 0 }, runtime))
    expect(first).toEqual([
      'Query',
      'UpdateItem STATE',
      'UpdateItem REFUSALS',
      'UpdateItem REFUSALS',
      'UpdateItem STATE',
      'UpdateItem TOKEN',
    ])
    expect(await callsOf((runtime) => vend({ connection, minTtlSeconds: 0 }, runtime))).toEqual(['Query'])
  })

  it('five times by a caller who renews, and a sixth to note the send of a refresh token', async () => {
    for (const single of [undefined, 'single use'] as const) {
      const { connection, callsOf, clock } = await machine(single)
      await callsOf((runtime) => vend({ connection, minTtlSeconds: 0 }, runtime))
      clock.advance(3600)
      expect(await callsOf((runtime) => vend({ connection, minTtlSeconds: 0 }, runtime))).toEqual([
        'Query',
        'UpdateItem STATE',
        'GetItem REFUSALS',
        ...(single ? ['UpdateItem STATE'] : []),
        'UpdateItem STATE',
        'UpdateItem TOKEN',
      ])
    }
  })

  it('once per sweep for what is due, and five times for each connection that it renews, six with a refresh token', async () => {
    for (const single of [undefined, 'single use'] as const) {
      const { vendor, connection, callsOf, clock } = await machine(single)
      await callsOf((runtime) => vend({ connection, minTtlSeconds: 0 }, runtime))
      clock.advance(3000)
      expect(await callsOf((runtime) => renewDue(vendor, runtime))).toEqual([
        'Query',
        'Query',
        'UpdateItem STATE',
        'GetItem REFUSALS',
        ...(single ? ['UpdateItem STATE'] : []),
        'UpdateItem STATE',
        'UpdateItem TOKEN',
      ])
    }
  })

  it('once for a connection that another is renewing when a sweep comes to it', async () => {
    const { vendor, connection, callsOf, clock, will } = await machine()
    await callsOf((runtime) => vend({ connection, minTtlSeconds: 0 }, runtime))
    clock.advance(3000)
    let during: readonly string[] = []
    will(async (...given) => {
      during = await callsOf((runtime) => renewDue(vendor, runtime))
      return gives({})(...given)
    })
    await callsOf((runtime) => renewDue(vendor, runtime))
    expect(during).toEqual(['Query', 'Query'])
  })

  it('four times by a run of the daily check, and once for each connection of which there is nothing new', async () => {
    const { vendor, callsOf, secrets, kmsCalls } = await machine()
    secrets.remove('acme/hq')
    for (const name of ['a', 'b', 'c']) {
      secrets.replace(`acme/${name}`, { password: name })
      await callsOf((runtime) => vend({ connection: { vendor, name }, minTtlSeconds: 0 }, runtime))
    }
    const decrypts = kmsCalls()
    expect(await callsOf((runtime) => checkAll(vendor, runtime))).toEqual([
      ...['GetItem CHECK', 'UpdateItem CHECK', 'Query'],
      ...['BatchGetItem', 'BatchGetItem', 'BatchGetItem'],
      'UpdateItem CHECK',
    ])
    expect(kmsCalls()).toBe(decrypts)
    // And once by each minute's sweep, which has nothing to go on with.
    expect(await callsOf((runtime) => continueCheck(vendor, runtime))).toEqual(['GetItem CHECK'])
  })

  it('four times by the first page of a list, and no key and no secret with it', async () => {
    const { vendor, process, callsOf, secrets, kmsCalls } = await machine()
    const names = Array.from({ length: 60 }, (_, i) => `site-${i}`)
    secrets.remove('acme/hq')
    for (const name of names) secrets.replace(`acme/${name}`, { password: name })
    for (let i = 0; i < names.length; i += 5)
      await Promise.all(
        names.slice(i, i + 5).map((name) => vend({ connection: { vendor, name }, minTtlSeconds: 0 }, process())),
      )
    const [decrypts, reads] = [kmsCalls(), secrets.reads()]
    const calls = await callsOf(async (runtime) => {
      const { connections } = await list(vendor, undefined, runtime)
      expect(connections.map(({ state }) => state)).toEqual(names.map(() => 'ok'))
    })
    expect(calls).toEqual(['Query', 'GetItem CHECK', 'BatchGetItem', 'BatchGetItem'])
    expect([kmsCalls(), secrets.reads()]).toEqual([decrypts, reads])
  }, 30_000)
})
