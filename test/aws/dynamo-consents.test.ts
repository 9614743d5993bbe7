import { dynamoConsents } from '../../functions/aws/dynamo-consents.ts'
import { consentStoreContract } from '../contracts/consents.ts'
import { sendingTwice } from '../support/interference.ts'
import { localAws } from '../support/local-aws.ts'

let aws: Awaited<ReturnType<typeof localAws>>
beforeAll(async () => {
  aws = await localAws()
})
afterAll(() => aws.close())

consentStoreContract('DynamoDB', async () => dynamoConsents({ client: aws.dynamo, table: await aws.createTable() }))
consentStoreContract('DynamoDB, where every write is sent twice,', async () =>
  dynamoConsents({ client: sendingTwice(aws.dynamoClient()), table: await aws.createTable() }),
)
