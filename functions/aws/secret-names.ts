import { ListSecretsCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import type { Inventory } from '../keeper/inventory.ts'
import { type Connection, NAME } from '../kit/connection.ts'
import { secretName } from './credentials.ts'
import { secretRefusal } from './secret-refusal.ts'

/** The most that one call gives. */
const NAMES_PER_CALL = 100

/** Finds connections by the names of their secrets, which begin with `prefix`, like `vendomat`. A call may give fewer than it could, and say that there are more. */
export function secretsManagerInventory(client: SecretsManagerClient, prefix: string): Inventory {
  return {
    async stored(vendor, limit) {
      const beginning = secretName(prefix, { vendor, name: '' })
      const connections: Connection[] = []
      let NextToken: string | undefined
      for (let left = Math.ceil(limit / NAMES_PER_CALL); left > 0; left -= 1) {
        const answer = await client
          .send(
            new ListSecretsCommand({
              Filters: [{ Key: 'name', Values: [beginning] }],
              SortOrder: 'desc',
              MaxResults: NAMES_PER_CALL,
              NextToken,
            }),
          )
          .catch((error: unknown) => {
            throw secretRefusal(error, { what: 'list of secrets', permission: 'secretsmanager:ListSecrets' })
          })
        for (const { Name = '' } of answer.SecretList ?? []) {
          const name = Name.slice(beginning.length)
          if (Name.startsWith(beginning) && NAME.test(name)) connections.push({ vendor, name })
        }
        NextToken = answer.NextToken
        if (NextToken === undefined) break
      }
      return connections.slice(0, limit)
    },
  }
}
