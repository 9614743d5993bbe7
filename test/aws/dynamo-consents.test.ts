import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { dynamoConsents, dynamoPublicConsents } from '../../functions/aws/dynamo-consents.ts'
import { kmsEnvelope } from '../../functions/aws/envelope.ts'
import { consentStoreContract } from '../contracts/consents.ts'
import { now } from '../contracts/vendors.ts'
import { sendingTwice } from '../support/interference.ts'
import { localAws } from '../support/local-aws.ts'

let aws: Awaited<ReturnType<typeof localAws>>
beforeAll(async () => {
  aws = await localAws()
})
afterAll(() => aws.close())

async function open(client: DynamoDBClient) {
  const table = { client, table: await aws.createTable() }
  const envelope = kmsEnvelope(aws.kms, aws.keyId, () => now)
  return { ...dynamoConsents({ ...table, envelope, onUnsealable: () => {} }), ...dynamoPublicConsents(table) }
}

consentStoreContract('DynamoDB', () => open(aws.dynamo))
consentStoreContract('DynamoDB, where every write is sent twice,', () => open(sendingTwice(aws.dynamoClient())))
