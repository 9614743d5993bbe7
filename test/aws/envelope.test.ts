import { randomBytes } from 'node:crypto'
import type { KMSClient, ServiceInputTypes } from '@aws-sdk/client-kms'
import { CompactEncrypt, compactDecrypt, decodeProtectedHeader } from 'jose'
import { type Binding, kmsEnvelope } from '../../functions/aws/envelope.ts'
import { jweEnvelope } from '../../functions/aws/jwe-envelope.ts'
import { Secret } from '../../functions/kit/secret.ts'
import { secondsAfter } from '../../functions/kit/time.ts'
import { now } from '../contracts/vendors.ts'
import { figure } from '../support/figure.ts'
import { localAws } from '../support/local-aws.ts'

let aws: Awaited<ReturnType<typeof localAws>>
beforeAll(async () => {
  aws = await localAws()
})
afterAll(() => aws.close())

const binding = { key: 'acme#hq', use: 'access', epoch: 1, fence: 2 } as const satisfies Binding

/** A key service that hands out its keys whatever the encryption context is. */
function carelessKms(): KMSClient {
  const kms = aws.kmsClient()
  kms.middlewareStack.add(
    (next) => async (args) => next({ ...args, input: { ...args.input, EncryptionContext: {} } as ServiceInputTypes }),
    { step: 'initialize' },
  )
  return kms
}

/** What one process has sealed, opened by another. */
async function sealed(kms: KMSClient) {
  const envelope = kmsEnvelope(kms, aws.keyId, () => now)
  const seal = await kmsEnvelope(kms, aws.keyId, () => now).sealer(binding.key)
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

  it.each<[string, Binding]>([
    ['connection', { ...binding, key: 'acme#other' }],
    ['vendor', { ...binding, key: 'apex#hq' }],
    ['use', { ...binding, use: 'refresh' }],
    ['use, of a consent', { key: binding.key, use: 'consent', id: '1|2' }],
    ['epoch', { ...binding, epoch: 2 }],
    ['fence', { ...binding, fence: 1 }],
  ])('opens under no other %s, not even where the key service is careless', async (_, other) => {
    const { open } = await sealed(carelessKms())
    expect(await open(other)).toBeUndefined()
    expect(await open(binding)).toBe('canary')
  })
})

describe('a sealed consent', () => {
  it('opens for its own state alone, and not as a token', async () => {
    const envelope = kmsEnvelope(carelessKms(), aws.keyId, () => now)
    const consent = { key: 'acme#hq', use: 'consent', id: 'a' } as const
    const text = await (await envelope.sealer(consent.key))(new Secret('canary'), consent)
    expect(await envelope.open(text, { ...consent, id: 'b' })).toBeUndefined()
    expect(await envelope.open(text, binding)).toBeUndefined()
    expect((await envelope.open(text, consent))?.reveal()).toBe('canary')
  })
})

describe('a data key', () => {
  /** Data keys from nowhere, and how often they were asked for. */
  function counted() {
    const calls: string[] = []
    let time = now
    const made = new Map<string, Uint8Array>()
    const dataKeys = {
      async generate() {
        calls.push('generate')
        const [plaintext, encrypted] = [randomBytes(32), randomBytes(60)]
        made.set(encrypted.toString('base64'), plaintext)
        return { plaintext, encrypted }
      },
      async decrypt(encrypted: Uint8Array) {
        calls.push('decrypt')
        return made.get(Buffer.from(encrypted).toString('base64'))
      },
    }
    const process = () => jweEnvelope(dataKeys, () => time)
    const wait = (seconds: number) => {
      time = secondsAfter(time, seconds)
    }
    return { calls, process, wait }
  }

  it('is kept by who sealed with it, for the next token of the connection and to open what it sealed, for an hour', async () => {
    const { calls, process, wait } = counted()
    const envelope = process()
    const text = await (await envelope.sealer(binding.key))(new Secret('canary'), binding)
    wait(3599)
    await envelope.sealer(binding.key)
    expect((await envelope.open(text, binding))?.reveal()).toBe('canary')
    expect(calls).toEqual(['generate'])
    wait(1)
    await envelope.sealer(binding.key)
    await envelope.open(text, binding)
    expect(calls).toEqual(['generate', 'generate', 'decrypt'])
  })

  it('of one connection seals for no other', async () => {
    const { calls, process } = counted()
    const envelope = process()
    await envelope.sealer('acme#hq')
    await envelope.sealer('acme#other')
    expect(calls).toEqual(['generate', 'generate'])
  })

  it('is opened once in a process, and again in another', async () => {
    const { calls, process } = counted()
    const text = await (await process().sealer(binding.key))(new Secret('canary'), binding)
    const reader = process()
    await reader.open(text, binding)
    await reader.open(text, binding)
    await process().open(text, binding)
    expect(calls).toEqual(['generate', 'decrypt', 'decrypt'])
  })
})

describe('the format', () => {
  const key = randomBytes(32)
  const encrypted = randomBytes(60)
  const envelope = () =>
    jweEnvelope({ generate: async () => ({ plaintext: key, encrypted }), decrypt: async () => key }, () => now)
  const long = `canary ${'ü'.repeat(2048)}`
  const jwe = (header: object) =>
    new CompactEncrypt(new TextEncoder().encode(long))
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', ...header })
      .encrypt(key)
  const ctx = 'vendomat1|acme#hq|access|1|2'
  const edk = encrypted.toString('base64url')

  it('is the JWE that JOSE reads', async () => {
    const text = await (await envelope().sealer(binding.key))(new Secret(long), binding)
    const { plaintext } = await compactDecrypt(text, key)
    expect(new TextDecoder().decode(plaintext)).toBe(long)
    expect(decodeProtectedHeader(text)).toEqual({ alg: 'dir', enc: 'A256GCM', ctx, edk })
  })

  it('is the JWE that JOSE writes', async () => {
    expect((await envelope().open(await jwe({ ctx, edk }), binding))?.reveal()).toBe(long)
  })

  it('differs each time: no initialization vector is used twice', async () => {
    const seal = await envelope().sealer(binding.key)
    const texts = await Promise.all(Array.from({ length: 50 }, () => seal(new Secret('same'), binding)))
    expect(new Set(texts.map((text) => text.split('.')[2])).size).toBe(50)
  })

  it('is opened by nobody when a part of it was changed, cut or added', async () => {
    const text = await jwe({ ctx, edk })
    const parts = text.split('.')
    const flipped = (part = '') => `${part.startsWith('A') ? 'B' : 'A'}${part.slice(1)}`
    const changed = [
      ...[2, 3, 4].map((i) => parts.with(i, flipped(parts[i])).join('.')),
      parts.with(1, 'AAAA').join('.'),
      parts.with(4, parts[4]?.slice(0, 6) ?? '').join('.'),
      parts.slice(0, 4).join('.'),
      `${text}.AAAA`,
      await jwe({ ctx, edk, more: 'x' }).then((other) => [other.split('.')[0], ...parts.slice(1)].join('.')),
      '',
    ]
    for (const one of changed) expect(await envelope().open(one, binding)).toBeUndefined()
    figure('sealed-whole', `${changed.length} of ${changed.length} changed texts do not open`)
    expect((await envelope().open(text, binding))?.reveal()).toBe(long)
  })
})
