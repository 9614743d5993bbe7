import { randomBytes, randomUUID } from 'node:crypto'
import { z } from 'zod'
import { type Account, type AwsService, operation, refusal, seconds } from './aws-service.ts'
import { addVersion, pickVersion, reassignStage, type SecretVersions } from './secret-versions.ts'

interface Secret {
  readonly Name: string
  readonly ARN: string
  readonly versions: SecretVersions
  readonly tags: Map<string, string>
  description?: string | undefined
  readonly keyId?: string | undefined
  readonly created: Date
  changed: Date
  deleteAfter?: Date | undefined
}

const secretId = z.string().min(1).max(2048)
const tags = z.array(z.object({ Key: z.string().min(1).max(128), Value: z.string().max(256) }))
const content = z.object({
  SecretString: z.string().min(1).max(65536).optional(),
  SecretBinary: z.string().min(1).optional(),
  ClientRequestToken: z.string().min(32).max(64).optional(),
})
const DAY = 24 * 3600 * 1000

/** Source: AWS Secrets Manager API Reference; wording of refusals as the service answers it. */
export function secretsManager(account: Account, now: () => Date = () => new Date()): AwsService {
  const secrets = new Map<string, Secret>()
  const prefix = `arn:aws:secretsmanager:${account.region}:${account.accountId}:secret:`

  /** By name, by ARN, or by ARN without its six characters, as the service allows. */
  function find(id: string): Secret {
    const name = id.startsWith(prefix) ? id.slice(prefix.length) : id
    const found = secrets.get(name) ?? [...secrets.values()].find(({ ARN }) => ARN === id)
    if (found) return found
    throw refusal('ResourceNotFoundException', "Secrets Manager can't find the specified secret.")
  }

  function findUsable(id: string): Secret {
    const secret = find(id)
    if (!secret.deleteAfter) return secret
    const marked = "You can't perform this operation on the secret because it was marked for deletion."
    throw refusal('InvalidRequestException', marked)
  }

  function describe(secret: Secret) {
    const staged = [...secret.versions.values()].filter(({ stages }) => stages.size > 0)
    return {
      ...named(secret),
      Description: secret.description,
      KmsKeyId: secret.keyId,
      CreatedDate: seconds(secret.created),
      LastChangedDate: seconds(secret.changed),
      ...(secret.deleteAfter && { DeletedDate: seconds(secret.deleteAfter) }),
      Tags: [...secret.tags].map(([Key, Value]) => ({ Key, Value })),
      VersionIdsToStages: Object.fromEntries(staged.map(({ id, stages }) => [id, [...stages]])),
    }
  }

  return {
    CreateSecret: operation(
      content.extend({
        Name: z.string().regex(/^[A-Za-z0-9/_+=.@!-]{1,512}$/, 'Invalid name. Use letters, digits and -/_+=.@!'),
        Description: z.string().max(2048).optional(),
        KmsKeyId: z.string().max(2048).optional(),
        Tags: tags.default([]),
      }),
      ({ Name, Description, KmsKeyId, Tags, ClientRequestToken: id = randomUUID(), ...value }) => {
        const known = secrets.get(Name)
        if (known?.deleteAfter) {
          const doomed =
            "You can't create this secret because a secret with this name is already scheduled for deletion."
          throw refusal('InvalidRequestException', doomed)
        }
        if (known) {
          throw refusal('ResourceExistsException', `The operation failed because the secret ${Name} already exists.`)
        }
        const suffix = randomBytes(16)
          .toString('base64')
          .replace(/[^A-Za-z]/g, '')
          .padEnd(6, 'x')
          .slice(0, 6)
        const created = now()
        const secret: Secret = {
          Name,
          ARN: `${prefix}${Name}-${suffix}`,
          versions: new Map(),
          tags: new Map(Tags.map(({ Key, Value }) => [Key, Value])),
          description: Description,
          keyId: KmsKeyId,
          created,
          changed: created,
        }
        const empty = value.SecretString === undefined && value.SecretBinary === undefined
        if (!empty) addVersion(secret.versions, { id, content: value, created, stages: ['AWSCURRENT'] })
        secrets.set(Name, secret)
        return empty ? named(secret) : { ...named(secret), VersionId: id }
      },
    ),

    PutSecretValue: operation(
      content.extend({ SecretId: secretId, VersionStages: z.array(z.string()).min(1).default(['AWSCURRENT']) }),
      ({ SecretId, VersionStages: stages, ClientRequestToken: id = randomUUID(), ...value }) => {
        const secret = findUsable(SecretId)
        const version = addVersion(secret.versions, { id, content: value, created: now(), stages })
        secret.changed = now()
        return { ...named(secret), VersionId: id, VersionStages: [...version.stages] }
      },
    ),

    UpdateSecret: operation(
      content.extend({ SecretId: secretId, Description: z.string().max(2048).optional() }),
      ({ SecretId, Description, ClientRequestToken: id = randomUUID(), ...value }) => {
        const secret = findUsable(SecretId)
        const empty = value.SecretString === undefined && value.SecretBinary === undefined
        if (!empty) addVersion(secret.versions, { id, content: value, created: now(), stages: ['AWSCURRENT'] })
        if (Description !== undefined) secret.description = Description
        secret.changed = now()
        return empty ? named(secret) : { ...named(secret), VersionId: id }
      },
    ),

    GetSecretValue: operation(
      z.object({ SecretId: secretId, VersionId: z.string().optional(), VersionStage: z.string().optional() }),
      ({ SecretId, VersionId, VersionStage }) => {
        const secret = findUsable(SecretId)
        const { id, stages, created, content } = pickVersion(secret.versions, VersionId, VersionStage)
        const about = { VersionId: id, VersionStages: [...stages], CreatedDate: seconds(created) }
        return { ...named(secret), ...content, ...about }
      },
    ),

    ListSecretVersionIds: operation(
      z.object({ SecretId: secretId, IncludeDeprecated: z.boolean().default(false) }),
      ({ SecretId, IncludeDeprecated }) => {
        const secret = find(SecretId)
        const listed = [...secret.versions.values()].filter(({ stages }) => IncludeDeprecated || stages.size > 0)
        const Versions = listed.map(({ id, stages, created }) => ({
          VersionId: id,
          VersionStages: [...stages],
          CreatedDate: seconds(created),
        }))
        return { ...named(secret), Versions }
      },
    ),

    DescribeSecret: operation(z.object({ SecretId: secretId }), ({ SecretId }) => describe(find(SecretId))),

    ListSecrets: operation(
      z.object({
        Filters: z.array(z.object({ Key: z.literal('name'), Values: z.array(z.string()).min(1) })).default([]),
        MaxResults: z.number().int().min(1).max(100).default(100),
        NextToken: z.coerce.number().int().default(0),
        IncludePlannedDeletion: z.boolean().default(false),
        SortOrder: z.enum(['asc', 'desc']).default('asc'),
      }),
      ({ Filters, MaxResults, NextToken, IncludePlannedDeletion, SortOrder }) => {
        const matches = ({ Name }: Secret) =>
          Filters.every(({ Values }) =>
            Values.some((value) => (value.startsWith('!') ? !Name.startsWith(value.slice(1)) : Name.startsWith(value))),
          )
        const visible = [...secrets.values()].filter((secret) => IncludePlannedDeletion || !secret.deleteAfter)
        const byDate = visible.filter(matches)
        const listed = SortOrder === 'asc' ? byDate : byDate.reverse()
        const end = NextToken + MaxResults
        const SecretList = listed.slice(NextToken, end).map((secret) => {
          const { VersionIdsToStages, ...rest } = describe(secret)
          return { ...rest, SecretVersionsToStages: VersionIdsToStages }
        })
        return { SecretList, ...(end < listed.length && { NextToken: String(end) }) }
      },
    ),

    DeleteSecret: operation(
      z.object({
        SecretId: secretId,
        RecoveryWindowInDays: z.number().int().min(7).max(30).optional(),
        ForceDeleteWithoutRecovery: z.boolean().default(false),
      }),
      ({ SecretId, RecoveryWindowInDays: days, ForceDeleteWithoutRecovery: force }) => {
        if (force && days !== undefined) {
          const both = "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays."
          throw refusal('InvalidParameterException', both)
        }
        const secret = force ? find(SecretId) : findUsable(SecretId)
        const deleteAfter = force ? now() : new Date(now().getTime() + (days ?? 30) * DAY)
        if (force) secrets.delete(secret.Name)
        else secret.deleteAfter = deleteAfter
        return { ...named(secret), DeletionDate: seconds(deleteAfter) }
      },
    ),

    RestoreSecret: operation(z.object({ SecretId: secretId }), ({ SecretId }) => {
      const secret = find(SecretId)
      secret.deleteAfter = undefined
      return named(secret)
    }),

    UpdateSecretVersionStage: operation(
      z.object({
        SecretId: secretId,
        VersionStage: z.string().min(1),
        RemoveFromVersionId: z.string().optional(),
        MoveToVersionId: z.string().optional(),
      }),
      ({ SecretId, VersionStage, RemoveFromVersionId, MoveToVersionId }) => {
        const secret = findUsable(SecretId)
        reassignStage(secret.versions, VersionStage, RemoveFromVersionId, MoveToVersionId)
        secret.changed = now()
        return named(secret)
      },
    ),

    TagResource: operation(z.object({ SecretId: secretId, Tags: tags }), ({ SecretId, Tags }) => {
      const secret = findUsable(SecretId)
      for (const { Key, Value } of Tags) secret.tags.set(Key, Value)
      return {}
    }),
  }
}

const named = ({ ARN, Name }: Secret) => ({ ARN, Name })
