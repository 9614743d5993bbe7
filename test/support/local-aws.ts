import { randomUUID } from 'node:crypto'
import {
  CreateTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  type DynamoDBClientConfig,
} from '@aws-sdk/client-dynamodb'
import { CreateKeyCommand, KMSClient, type KMSClientConfig } from '@aws-sdk/client-kms'
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { type AwsEndpointsOptions, startAwsEndpoints } from '../../lib/local/aws-endpoints.ts'

/** Where the tables are, if not in the emulator that comes with `npm ci`: `npm run test:dynamodb-local` sets it. */
const OTHER_DYNAMODB = process.env.VENDOMAT_TEST_DYNAMODB

/** The AWS services of a test, on loopback: a table, a key, and real SDK clients that talk to them. */
export async function localAws({ functions }: Pick<AwsEndpointsOptions, 'functions'> = {}) {
  const account = { region: 'eu-west-1', accountId: '000000000000' }
  const endpoints = await startAwsEndpoints({ port: 0, ...account, ...(functions && { functions }) })
  const client = {
    endpoint: endpoints.url,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'AKIDLOCAL', secretAccessKey: 'local' },
  }
  const dynamoUrl = OTHER_DYNAMODB || endpoints.url
  const clients: { destroy(): void }[] = []
  const dynamoClient = (config: DynamoDBClientConfig = {}) => {
    const one = new DynamoDBClient({ ...client, endpoint: dynamoUrl, ...config })
    clients.push(one)
    return one
  }
  const kmsClient = (config: KMSClientConfig = {}) => {
    const one = new KMSClient({ ...client, ...config })
    clients.push(one)
    return one
  }
  const dynamo = dynamoClient()
  const kms = kmsClient()
  const secrets = new SecretsManagerClient(client)
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}))
  return {
    url: endpoints.url,
    dynamoUrl,
    calls: endpoints.calls,
    dynamo,
    /** More of them, for a test that interferes with what they send. */
    dynamoClient,
    kmsClient,
    kms,
    secrets,
    keyId: KeyMetadata?.KeyId ?? '',
    createTable: async (): Promise<string> => {
      const TableName = `vendomat-${randomUUID()}`
      await dynamo.send(
        new CreateTableCommand({
          TableName,
          BillingMode: 'PAY_PER_REQUEST',
          AttributeDefinitions: [
            { AttributeName: 'pk', AttributeType: 'S' },
            { AttributeName: 'sk', AttributeType: 'S' },
            { AttributeName: 'vendor', AttributeType: 'S' },
            { AttributeName: 'sweepAt', AttributeType: 'N' },
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
                { AttributeName: 'sweepAt', KeyType: 'RANGE' },
              ],
            },
            {
              IndexName: 'names',
              Projection: { ProjectionType: 'KEYS_ONLY' },
              KeySchema: [
                { AttributeName: 'vendor', KeyType: 'HASH' },
                { AttributeName: 'pk', KeyType: 'RANGE' },
              ],
            },
          ],
        }),
      )
      // It is there a moment before it can be used.
      let status: string | undefined
      while (status !== 'ACTIVE')
        status = (await dynamo.send(new DescribeTableCommand({ TableName }))).Table?.TableStatus
      return TableName
    },
    close: async () => {
      for (const one of clients) one.destroy()
      secrets.destroy()
      await endpoints.close()
    },
  }
}
