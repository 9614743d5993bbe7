import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { type Memory, share } from '../core/memory.ts'
import type { CredentialSource, Credentials } from '../core/runtime.ts'
import type { Connection } from '../kit/connection.ts'
import type { VendingError } from '../kit/errors.ts'
import { keepNewest } from '../kit/newest.ts'
import { secretRefusal } from './secret-refusal.ts'

/** The most documents that a process caches, of present and of named versions. */
const KEPT = { present: 500, versions: 50 }

export interface CredentialsOptions {
  /** What the names of the secrets begin with: `vendomat`. */
  readonly prefix: string
  readonly memory: Memory
  readonly now: () => Date
}

/** The credentials of this vendor's connections, from Secrets Manager: one JSON document per connection. */
export function secretsManagerCredentials(
  client: SecretsManagerClient,
  { prefix, memory, now }: CredentialsOptions,
): CredentialSource {
  const cache = new Map<string, { readonly credentials: Credentials; readonly readAt: number }>()
  const versions = new Map<string, Credentials>()
  const nameOf = (connection: Connection): string => secretName(prefix, connection)

  async function fetchSecret(name: string): Promise<Credentials> {
    const readAt = now().getTime()
    const { SecretString, VersionId } = await client
      .send(new GetSecretValueCommand({ SecretId: name }))
      .catch((error: Error) => {
        cache.delete(name)
        throw refused(error, name)
      })
    const credentials = { document: parse(SecretString), version: VersionId ?? 'unversioned' }
    keepNewest(cache, name, { credentials, readAt }, KEPT.present)
    return credentials
  }

  async function fetchVersion(name: string, version: string): Promise<Credentials | undefined> {
    try {
      const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: name, VersionId: version }))
      return { document: parse(SecretString), version }
    } catch (error) {
      if (error instanceof Error && error.name === 'ResourceNotFoundException') return undefined
      const refusal = refused(error, name)
      // With the secret all of its versions go.
      if (refusal.code === 'unknown_connection') return undefined
      throw refusal
    }
  }

  return {
    async read(connection, maxAgeSeconds) {
      const name = nameOf(connection)
      const cached = cache.get(name)
      if (cached && now().getTime() - cached.readAt < maxAgeSeconds * 1000) return cached.credentials
      return share(memory, `secret ${name}`, () => fetchSecret(name))
    },
    async readVersion(connection, version) {
      const name = nameOf(connection)
      const id = `${name} ${version}`
      // What a version holds never changes.
      const held = versions.get(id)
      if (held) return held
      const credentials = await share(memory, `version ${id}`, () => fetchVersion(name, version))
      if (credentials) keepNewest(versions, id, credentials, KEPT.versions)
      return credentials
    },
    known: (connection) => cache.get(nameOf(connection))?.credentials.version,
  }
}

/** Of a connection without a name: what the names of all secrets of the vendor begin with. */
export const secretName = (prefix: string, { vendor, name }: Connection): string => `${prefix}/${vendor.id}/${name}`

const refused = (error: unknown, name: string): VendingError =>
  secretRefusal(error, { what: `secret ${name}`, permission: 'secretsmanager:GetSecretValue' })

/** The parse error is dropped: it quotes the text. */
function parse(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '')
  } catch {
    return undefined
  }
}
