import { localAws } from '../support/local-aws.ts'
import { readsOfSweep } from '../support/sweep-reads.ts'

it('a sweep reads what is due, however many connections there are', async () => {
  const aws = await localAws()
  const few = await readsOfSweep(aws, 50)
  const many = await readsOfSweep(aws, 1000)
  await aws.close()
  expect(few.items).toBeGreaterThanOrEqual(20)
  expect(many).toEqual(few)
}, 30_000)
