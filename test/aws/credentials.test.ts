import { CreateSecretCommand, PutSecretValueCommand } from '@aws-sdk/client-secrets-manager'
import { secretsManagerCredentials } from '../../functions/aws/credentials.ts'
import { newMemory } from '../../functions/core/memory.ts'
import { localAws } from '../local-aws.ts'
import { stillClock } from '../world.ts'

let aws: Awaited<ReturnType<typeof localAws>>
beforeAll(async () => {
  aws = await localAws()
  await aws.secrets.send(new CreateSecretCommand({ Name: 'vendomat/acme/hq', SecretString: '{"password":"p1"}' }))
})
afterAll(() => aws.close())

const reads = () => aws.calls()['secretsmanager.GetSecretValue'] ?? 0
const open = (clock = stillClock()) => ({
  clock,
  source: secretsManagerCredentials(aws.secrets, newMemory(), clock.now),
})

describe('credentials from Secrets Manager', () => {
  it('are read once in 300 seconds, and once for all who ask at the same time', async () => {
    const { source, clock } = open()
    const before = reads()
    await Promise.all(Array.from({ length: 20 }, () => source.read('acme', 'hq', 300)))
    clock.advance(299.999)
    await source.read('acme', 'hq', 300)
    expect(reads() - before).toBe(1)
    clock.advance(0.001)
    await source.read('acme', 'hq', 300)
    expect(reads() - before).toBe(2)
  })

  it('are of the newest version for who asks for it', async () => {
    const { source } = open()
    expect(source.known('acme', 'hq')).toBeUndefined()
    const old = await source.read('acme', 'hq', 300)
    expect(source.known('acme', 'hq')).toBe(old.version)
    await aws.secrets.send(
      new PutSecretValueCommand({ SecretId: 'vendomat/acme/hq', SecretString: '{"password":"p2"}' }),
    )
    expect(await source.read('acme', 'hq', 300)).toBe(old)
    const latest = await source.read('acme', 'hq', 0)
    expect(latest.document).toEqual({ password: 'p2' })
    expect(latest.version).not.toBe(old.version)
  })

  it('that are not there mean that there is no such connection', async () => {
    await expect(open().source.read('acme', 'nobody', 300)).rejects.toMatchObject({ code: 'unknown_connection' })
  })

  it('that are no JSON are refused without quoting them', async () => {
    await aws.secrets.send(new CreateSecretCommand({ Name: 'vendomat/acme/text', SecretString: 'canary' }))
    const error: Error = await open()
      .source.read('acme', 'text', 300)
      .catch((reason) => reason)
    expect(error).toMatchObject({ code: 'configuration' })
    expect(`${error.message} ${String(error.cause)}`).not.toContain('canary')
  })

  it('that cannot be read are a failure of ours, not an unknown connection', async () => {
    const gone = await localAws()
    await gone.close()
    const { source } = { source: secretsManagerCredentials(gone.secrets, newMemory(), stillClock().now) }
    await expect(source.read('acme', 'hq', 300)).rejects.toMatchObject({ code: 'store_unavailable' })
  })
})
