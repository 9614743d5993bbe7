import { dynamoRounds } from '../../functions/aws/dynamo-rounds.ts'
import { roundsContract } from '../contracts/rounds.ts'
import { acme } from '../contracts/vendors.ts'
import { sendingTwice } from '../support/interference.ts'
import { localAws } from '../support/local-aws.ts'

let aws: Awaited<ReturnType<typeof localAws>>
beforeAll(async () => {
  aws = await localAws()
})
afterAll(() => aws.close())

roundsContract('DynamoDB', async () => dynamoRounds({ client: aws.dynamo, table: await aws.createTable() }))
roundsContract('DynamoDB, where every write is sent twice,', async () =>
  dynamoRounds({ client: sendingTwice(aws.dynamoClient()), table: await aws.createTable() }),
)

it('is out of reach when the table does not answer: that is not a check that has never run', async () => {
  const rounds = dynamoRounds({ client: aws.dynamo, table: 'no-such-table' })
  await expect(rounds.last(acme)).rejects.toMatchObject({ code: 'store_unavailable' })
})
