import { CreateSecretCommand, DeleteSecretCommand, PutSecretValueCommand } from '@aws-sdk/client-secrets-manager'
import { secretsManagerCredentials } from '../../functions/aws/credentials.ts'
import { newMemory } from '../../functions/core/memory.ts'
import { acme } from '../contracts/vendors.ts'
import { localAws } from '../support/local-aws.ts'
import { fakeVendor, stillClock } from '../support/world.ts'

let aws: Awaited<ReturnType<typeof localAws>>
beforeAll(async () => {
  aws = await localAws()
  await aws.secrets.send(new CreateSecretCommand({ Name: 'vendomat/acme/hq', SecretString: '{"password":"p1"}' }))
})
afterAll(() => aws.close())

const reads = () => aws.calls()['secretsmanager.GetSecretValue'] ?? 0
const open = (clock = stillClock()) => ({
  clock,
  source: secretsManagerCredentials(aws.secrets, { prefix: 'vendomat', memory: newMemory(), now: clock.now }),
})

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
    for (const name of names)
      await aws.secrets.send(new CreateSecretCommand({ Name: `vendomat/acme/${name}`, SecretString: '{}' }))
    const { source } = open()
    for (const name of names) await source.read({ vendor: acme, name }, 300)
    const known = names.filter((name) => source.known({ vendor: acme, name }) !== undefined)
    expect(known).toEqual(names.slice(1))
  })

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
