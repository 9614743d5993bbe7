import { randomUUID } from 'node:crypto'
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  RestoreSecretCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
  type UpdateSecretVersionStageCommandInput,
} from '@aws-sdk/client-secrets-manager'
import * as z from 'zod/mini'
import { UNTRIED_VERSION } from '../../functions/kit/untried.ts'
import { CommandFailed, EXIT } from './command.ts'
import { reasonOf } from './reason.ts'

/** The secrets of the account, with the person's own AWS credentials. Every method throws CommandFailed. */
export interface SecretStore {
  /** Whether it is there, and if it waits for deletion until when. 'untried': nothing in it has ever been in use. */
  find(name: string): Promise<'there' | 'untried' | 'absent' | Doomed>
  /** The version in use; undefined when there is no such secret. */
  read(
    name: string,
  ): Promise<{ readonly document: Readonly<Record<string, unknown>>; readonly version: string } | undefined>
  /** Sees to it that there is such a secret to propose versions of, one that waits for deletion is restored. */
  open(name: string): Promise<Opened>
  /** Makes a version that is not in use. Returns its id. */
  propose(name: string, document: object): Promise<string>
  /** Puts a version into use in place of another, which is kept as the previous one; fails when another has taken its place. */
  promote(name: string, versions: { readonly from: string; readonly to: string }): Promise<void>
  /** Lets go of a version that is not in use. */
  withdraw(name: string, version: string): Promise<void>
  /** Deletes it after so many days, in which it can be restored, or at once. Returns when it is gone. */
  delete(name: string, after: { readonly days: number } | 'now'): Promise<Doomed>
}

/** What there was of a secret, and the version that is in use. */
export interface Opened {
  readonly was: Awaited<ReturnType<SecretStore['find']>>
  readonly version: string
}

export interface Doomed {
  readonly goneOn: Date
}

const CURRENT = 'AWSCURRENT'
const PENDING = 'AWSPENDING'

/** New secrets are encrypted with the key, by default with the account's own of Secrets Manager. */
export function secretStore(region: string, keyId?: string): SecretStore {
  const client = new SecretsManagerClient({ region, maxAttempts: 3 })

  async function move(stage: UpdateSecretVersionStageCommandInput): Promise<void> {
    await client.send(new UpdateSecretVersionStageCommand(stage)).catch((error: unknown) => {
      throw failure(stage.SecretId ?? '', error)
    })
  }

  /** A deleted secret can be described until its recovery window ends. */
  async function describe(name: string) {
    try {
      const { DeletedDate, VersionIdsToStages = {} } = await client.send(new DescribeSecretCommand({ SecretId: name }))
      const [version = ''] = Object.entries(VersionIdsToStages).find(([, stages]) => stages.includes(CURRENT)) ?? []
      const here = version === '' || version === UNTRIED_VERSION ? 'untried' : 'there'
      return { was: DeletedDate === undefined ? here : { goneOn: DeletedDate }, version } as const
    } catch (error) {
      if (error instanceof Error && error.name === 'ResourceNotFoundException') return undefined
      throw failure(name, error)
    }
  }

  return {
    find: async (name) => (await describe(name))?.was ?? 'absent',

    async open(name) {
      const found = await describe(name)
      try {
        if (found && typeof found.was === 'object') await client.send(new RestoreSecretCommand({ SecretId: name }))
        if (found?.version) return found
        // Its first version is in use whatever is asked for, so it is one that holds nothing.
        const empty = { SecretString: '{}', ClientRequestToken: UNTRIED_VERSION }
        if (found) {
          await client.send(new PutSecretValueCommand({ SecretId: name, ...empty }))
          return { ...found, version: UNTRIED_VERSION }
        }
        await client.send(new CreateSecretCommand({ Name: name, ...empty, ...(keyId && { KmsKeyId: keyId }) }))
        return { was: 'absent', version: UNTRIED_VERSION }
      } catch (error) {
        throw failure(name, error)
      }
    },

    async read(name) {
      try {
        const { SecretString = '', VersionId = '' } = await client.send(new GetSecretValueCommand({ SecretId: name }))
        return { document: documentIn(name, SecretString), version: VersionId }
      } catch (error) {
        if (error instanceof Error && error.name === 'ResourceNotFoundException') return undefined
        throw error instanceof CommandFailed ? error : failure(name, error)
      }
    },

    // Its id must not be made from the document: with that of an older version the service would keep that version where it
    // is, and report success.
    async propose(name, document) {
      const SecretString = JSON.stringify(document)
      const ClientRequestToken = randomUUID()
      const pending = { SecretId: name, SecretString, ClientRequestToken, VersionStages: [PENDING] }
      await client.send(new PutSecretValueCommand(pending)).catch((error: unknown) => {
        throw failure(name, error)
      })
      return ClientRequestToken
    },

    async promote(name, { from, to }) {
      const stage = { SecretId: name, VersionStage: CURRENT, MoveToVersionId: to, RemoveFromVersionId: from }
      await move(stage).catch(async (error: unknown) => {
        // The answer of one that succeeded may be lost.
        if ((await describe(name))?.version !== to) throw error
      })
      // One that is in use may stay proposed: the next takes the label from it.
      await move({ SecretId: name, VersionStage: PENDING, RemoveFromVersionId: to }).catch(() => {})
    },

    async withdraw(name, version) {
      await move({ SecretId: name, VersionStage: PENDING, RemoveFromVersionId: version })
    },

    async delete(name, after) {
      const how = after === 'now' ? { ForceDeleteWithoutRecovery: true } : { RecoveryWindowInDays: after.days }
      try {
        const { DeletionDate: goneOn } = await client.send(new DeleteSecretCommand({ SecretId: name, ...how }))
        if (goneOn) return { goneOn }
      } catch (error) {
        throw failure(name, error)
      }
      throw new CommandFailed(EXIT.failed, `AWS does not say when the secret ${name} is gone`)
    },
  }
}

/** The parse error is dropped: it quotes the text. */
function documentIn(name: string, text: string): Readonly<Record<string, unknown>> {
  try {
    const parsed = z.record(z.string(), z.unknown()).safeParse(JSON.parse(text))
    if (parsed.success) return parsed.data
  } catch {}
  throw new CommandFailed(EXIT.failed, `the secret ${name} is not a JSON document`)
}

function failure(name: string, error: unknown): CommandFailed {
  const kind = error instanceof Error ? error.name : 'unknown'
  if (/^(AccessDenied|CredentialsProvider|UnrecognizedClient|ExpiredToken|InvalidSignature)/.test(kind))
    return new CommandFailed(
      EXIT.forbidden,
      `AWS does not let you use the secret ${name} (${missingPermission(error) ?? kind})`,
    )
  if (kind === 'InvalidRequestException')
    return new CommandFailed(EXIT.failed, `the secret ${name} cannot be written; if it was deleted, restore it first`)
  return new CommandFailed(EXIT.unavailable, `the secret ${name} cannot be reached (${reasonOf(error)})`)
}

/** `not authorized to perform: secretsmanager:DeleteSecret on resource: …` */
const missingPermission = (error: unknown): string | undefined =>
  error instanceof Error ? /perform: (secretsmanager:\w+)/.exec(error.message)?.[1] : undefined
