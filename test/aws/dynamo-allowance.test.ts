import { DeleteItemCommand, GetItemCommand } from '@aws-sdk/client-dynamodb'
import { dynamoAllowance } from '../../functions/aws/dynamo-allowance.ts'
import { allowanceContract } from '../contracts/allowance.ts'
import { acme, later, now } from '../contracts/vendors.ts'
import { sendingTwice } from '../support/interference.ts'
import { localAws } from '../support/local-aws.ts'

let aws: Awaited<ReturnType<typeof localAws>>
beforeAll(async () => {
  aws = await localAws()
})
afterAll(() => aws.close())

allowanceContract('DynamoDB', async () => dynamoAllowance({ client: aws.dynamo, table: await aws.createTable() }))
allowanceContract('DynamoDB, where every write is sent twice,', async () =>
  dynamoAllowance({ client: sendingTwice(aws.dynamoClient()), table: await aws.createTable() }),
)

const limit = { name: 'refused', most: 3, windowSeconds: 300 }
const key = { pk: { S: 'acme#ALLOWANCE' }, sk: { S: 'refused' } }

it('has no item, which nothing would ever delete, when one is given back that was not taken', async () => {
  const table = await aws.createTable()
  await dynamoAllowance({ client: aws.dynamo, table }).giveBack(acme, limit, { id: 'a', now })
  const { Item } = await aws.dynamo.send(new GetItemCommand({ TableName: table, Key: key }))
  expect(Item).toBeUndefined()
})

it('counts on in a stretch whose item was deleted by hand, for processes that were there and others alike', async () => {
  const options = { client: aws.dynamo, table: await aws.createTable() }
  const allowance = dynamoAllowance(options)
  await allowance.take(acme, limit, { id: 'a', now })
  await aws.dynamo.send(new DeleteItemCommand({ TableName: options.table, Key: key }))
  expect(await allowance.take(acme, limit, { id: 'b', now })).toBe(1)
  expect(await dynamoAllowance(options).take(acme, limit, { id: 'c', now })).toBe(2)
})

describe('the ttl of an allowance', () => {
  async function opened() {
    const table = await aws.createTable()
    const ttl = async () => {
      const { Item } = await aws.dynamo.send(new GetItemCommand({ TableName: table, Key: key }))
      return Number(Item?.ttl?.N) - now.getTime() / 1000
    }
    return { allowance: dynamoAllowance({ client: aws.dynamo, table }), ttl }
  }

  it('is the end of the stretch, and moves with it', async () => {
    const { allowance, ttl } = await opened()
    await allowance.take(acme, limit, { id: 'a', now: later(10) })
    expect(await ttl()).toBe(300)
    await allowance.take(acme, limit, { id: 'b', now: later(300) })
    expect(await ttl()).toBe(600)
  })

  it('is before the end of neither a block nor the stretch under way', async () => {
    const { allowance, ttl } = await opened()
    await allowance.take(acme, limit, { id: 'a', now })
    await allowance.block(acme, limit, later(1))
    expect(await ttl()).toBeGreaterThanOrEqual(300)
    await allowance.block(acme, limit, later(1000))
    await allowance.take(acme, limit, { id: 'b', now: later(300) })
    expect(await ttl()).toBeGreaterThanOrEqual(1000)
  })
})

it('is out of reach when the table does not answer: that is not an allowance', async () => {
  const allowance = dynamoAllowance({ client: aws.dynamo, table: 'no-such-table' })
  await expect(allowance.take(acme, limit, { id: 'a', now })).rejects.toMatchObject({ code: 'store_unavailable' })
  await expect(allowance.use(acme, limit, now)).rejects.toMatchObject({ code: 'store_unavailable' })
})
