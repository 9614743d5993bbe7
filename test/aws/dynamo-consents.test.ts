import { randomBytes } from 'node:crypto'
import { type DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb'
import { dynamoConsents, dynamoPublicConsents } from '../../functions/aws/dynamo-consents.ts'
import { kmsEnvelope } from '../../functions/aws/envelope.ts'
import { Secret } from '../../functions/kit/secret.ts'
import { consentStoreContract } from '../contracts/consents.ts'
import { hq, later, now } from '../contracts/vendors.ts'
import { tracesOf } from '../support/canary.ts'
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
  const sealing = { ...table, envelope, onUnsealable: () => {} }
  return { table: table.table, ...dynamoConsents(sealing), ...dynamoPublicConsents(table) }
}

describe('a consent in the table', () => {
  it('shows its code verifier in no form to who may read all of it', async () => {
    const { beginConsent, table: TableName } = await open(aws.dynamo)
    const codeVerifier = randomBytes(32).toString('base64url')
    const places = {
      authorizationUrl: 'https://acme.example/auth?code_challenge=hash',
      tokenEndpoint: 'https://acme.example/token',
      redirectUri: 'https://callback.example/oauth/acme/callback',
    }
    for (const through of ['api', 'callback'] as const) {
      const begun = { through, stateHash: through, begunBy: 'ada', epoch: 0, endsAt: later(600) }
      await beginConsent(hq, { ...places, ...begun, codeVerifier: new Secret(codeVerifier) })
    }
    const { ScannedCount, Items } = await aws.dynamo.send(new ScanCommand({ TableName }))
    expect(ScannedCount).toBe(3)
    const outputs = [{ where: 'table', text: JSON.stringify(Items) }]
    expect(tracesOf([{ kind: 'code verifier', value: codeVerifier }], outputs)).toEqual([])
  })
})

consentStoreContract('DynamoDB', () => open(aws.dynamo))
consentStoreContract('DynamoDB, where every write is sent twice,', () => open(sendingTwice(aws.dynamoClient())))
