import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms'
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { startAwsEndpoints } from '../../lib/local/aws-endpoints.ts'

/** The AWS services of a test, on loopback: a table, a key, and real SDK clients that talk to them. */
export async function localAws() {
  const endpoints = await startAwsEndpoints({ port: 0, region: 'eu-west-1', accountId: '000000000000' })
  const client = {
    endpoint: endpoints.url,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'AKIDLOCAL', secretAccessKey: 'local' },
  }
  const dynamo = new DynamoDBClient(client)
  const kms = new KMSClient(client)
  const secrets = new SecretsManagerClient(client)
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}))
  let tables = 0
  return {
    url: endpoints.url,
    calls: endpoints.calls,
    dynamo,
    kms,
    secrets,
    keyId: KeyMetadata?.KeyId ?? '',
    createTable: async (): Promise<string> => {
      tables += 1
      const TableName = `vendomat-${tables}`
      await dynamo.send(
        new CreateTableCommand({
          TableName,
          BillingMode: 'PAY_PER_REQUEST',
          AttributeDefinitions: [
            { AttributeName: 'pk', AttributeType: 'S' },
            { AttributeName: 'sk', AttributeType: 'S' },
            { AttributeName: 'vendor', AttributeType: 'S' },
            { AttributeName: 'dueAt', AttributeType: 'N' },
          ],
          KeySchema: [
            { AttributeName: 'pk', KeyType: 'HASH' },
            { AttributeName: 'sk', KeyType: 'RANGE' },
          ],
          GlobalSecondaryIndexes: [
            {
              IndexName: 'due',
              Projection: { ProjectionType: 'KEYS_ONLY' },
              KeySchema: [
                { AttributeName: 'vendor', KeyType: 'HASH' },
                { AttributeName: 'dueAt', KeyType: 'RANGE' },
              ],
            },
          ],
        }),
      )
      return TableName
    },
    close: async () => {
      dynamo.destroy()
      kms.destroy()
      secrets.destroy()
      await endpoints.close()
    },
  }
}
