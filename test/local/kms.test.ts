import {
  CreateAliasCommand,
  CreateKeyCommand,
  DecryptCommand,
  type DecryptCommandInput,
  DescribeKeyCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  KMSClient,
  ListAliasesCommand,
} from '@aws-sdk/client-kms'
import { type AwsEndpoints, startAwsEndpoints } from '../../lib/local/aws-endpoints.ts'

let aws: AwsEndpoints
let kms: KMSClient
let key: { id: string; arn: string }
const EncryptionContext = { connection: 'accelo#hq', use: 'access' }

beforeEach(async () => {
  aws = await startAwsEndpoints({ port: 0, region: 'us-east-1', accountId: '123456789012' })
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b' }
  kms = new KMSClient({ endpoint: aws.url, region: 'us-east-1', credentials })
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({ Description: 'envelope' }))
  key = { id: String(KeyMetadata?.KeyId), arn: String(KeyMetadata?.Arn) }
  await kms.send(new CreateAliasCommand({ AliasName: 'alias/vendomat', TargetKeyId: key.id }))
})

afterEach(async () => {
  kms.destroy()
  await aws.close()
})

const dataKey = (more: object = {}) =>
  kms.send(new GenerateDataKeyCommand({ KeyId: 'alias/vendomat', KeySpec: 'AES_256', EncryptionContext, ...more }))
const decrypt = (CiphertextBlob: Uint8Array | undefined, more: Partial<DecryptCommandInput> = {}) =>
  kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext, ...more }))
const hex = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('hex')
const unreadable = { name: 'InvalidCiphertextException' }

describe('a key', () => {
  it('is listed by its aliases, and one without an alias is not', async () => {
    const bare = await kms.send(new CreateKeyCommand({}))
    const AliasArn = 'arn:aws:kms:us-east-1:123456789012:alias/vendomat'
    const listed = [{ AliasName: 'alias/vendomat', AliasArn, TargetKeyId: key.id }]
    expect((await kms.send(new ListAliasesCommand({}))).Aliases).toEqual(listed)
    expect((await kms.send(new ListAliasesCommand({ KeyId: key.arn }))).Aliases).toEqual(listed)
    const ofBare = new ListAliasesCommand({ KeyId: bare.KeyMetadata?.KeyId })
    expect((await kms.send(ofBare)).Aliases).toEqual([])
    await expect(kms.send(new ListAliasesCommand({ KeyId: 'nobody' }))).rejects.toMatchObject({
      name: 'NotFoundException',
    })
  })

  it('is found by id, ARN, alias and alias ARN', async () => {
    const aliasArn = 'arn:aws:kms:us-east-1:123456789012:alias/vendomat'
    for (const KeyId of [key.id, key.arn, 'alias/vendomat', aliasArn]) {
      const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId }))
      expect(KeyMetadata).toMatchObject({
        Arn: key.arn,
        KeySpec: 'SYMMETRIC_DEFAULT',
        Enabled: true,
        Description: 'envelope',
      })
    }
  })

  it('that does not exist is said not to exist', async () => {
    for (const KeyId of ['alias/none', '00000000-0000-4000-8000-000000000001', `${key.arn}0`]) {
      await expect(dataKey({ KeyId })).rejects.toMatchObject({ name: 'NotFoundException' })
    }
  })

  it('has an alias that no other key can take', async () => {
    const again = new CreateAliasCommand({ AliasName: 'alias/vendomat', TargetKeyId: key.id })
    await expect(kms.send(again)).rejects.toMatchObject({ name: 'AlreadyExistsException' })
  })
})

describe('a data key', () => {
  it('has 32 bytes, is another one each time, and comes back from its cipher text', async () => {
    const [first, second] = [await dataKey(), await dataKey()]
    expect(first.Plaintext).toHaveLength(32)
    expect(first.KeyId).toBe(key.arn)
    expect(hex(first.Plaintext)).not.toBe(hex(second.Plaintext))
    expect(hex(first.CiphertextBlob)).not.toContain(hex(first.Plaintext))
    const opened = await decrypt(first.CiphertextBlob)
    expect(hex(opened.Plaintext)).toBe(hex(first.Plaintext))
    expect(opened.KeyId).toBe(key.arn)
  })

  it('opens whatever the order of the context', async () => {
    const { CiphertextBlob, Plaintext } = await dataKey()
    const opened = await decrypt(CiphertextBlob, { EncryptionContext: { use: 'access', connection: 'accelo#hq' } })
    expect(hex(opened.Plaintext)).toBe(hex(Plaintext))
  })

  it.each([
    ['a missing context', undefined],
    ['an empty context', {}],
    ['another value', { ...EncryptionContext, connection: 'accelo#ro' }],
    ['one pair less', { connection: 'accelo#hq' }],
    ['one pair more', { ...EncryptionContext, extra: '1' }],
  ])('does not open with %s', async (_, context) => {
    const { CiphertextBlob } = await dataKey()
    await expect(decrypt(CiphertextBlob, { EncryptionContext: context })).rejects.toMatchObject(unreadable)
  })

  it('does not open when any part of its cipher text changed', async () => {
    const { CiphertextBlob = new Uint8Array() } = await dataKey()
    for (const at of [0, 40, 50, CiphertextBlob.length - 1]) {
      const changed = CiphertextBlob.map((byte, index) => (index === at ? byte ^ 1 : byte))
      await expect(decrypt(changed)).rejects.toMatchObject(unreadable)
    }
    await expect(decrypt(CiphertextBlob.slice(0, 50))).rejects.toMatchObject(unreadable)
    await expect(decrypt(Buffer.from('rubbish'))).rejects.toMatchObject(unreadable)
  })

  it('does not open under another key', async () => {
    const { CiphertextBlob } = await dataKey()
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({}))
    await expect(decrypt(CiphertextBlob, { KeyId: KeyMetadata?.KeyId })).rejects.toMatchObject({
      name: 'IncorrectKeyException',
    })
    await expect(decrypt(CiphertextBlob, { KeyId: 'alias/vendomat' })).resolves.toBeDefined()
  })
})

describe('encrypting', () => {
  const encrypt = (Plaintext: Uint8Array) =>
    kms.send(new EncryptCommand({ KeyId: key.id, Plaintext, EncryptionContext }))

  it('gives back what was encrypted', async () => {
    const { CiphertextBlob } = await encrypt(Buffer.from('a secret'))
    const { Plaintext = new Uint8Array() } = await decrypt(CiphertextBlob)
    expect(Buffer.from(Plaintext).toString()).toBe('a secret')
  })

  it('takes 4096 bytes and refuses one more', async () => {
    await expect(encrypt(Buffer.alloc(4096))).resolves.toBeDefined()
    await expect(encrypt(Buffer.alloc(4097))).rejects.toMatchObject({ name: 'ValidationException' })
  })
})
