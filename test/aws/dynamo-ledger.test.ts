import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { dynamoLedger } from '../../functions/aws/dynamo-ledger.ts'
import { dynamoTokens } from '../../functions/aws/dynamo-tokens.ts'
import { kmsEnvelope } from '../../functions/aws/envelope.ts'
import { noticeLedgerContract } from '../contracts/ledger.ts'
import { now } from '../contracts/vendors.ts'
import { sendingTwice } from '../support/interference.ts'
import { localAws } from '../support/local-aws.ts'

let aws: Awaited<ReturnType<typeof localAws>>
beforeAll(async () => {
  aws = await localAws()
})
afterAll(() => aws.close())

async function open(client: DynamoDBClient) {
  const table = await aws.createTable()
  const envelope = kmsEnvelope(aws.kms, aws.keyId, () => now)
  return {
    ledger: dynamoLedger({ client, table }),
    tokens: dynamoTokens({ client, table, envelope, onUnsealable: () => {} }),
  }
}

noticeLedgerContract('DynamoDB', () => open(aws.dynamo))
noticeLedgerContract('DynamoDB, where every write is sent twice,', () => open(sendingTwice(aws.dynamoClient())))
