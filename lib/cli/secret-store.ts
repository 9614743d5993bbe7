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
import { CommandFailed, EXIT } from './command.ts'
import { reasonOf } from './reason.ts'

/** The secrets of the account, with the person's own AWS credentials. Every method throws CommandFailed. */
export interface SecretStore {
  /** Whether it is there, and if it waits for deletion until when. */
  find(name: string): Promise<'there' | 'absent' | Doomed>
  /** The version in use; undefined when there is no such secret. */
  read(
    name: string,
  ): Promise<{ readonly document: Readonly<Record<string, unknown>>; readonly version: string } | undefined>
  /** Makes the secret, or a new version of it, which is in use at once; one that waits for deletion is kept. Returns the version's id. */
  put(name: string, document: object): Promise<string>
  /** Makes a version that is not in use. Returns its id. */
  propose(name: string, document: object): Promise<string>
  /** Puts a version into use in place of another, which is kept as the previous one. */
  promote(name: string, versions: { readonly from: string; readonly to: string }): Promise<void>
  /** Lets go of a version that is not in use. */
  withdraw(name: string, version: string): Promise<void>
  /** Deletes it after so many days, in which it can be restored, or at once. Returns when it is gone. */
  delete(name: string, after: { readonly days: number } | 'now'): Promise<Doomed>
}

export interface Doomed {
  readonly goneOn: Date
}

const PENDING = 'AWSPENDING'

/** New secrets are encrypted with the key, by default with the account's own of Secrets Manager. */
export function secretStore(region: string, keyId?: string): SecretStore {
  const client = new SecretsManagerClient({ region, maxAttempts: 3 })

  async function move(stage: UpdateSecretVersionStageCommandInput): Promise<void> {
    await client.send(new UpdateSecretVersionStageCommand(stage)).catch((error: unknown) => {
      throw failure(stage.SecretId ?? '', error)
    })
  }

  return {
    async find(name) {
      try {
        // A deleted secret can be described until its recovery window ends.
        const { DeletedDate } = await client.send(new DescribeSecretCommand({ SecretId: name }))
        return DeletedDate === undefined ? 'there' : { goneOn: DeletedDate }
      } catch (error) {
        if (error instanceof Error && error.name === 'ResourceNotFoundException') return 'absent'
        throw failure(name, error)
      }
    },

    async put(name, document) {
      // One token for both calls and all their retries makes one version. It must not be made from the document: with
      // the token of an older version the service would keep that version where it is, and report success.
      const content = { SecretString: JSON.stringify(document), ClientRequestToken: randomUUID() }
      try {
        await client
          .send(new CreateSecretCommand({ Name: name, ...content, ...(keyId && { KmsKeyId: keyId }) }))
          .catch(async (error: Error) => {
            if (isDoomed(error)) await client.send(new RestoreSecretCommand({ SecretId: name }))
            else if (error.name !== 'ResourceExistsException') throw error
            return client.send(new PutSecretValueCommand({ SecretId: name, ...content }))
          })
        return content.ClientRequestToken
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
      await move({ SecretId: name, VersionStage: 'AWSCURRENT', MoveToVersionId: to, RemoveFromVersionId: from })
      await move({ SecretId: name, VersionStage: PENDING, RemoveFromVersionId: to })
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

/** What CreateSecret answers of a secret that waits for deletion. */
const isDoomed = ({ name, message }: Error): boolean =>
  name === 'InvalidRequestException' && /scheduled for deletion/i.test(message)

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
