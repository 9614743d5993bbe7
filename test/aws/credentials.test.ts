import {
  CreateSecretCommand,
  DeleteSecretCommand,
  PutSecretValueCommand,
  RestoreSecretCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import { secretsManagerCredentials } from '../../functions/aws/credentials.ts'
import { newMemory } from '../../functions/core/memory.ts'
import { acme } from '../contracts/vendors.ts'
import { refusingSecrets } from '../support/interference.ts'
import { localAws } from '../support/local-aws.ts'
import { fakeVendor, stillClock } from '../support/world.ts'

let aws: Awaited<ReturnType<typeof localAws>>
beforeAll(async () => {
  aws = await localAws()
  await aws.secrets.send(new CreateSecretCommand({ Name: 'vendomat/acme/hq', SecretString: '{"password":"p1"}' }))
})
afterAll(() => aws.close())

const reads = () => aws.calls()['secretsmanager.GetSecretValue'] ?? 0
const sourceOf = (client: SecretsManagerClient, { now } = stillClock()) =>
  secretsManagerCredentials(client, { prefix: 'vendomat', memory: newMemory(), now })
const open = (clock = stillClock()) => ({ clock, source: sourceOf(aws.secrets, clock) })

describe('credentials from Secrets Manager', () => {
  it('are read once in 300 seconds, and once for all who ask at the same time', async () => {
    const { source, clock } = open()
    const before = reads()
    await Promise.all(Array.from({ length: 20 }, () => source.read({ vendor: acme, name: 'hq' }, 300)))
    clock.advance(299.999)
    await source.read({ vendor: acme, name: 'hq' }, 300)
    expect(reads() - before).toBe(1)
    clock.advance(0.001)
    await source.read({ vendor: acme, name: 'hq' }, 300)
    expect(reads() - before).toBe(2)
  })

  it('are of the newest version for who asks for it', async () => {
    const { source } = open()
    expect(source.known({ vendor: acme, name: 'hq' })).toBeUndefined()
    const old = await source.read({ vendor: acme, name: 'hq' }, 300)
    expect(source.known({ vendor: acme, name: 'hq' })).toBe(old.version)
    await aws.secrets.send(
      new PutSecretValueCommand({ SecretId: 'vendomat/acme/hq', SecretString: '{"password":"p2"}' }),
    )
    expect(await source.read({ vendor: acme, name: 'hq' }, 300)).toBe(old)
    const latest = await source.read({ vendor: acme, name: 'hq' }, 0)
    expect(latest.document).toEqual({ password: 'p2' })
    expect(latest.version).not.toBe(old.version)
  })

  it('are cached of 500 connections at most, so that a list of thousands does not fill the memory', async () => {
    const names = Array.from({ length: 501 }, (_, n) => `of-${n}`)
    const store = (name: string) =>
      aws.secrets.send(new CreateSecretCommand({ Name: `vendomat/acme/${name}`, SecretString: '{}' }))
    await Promise.all(names.map(store))
    const { source } = open()
    for (const name of names) await source.read({ vendor: acme, name }, 300)
    const known = names.filter((name) => source.known({ vendor: acme, name }) !== undefined)
    expect(known).toEqual(names.slice(1))
  }, 20_000)

  it('that are not there mean that there is no such connection', async () => {
    await expect(open().source.read({ vendor: acme, name: 'nobody' }, 300)).rejects.toMatchObject({
      code: 'unknown_connection',
    })
  })

  it('that are no JSON are a version without a document, which the vendor refuses without quoting it', async () => {
    const made = new CreateSecretCommand({ Name: 'vendomat/acme/text', SecretString: 'canary' })
    const { VersionId } = await aws.secrets.send(made)
    const read = await open().source.read({ vendor: acme, name: 'text' }, 300)
    expect(read).toEqual({ document: undefined, version: VersionId })
    expect(() => fakeVendor().vendor.validate(read.document)).toThrow('are not a JSON document')
  })

  it('that cannot be read are a failure of ours, not an unknown connection', async () => {
    const gone = await localAws()
    await gone.close()
    const { source } = {
      source: secretsManagerCredentials(gone.secrets, {
        prefix: 'vendomat',
        memory: newMemory(),
        now: stillClock().now,
      }),
    }
    await expect(source.read({ vendor: acme, name: 'hq' }, 300)).rejects.toMatchObject({ code: 'store_unavailable' })
  })
})

describe('a secret that cannot be read', () => {
  const hq = { vendor: acme, name: 'hq' }
  const read = (client: SecretsManagerClient, connection = hq) => sourceOf(client).read(connection, 0)

  it('for it waits for its deletion is no connection any more, and is one again when it is restored', async () => {
    const doomed = { vendor: acme, name: 'doomed' }
    const SecretId = 'vendomat/acme/doomed'
    const { VersionId = '' } = await aws.secrets.send(new CreateSecretCommand({ Name: SecretId, SecretString: '{}' }))
    await aws.secrets.send(new DeleteSecretCommand({ SecretId, RecoveryWindowInDays: 7 }))
    await expect(read(aws.secrets, doomed)).rejects.toMatchObject({
      code: 'unknown_connection',
      message: 'the secret vendomat/acme/doomed is scheduled for deletion',
    })
    expect(await open().source.readVersion(doomed, VersionId)).toBeUndefined()
    await aws.secrets.send(new RestoreSecretCommand({ SecretId }))
    expect((await read(aws.secrets, doomed)).version).toBe(VersionId)
  })

  it('for nothing is stored in it yet is not one that does not exist', async () => {
    await aws.secrets.send(new CreateSecretCommand({ Name: 'vendomat/acme/empty' }))
    await expect(read(aws.secrets, { vendor: acme, name: 'empty' })).rejects.toMatchObject({
      code: 'configuration',
      message: 'the secret vendomat/acme/empty has no value yet',
    })
  })

  const user = 'User: arn:aws:sts::111122223333:assumed-role/canary/session'
  const [get, decrypt] = ['secretsmanager:GetSecretValue', 'kms:Decrypt']
  it.each([
    [
      get,
      'AccessDeniedException',
      `${user} is not authorized to perform: ${get} on resource: vendomat/acme/hq because …`,
    ],
    [decrypt, 'AccessDeniedException', `${user} is not authorized to perform: ${decrypt} on resource: arn:aws:kms:1`],
    [decrypt, 'AccessDeniedException', 'Access to KMS is not allowed'],
    [get, 'AccessDeniedException', 'in other words'],
    [decrypt, 'DecryptionFailure', "Secrets Manager can't decrypt the protected secret text"],
  ])('for want of %s says so (%s), and not to try again', async (permission, type, words) => {
    const error = await read(refusingSecrets(type, words)).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'configuration', message: expect.stringContaining(permission) })
    expect(error).toMatchObject({ message: expect.stringMatching(/^the secret vendomat\/acme\/hq /) })
    expect(error).not.toMatchObject({ message: expect.stringContaining('canary') })
    const versions = sourceOf(refusingSecrets(type, words))
    await expect(versions.readVersion(hq, 'v1')).rejects.toMatchObject({ code: 'configuration' })
  })

  it.each([
    ['ThrottlingException', 'Rate exceeded'],
    ['InternalServiceError', 'An error occurred on the server side.'],
    ['UnrecognizedClientException', 'The security token included in the request is invalid.'],
  ])('for %s is a failure of ours, which passes', async (type, words) => {
    await expect(read(refusingSecrets(type, words))).rejects.toMatchObject({ code: 'store_unavailable' })
  })

  it('for another reason of its own than its deletion is not one that is gone', async () => {
    await expect(read(refusingSecrets('InvalidRequestException', 'something else'))).rejects.toMatchObject({
      code: 'configuration',
    })
  })
})

describe('an earlier version of the credentials', () => {
  async function twoVersions(name: string) {
    const { source } = open()
    const SecretId = `vendomat/acme/${name}`
    const first = await aws.secrets.send(new CreateSecretCommand({ Name: SecretId, SecretString: '{"password":"p1"}' }))
    await aws.secrets.send(new PutSecretValueCommand({ SecretId, SecretString: '{"password":"p2"}' }))
    return { source, SecretId, version: first.VersionId ?? '' }
  }

  it('is read as it was, and only once', async () => {
    const { source, version } = await twoVersions('twice')
    const before = reads()
    const read = () => source.readVersion({ vendor: acme, name: 'twice' }, version)
    const [one, other] = await Promise.all([read(), read()])
    expect(one).toEqual({ document: { password: 'p1' }, version })
    expect(other).toBe(one)
    expect(await read()).toBe(one)
    expect(reads() - before).toBe(1)
  })

  it('does not pass for the newest', async () => {
    const { source, version } = await twoVersions('newest')
    await source.readVersion({ vendor: acme, name: 'newest' }, version)
    expect(source.known({ vendor: acme, name: 'newest' })).toBeUndefined()
    expect((await source.read({ vendor: acme, name: 'newest' }, 300)).document).toEqual({ password: 'p2' })
  })

  it('that is gone is none, and so is one of a secret that is gone', async () => {
    const { source, SecretId, version } = await twoVersions('gone')
    expect(await source.readVersion({ vendor: acme, name: 'gone' }, 'f'.repeat(36))).toBeUndefined()
    await aws.secrets.send(new DeleteSecretCommand({ SecretId, ForceDeleteWithoutRecovery: true }))
    expect(await source.readVersion({ vendor: acme, name: 'gone' }, version)).toBeUndefined()
  })

  it('is of the connection that was asked for: the version of another is none', async () => {
    const { version } = await twoVersions('mine')
    const { source } = await twoVersions('other')
    expect(await source.readVersion({ vendor: acme, name: 'mine' }, version)).toBeDefined()
    expect(await source.readVersion({ vendor: acme, name: 'other' }, version)).toBeUndefined()
  })

  it('is read again when 50 others came after it', async () => {
    const { source, version } = await twoVersions('many')
    const others: string[] = []
    for (let n = 0; n < 50; n += 1) {
      const SecretString = JSON.stringify({ password: `p${n}` })
      const put = new PutSecretValueCommand({ SecretId: 'vendomat/acme/many', SecretString })
      others.push((await aws.secrets.send(put)).VersionId ?? '')
    }
    const read = (id: string) => source.readVersion({ vendor: acme, name: 'many' }, id)
    await read(version)
    for (const other of others.slice(0, 49)) await read(other)
    const before = reads()
    await read(version)
    expect(reads() - before).toBe(0)
    await read(others[49] ?? '')
    await read(version)
    expect(reads() - before).toBe(2)
  })

  it('that is no JSON has no document', async () => {
    const made = new CreateSecretCommand({ Name: 'vendomat/acme/words', SecretString: 'canary' })
    const { VersionId: version = '' } = await aws.secrets.send(made)
    const read = await open().source.readVersion({ vendor: acme, name: 'words' }, version)
    expect(read).toEqual({ document: undefined, version })
  })

  it('that cannot be read is a failure of ours, not one that is gone', async () => {
    const gone = await localAws()
    await gone.close()
    const source = secretsManagerCredentials(gone.secrets, {
      prefix: 'vendomat',
      memory: newMemory(),
      now: stillClock().now,
    })
    await expect(source.readVersion({ vendor: acme, name: 'hq' }, 'v')).rejects.toMatchObject({
      code: 'store_unavailable',
    })
  })
})
