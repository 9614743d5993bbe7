import { dynamoAllowance } from '../../functions/aws/dynamo-allowance.ts'
import { dynamoRegistry } from '../../functions/aws/dynamo-registry.ts'
import { dynamoTokens } from '../../functions/aws/dynamo-tokens.ts'
import { kmsEnvelope } from '../../functions/aws/envelope.ts'
import { vend } from '../../functions/core/vend.ts'
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
    }),
    registry: dynamoRegistry(options),
    allowance: dynamoAllowance(options),
  }
  const process = () => ({ ...w.process(), ...ports })
  return {
    ...w,
    ...fake,
    process,
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

  it('once per sweep for what is due, and seven times for each connection that it renews', async () => {
    const { vendor, connection, callsOf, clock } = await machine()
    await callsOf((runtime) => vend({ connection, minTtlSeconds: 0 }, runtime))
    clock.advance(3000)
    const calls = await callsOf((runtime) => renewDue(vendor, runtime))
    expect(calls).toEqual([
      'Query',
      'Query',
      'Query',
      'UpdateItem STATE',
      'GetItem REFUSALS',
      'UpdateItem STATE',
      'UpdateItem TOKEN',
      'UpdateItem STATE',
    ])
  })
})
