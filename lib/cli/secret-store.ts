import { randomUUID } from 'node:crypto'
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import { CommandFailed, EXIT } from './command.ts'

/** The secrets of the account, as the person's own AWS credentials reach them. Everything throws CommandFailed. */
export interface SecretStore {
  has(name: string): Promise<boolean>
  /** Makes the secret, or gives the one that is there a new version. */
  put(name: string, document: object): Promise<void>
}

export function secretStore(region: string): SecretStore {
  const client = new SecretsManagerClient({ region, maxAttempts: 3 })
  return {
    has: (name) =>
      client.send(new DescribeSecretCommand({ SecretId: name })).then(
        // A deleted one can be described until its waiting time is over.
        ({ DeletedDate }) => DeletedDate === undefined,
        (error: Error) => {
          if (error.name === 'ResourceNotFoundException') return false
          throw failure(name, error)
        },
      ),

    async put(name, document) {
      // One token for both calls and all their repetitions makes one version. It must not be made from the document:
      // with the token of an older version the service would keep that version where it is, and say nothing.
      const content = { SecretString: JSON.stringify(document), ClientRequestToken: randomUUID() }
      try {
        await client.send(new CreateSecretCommand({ Name: name, ...content })).catch((error: Error) => {
          if (error.name !== 'ResourceExistsException') throw error
          return client.send(new PutSecretValueCommand({ SecretId: name, ...content }))
        })
      } catch (error) {
        throw failure(name, error)
      }
    },
  }
}

function failure(name: string, error: unknown): CommandFailed {
  const kind = error instanceof Error ? error.name : 'unknown'
  if (/^(AccessDenied|CredentialsProvider|UnrecognizedClient|ExpiredToken|InvalidSignature)/.test(kind))
    return new CommandFailed(EXIT.forbidden, `AWS does not let you use the secret ${name} (${kind})`)
  if (kind === 'InvalidRequestException')
    return new CommandFailed(EXIT.failed, `the secret ${name} cannot be written; if it was deleted, restore it first`)
  return new CommandFailed(EXIT.unavailable, `the secret ${name} cannot be reached (${kind})`)
}
