import { randomUUID } from 'node:crypto'
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  type GetSecretValueCommandInput,
  ListSecretsCommand,
  ListSecretVersionIdsCommand,
  PutSecretValueCommand,
  RestoreSecretCommand,
  SecretsManagerClient,
  TagResourceCommand,
  UpdateSecretCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager'
import { type AwsEndpoints, startAwsEndpoints } from '../../lib/local/aws-endpoints.ts'

let aws: AwsEndpoints
let secrets: SecretsManagerClient
const SecretId = 'vendomat/accelo/hq'

beforeEach(async () => {
  aws = await startAwsEndpoints({ port: 0, region: 'us-east-1', accountId: '123456789012' })
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b' }
  secrets = new SecretsManagerClient({ endpoint: aws.url, region: 'us-east-1', credentials })
})

afterEach(async () => {
  secrets.destroy()
  await aws.close()
})

const create = (Name = SecretId, SecretString = 'v1') => secrets.send(new CreateSecretCommand({ Name, SecretString }))
const put = (SecretString: string, more: object = {}) =>
  secrets.send(new PutSecretValueCommand({ SecretId, SecretString, ...more }))
const get = (which: Partial<GetSecretValueCommandInput> = {}) =>
  secrets.send(new GetSecretValueCommand({ SecretId, ...which }))
const stages = async () => (await secrets.send(new DescribeSecretCommand({ SecretId }))).VersionIdsToStages
const CURRENT = ['AWSCURRENT']
const PREVIOUS = ['AWSPREVIOUS']

describe('a secret', () => {
  it('is read back by name, by ARN and by ARN without its suffix', async () => {
    const { ARN, VersionId } = await create()
    expect(ARN).toMatch(/^arn:aws:secretsmanager:us-east-1:123456789012:secret:vendomat\/accelo\/hq-[A-Za-z]{6}$/)
    expect(VersionId).toMatch(/^[0-9a-f-]{36}$/)
    for (const id of [SecretId, ARN, ARN?.slice(0, -7)]) {
      const read = await get({ SecretId: id })
      expect(read).toMatchObject({ ARN, Name: SecretId, VersionId, SecretString: 'v1', VersionStages: CURRENT })
      expect(Math.abs(Number(read.CreatedDate) - Date.now())).toBeLessThan(60_000)
    }
  })

  it('may be binary', async () => {
    await secrets.send(new CreateSecretCommand({ Name: SecretId, SecretBinary: Buffer.from([0, 255, 7]) }))
    const { SecretBinary, SecretString } = await get()
    expect([...(SecretBinary ?? [])]).toEqual([0, 255, 7])
    expect(SecretString).toBeUndefined()
  })

  it('may be created without a value, and then has none to read', async () => {
    await secrets.send(new CreateSecretCommand({ Name: SecretId }))
    await expect(get()).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT",
    })
    const { VersionId } = await put('v1', { VersionStages: ['AWSPENDING'] })
    expect(await get()).toMatchObject({ VersionId, VersionStages: ['AWSPENDING', 'AWSCURRENT'] })
  })

  it('is updated: a value makes a new version, a description none', async () => {
    const { ARN, VersionId: first } = await create()
    const update = (change: object) => secrets.send(new UpdateSecretCommand({ SecretId, ...change }))
    const { VersionId: second } = await update({ SecretString: 'v2', ClientRequestToken: randomUUID() })
    expect(await get()).toMatchObject({ VersionId: second, SecretString: 'v2' })
    expect(await update({ Description: 'of the head office' })).toMatchObject({ ARN, Name: SecretId })
    expect(await stages()).toEqual({ [`${first}`]: PREVIOUS, [`${second}`]: CURRENT })
    const { Description } = await secrets.send(new DescribeSecretCommand({ SecretId }))
    expect(Description).toBe('of the head office')
    await expect(secrets.send(new UpdateSecretCommand({ SecretId: 'nobody' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    })
  })

  it('lists its versions, those without a stage on request only', async () => {
    const { VersionId: first } = await create()
    const { VersionId: second } = await put('v2')
    const { VersionId: third } = await put('v3')
    const list = async (IncludeDeprecated: boolean) => {
      const { Versions = [] } = await secrets.send(new ListSecretVersionIdsCommand({ SecretId, IncludeDeprecated }))
      return Versions.map(({ VersionId, VersionStages }) => [VersionId, VersionStages])
    }
    const staged = [
      [second, PREVIOUS],
      [third, CURRENT],
    ]
    expect(await list(false)).toEqual(staged)
    expect(await list(true)).toEqual([[first, []], ...staged])
  })

  it('exists once', async () => {
    await create()
    await expect(create()).rejects.toMatchObject({
      name: 'ResourceExistsException',
      message: 'The operation failed because the secret vendomat/accelo/hq already exists.',
    })
  })

  it('that does not exist is said not to exist', async () => {
    const unknown = { name: 'ResourceNotFoundException', message: "Secrets Manager can't find the specified secret." }
    await expect(get()).rejects.toMatchObject(unknown)
    await expect(put('v')).rejects.toMatchObject(unknown)
  })

  it('needs a valid name and a value', async () => {
    await expect(create('with space')).rejects.toMatchObject({ name: 'ValidationException' })
    await create()
    await expect(secrets.send(new PutSecretValueCommand({ SecretId }))).rejects.toMatchObject({
      name: 'InvalidRequestException',
      message: 'You must provide either SecretString or SecretBinary.',
    })
  })
})

describe('the versions of a secret', () => {
  it('move from current to previous to no stage, and stay readable by id', async () => {
    const { VersionId: v1 = '' } = await create()
    const { VersionId: v2 = '' } = await put('v2')
    expect(await stages()).toEqual({ [v1]: PREVIOUS, [v2]: CURRENT })
    const { VersionId: v3 = '' } = await put('v3')
    expect(await stages()).toEqual({ [v2]: PREVIOUS, [v3]: CURRENT })
    expect(await get()).toMatchObject({ SecretString: 'v3' })
    expect(await get({ VersionStage: 'AWSPREVIOUS' })).toMatchObject({ SecretString: 'v2' })
    expect(await get({ VersionId: v1 })).toMatchObject({ SecretString: 'v1' })
  })

  it('may be put aside as pending, then promoted', async () => {
    const { VersionId: v1 = '' } = await create()
    const { VersionId: v2 = '' } = await put('v2', { VersionStages: ['AWSPENDING'] })
    expect(await get()).toMatchObject({ SecretString: 'v1' })
    expect(await get({ VersionStage: 'AWSPENDING' })).toMatchObject({ SecretString: 'v2' })
    const promote = { SecretId, VersionStage: 'AWSCURRENT', MoveToVersionId: v2 }
    await expect(secrets.send(new UpdateSecretVersionStageCommand(promote))).rejects.toMatchObject({
      name: 'InvalidParameterException',
      message: expect.stringContaining("The parameter RemoveFromVersionId can't be empty."),
    })
    await secrets.send(new UpdateSecretVersionStageCommand({ ...promote, RemoveFromVersionId: v1 }))
    expect(await stages()).toEqual({ [v1]: PREVIOUS, [v2]: ['AWSPENDING', 'AWSCURRENT'] })
    const unpend = { SecretId, VersionStage: 'AWSPENDING', RemoveFromVersionId: v2 }
    await secrets.send(new UpdateSecretVersionStageCommand(unpend))
    expect(await stages()).toEqual({ [v1]: PREVIOUS, [v2]: CURRENT })
  })

  it('may be rolled back: the two stages change places', async () => {
    const { VersionId: v1 = '' } = await create()
    const { VersionId: v2 = '' } = await put('v2')
    const back = { SecretId, VersionStage: 'AWSCURRENT', MoveToVersionId: v1, RemoveFromVersionId: v2 }
    await secrets.send(new UpdateSecretVersionStageCommand(back))
    expect(await stages()).toEqual({ [v1]: CURRENT, [v2]: PREVIOUS })
  })

  it('never leave a secret without a current one', async () => {
    const { VersionId: v1 } = await create()
    const drop = { SecretId, VersionStage: 'AWSCURRENT', RemoveFromVersionId: v1 }
    await expect(secrets.send(new UpdateSecretVersionStageCommand(drop))).rejects.toMatchObject({
      name: 'InvalidParameterException',
    })
    const gone = { ...drop, RemoveFromVersionId: randomUUID(), MoveToVersionId: v1 }
    await expect(secrets.send(new UpdateSecretVersionStageCommand(gone))).rejects.toMatchObject({
      name: 'InvalidParameterException',
    })
    const unknown = { ...drop, MoveToVersionId: randomUUID() }
    await expect(secrets.send(new UpdateSecretVersionStageCommand(unknown))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    })
    expect(await get()).toMatchObject({ SecretString: 'v1' })
  })

  it('are written once per request token: a retry changes nothing, another value is refused', async () => {
    await create()
    const ClientRequestToken = randomUUID()
    await put('v2', { ClientRequestToken })
    await put('v3')
    expect(await put('v2', { ClientRequestToken })).toMatchObject({ VersionId: ClientRequestToken })
    expect(await get()).toMatchObject({ SecretString: 'v3' })
    await expect(put('other', { ClientRequestToken })).rejects.toMatchObject({ name: 'ResourceExistsException' })
  })

  it('are not found under an id or a stage they do not have', async () => {
    const { VersionId: v1 } = await create()
    const missing = { name: 'ResourceNotFoundException' }
    await expect(get({ VersionStage: 'AWSPREVIOUS' })).rejects.toMatchObject(missing)
    await expect(get({ VersionId: randomUUID() })).rejects.toMatchObject(missing)
    await expect(get({ VersionId: v1, VersionStage: 'AWSPENDING' })).rejects.toMatchObject({
      name: 'InvalidRequestException',
      message: 'You provided a VersionStage that is not associated to the provided VersionId.',
    })
  })
})

describe('deleting', () => {
  const marked = { name: 'InvalidRequestException', message: expect.stringContaining('marked for deletion') }

  it('takes 30 days, in which the secret cannot be read but can be restored', async () => {
    await create()
    const { DeletionDate } = await secrets.send(new DeleteSecretCommand({ SecretId }))
    expect(Number(DeletionDate) - Date.now()).toBeGreaterThan(29.9 * 24 * 3600 * 1000)
    await expect(get()).rejects.toMatchObject(marked)
    await expect(put('v2')).rejects.toMatchObject(marked)
    await expect(create()).rejects.toMatchObject({
      name: 'InvalidRequestException',
      message: expect.stringContaining('already scheduled for deletion'),
    })
    const described = await secrets.send(new DescribeSecretCommand({ SecretId }))
    expect(described.DeletedDate).toEqual(DeletionDate)
    await secrets.send(new RestoreSecretCommand({ SecretId }))
    expect(await get()).toMatchObject({ SecretString: 'v1' })
  })

  it('happens at once when forced, and the name is free again', async () => {
    const { ARN } = await create()
    await secrets.send(new DeleteSecretCommand({ SecretId, ForceDeleteWithoutRecovery: true }))
    await expect(get()).rejects.toMatchObject({ name: 'ResourceNotFoundException' })
    expect((await create()).ARN).not.toBe(ARN)
  })

  it('is either forced or has a window, of 7 to 30 days', async () => {
    await create()
    const both = { SecretId, ForceDeleteWithoutRecovery: true, RecoveryWindowInDays: 7 }
    await expect(secrets.send(new DeleteSecretCommand(both))).rejects.toMatchObject({
      name: 'InvalidParameterException',
    })
    await expect(secrets.send(new DeleteSecretCommand({ SecretId, RecoveryWindowInDays: 6 }))).rejects.toThrow()
  })
})

describe('listing', () => {
  it('filters by the beginning of the name, in pages by age, without the deleted ones', async () => {
    for (const name of ['vendomat/accelo/hq', 'vendomat/accelo/ro', 'vendomat/iobeya/main', 'else']) await create(name)
    const list = async (more: object = {}) => {
      const answer = await secrets.send(new ListSecretsCommand(more))
      return { names: answer.SecretList?.map(({ Name }) => Name), next: answer.NextToken }
    }
    const named = (...Values: string[]) => ({ Filters: [{ Key: 'name' as const, Values }] })
    expect((await list()).names).toHaveLength(4)
    expect((await list(named('vendomat/accelo/'))).names).toEqual(['vendomat/accelo/hq', 'vendomat/accelo/ro'])
    expect((await list(named('else', 'vendomat/i'))).names).toEqual(['vendomat/iobeya/main', 'else'])
    expect((await list(named('!vendomat'))).names).toEqual(['else'])
    expect((await list(named('accelo'))).names).toEqual([])

    const first = await list({ ...named('vendomat/'), MaxResults: 2 })
    expect(first.names).toEqual(['vendomat/accelo/hq', 'vendomat/accelo/ro'])
    const second = await list({ ...named('vendomat/'), MaxResults: 2, NextToken: first.next })
    expect(second).toEqual({ names: ['vendomat/iobeya/main'], next: undefined })

    expect((await list({ ...named('vendomat/'), SortOrder: 'desc', MaxResults: 2 })).names).toEqual([
      'vendomat/iobeya/main',
      'vendomat/accelo/ro',
    ])

    await secrets.send(new DeleteSecretCommand({ SecretId: 'else' }))
    expect((await list()).names).not.toContain('else')
    expect((await list({ IncludePlannedDeletion: true })).names).toContain('else')
  })

  it('shows stages and tags, never a value', async () => {
    const { VersionId = '' } = await secrets.send(
      new CreateSecretCommand({ Name: SecretId, SecretString: 'canary', Tags: [{ Key: 'owner', Value: 'ann' }] }),
    )
    await secrets.send(
      new TagResourceCommand({
        SecretId,
        Tags: [
          { Key: 'team', Value: 'a' },
          { Key: 'owner', Value: 'bo' },
        ],
      }),
    )
    const { SecretList = [] } = await secrets.send(new ListSecretsCommand({}))
    expect(SecretList).toMatchObject([
      {
        SecretVersionsToStages: { [VersionId]: CURRENT },
        Tags: [
          { Key: 'owner', Value: 'bo' },
          { Key: 'team', Value: 'a' },
        ],
      },
    ])
    expect(JSON.stringify(SecretList)).not.toContain('canary')
  })
})
