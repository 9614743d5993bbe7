import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb'
import { followTable } from '../../functions/aws/table-clock.ts'
import { type ClockSample, secondsAfter, tableClock } from '../../functions/kit/time.ts'
import { closed } from '../../lib/local/loopback.ts'

/** Near the real time: of a server whose clock is five minutes off the SDK repeats what it refuses. */
const now = new Date(Math.floor(Date.now() / 1000) * 1000)
const later = (seconds: number) => secondsAfter(now, seconds)
const date = later(7).toUTCString()

const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

/** A table that answers each request with the next of these. The local clock moves on by a second per look. */
async function answering(...answers: { status?: number; date?: string | undefined; type?: string }[]) {
  const respond: RequestListener = (request, response) => {
    request.resume()
    const { status = 200, date, type } = answers.shift() ?? {}
    response.sendDate = false
    if (date !== undefined) response.setHeader('date', date)
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' })
    response.end(JSON.stringify(type ? { __type: type } : {}))
  }
  const server = createServer(respond)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // A TCP server answers AddressInfo; only a pipe answers a string.
  const { port } = server.address() as AddressInfo
  const client = new DynamoDBClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    maxAttempts: 3,
  })
  closers.push(
    async () => client.destroy(),
    () => closed(server),
  )
  const samples: ClockSample[] = []
  let looks = 0
  followTable(client, { learn: (sample) => samples.push(sample) }, () => later(looks++))
  const get = () => client.send(new GetItemCommand({ TableName: 'tokens', Key: { pk: { S: 'a' } } }))
  return { get, samples, client }
}

it('learns when an answer was asked for, dated and heard', async () => {
  const { get, samples } = await answering({ date })
  await get()
  expect(samples).toEqual([{ date: later(7), sentAt: now, receivedAt: later(1) }])
})

it('learns from a refusal too', async () => {
  const type = 'com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException'
  const { get, samples } = await answering({ date, status: 400, type })
  await expect(get()).rejects.toMatchObject({ name: 'ConditionalCheckFailedException' })
  expect(samples).toHaveLength(1)
})

it('takes each attempt of a call that is repeated for itself', async () => {
  const failed = { status: 500, type: 'InternalServerError' }
  const { get, samples } = await answering({ ...failed, date }, failed, { date: later(9).toUTCString() })
  await get()
  expect(samples).toEqual([
    { date: later(7), sentAt: now, receivedAt: later(1) },
    { date: later(9), sentAt: later(3), receivedAt: later(4) },
  ])
})

it.each([undefined, '', 'soon', '2026-11-21T12:00:00Z', 'Sat, 99 Nov 2026 12:00:07 GMT', '0'])(
  'learns nothing from the date %j',
  async (wrong) => {
    const { get, samples } = await answering({ date: wrong })
    await get()
    expect(samples).toEqual([])
  },
)

it('learns nothing where nothing answers', async () => {
  const client = new DynamoDBClient({
    endpoint: 'http://127.0.0.1:1',
    region: 'eu-west-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    maxAttempts: 1,
  })
  closers.push(async () => client.destroy())
  const samples: ClockSample[] = []
  followTable(client, { learn: (sample) => samples.push(sample) }, () => now)
  await expect(client.send(new GetItemCommand({ TableName: 't', Key: { pk: { S: 'a' } } }))).rejects.toThrow()
  expect(samples).toEqual([])
})

it.each([-600, -0.5, 0, 0.5, 600])(
  'brings a clock that is %d s off to within a second of the table',
  async (offset) => {
    const { get, client } = await answering({ date })
    const local = () => later(7.2 + offset)
    const clock = tableClock(local)
    followTable(client, clock, local)
    await get()
    expect(Math.abs(clock.now().getTime() - later(7.2).getTime())).toBeLessThanOrEqual(1000)
  },
)
