import type { KMSClient, ServiceInputTypes } from '@aws-sdk/client-kms'
import { type Binding, kmsEnvelope } from '../../functions/aws/envelope.ts'
import { Secret } from '../../functions/kit/secret.ts'
import { now } from '../contracts/vendors.ts'
import { localAws } from '../support/local-aws.ts'

let aws: Awaited<ReturnType<typeof localAws>>
beforeAll(async () => {
  aws = await localAws()
})
afterAll(() => aws.close())

const binding: Binding = { key: 'acme#hq', use: 'access', epoch: 1, fence: 2 }

/** A key service that hands out its keys whatever the encryption context is. */
function carelessKms(): KMSClient {
  const kms = aws.kmsClient()
  kms.middlewareStack.add(
    (next) => async (args) => next({ ...args, input: { ...args.input, EncryptionContext: {} } as ServiceInputTypes }),
    { step: 'initialize' },
  )
  return kms
}

async function sealed(kms: KMSClient) {
  const envelope = kmsEnvelope(kms, aws.keyId, () => now)
  const seal = await envelope.sealer(binding.key)
  const text = await seal(new Secret('canary'), binding)
  return { text, open: async (changed: Binding) => (await envelope.open(text, changed))?.reveal() }
}

describe('a sealed token', () => {
  it('has its key made and opened under the machine, the vendor and the connection, which the key policy asks for', async () => {
    const asked: unknown[] = []
    const kms = aws.kmsClient()
    kms.middlewareStack.add((next, { commandName }) => (args) => {
      const { KeyId, EncryptionContext } = { KeyId: '', EncryptionContext: {}, ...args.input }
      asked.push([commandName, KeyId, EncryptionContext])
      return next(args)
    })
    const { open } = await sealed(kms)
    expect(await open(binding)).toBe('canary')
    const context = { app: 'vendomat', vendor: 'acme', connection: 'hq' }
    expect(asked).toEqual([
      ['GenerateDataKeyCommand', aws.keyId, context],
      ['DecryptCommand', aws.keyId, context],
    ])
  })

  it.each<[string, Partial<Binding>]>([
    ['connection', { key: 'acme#other' }],
    ['vendor', { key: 'apex#hq' }],
    ['use', { use: 'refresh' }],
    ['epoch', { epoch: 2 }],
    ['fence', { fence: 1 }],
  ])('opens under no other %s, not even where the key service is careless', async (_, change) => {
    const { open } = await sealed(carelessKms())
    expect(await open({ ...binding, ...change })).toBeUndefined()
    expect(await open(binding)).toBe('canary')
  })
})
