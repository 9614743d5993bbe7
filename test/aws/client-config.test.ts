import type { ServerResponse } from 'node:http'
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb'
import { clientConfig } from '../../functions/aws/client-config.ts'
import { listenOnLoopback } from '../../lib/local/loopback.ts'

const credentials = { accessKeyId: 'AKIDLOCAL', secretAccessKey: 'local' }

/** What a table says that has never heard of anything, or how it fails to. */
async function readFrom(answer: (response: ServerResponse) => void) {
  let calls = 0
  const server = await listenOnLoopback(0, (_, response) => {
    calls += 1
    answer(response)
  })
  const client = new DynamoDBClient({
    ...clientConfig({ attempts: 2, seconds: 0.1 }),
    ...{ region: 'eu-west-1', endpoint: server.url, credentials },
  })
  const read = client.send(new GetItemCommand({ TableName: 'tokens', Key: { pk: { S: 'accelo#hq' } } }))
  const came = await read.then(
    () => 'answered',
    (error: Error) => error.name,
  )
  client.destroy()
  await server.close()
  return { came, calls }
}

const START = { 'content-type': 'application/x-amz-json-1.0', 'content-length': '2' }

describe('a client of AWS', () => {
  it('takes the answer of a service that answers', async () => {
    expect(await readFrom((response) => response.writeHead(200, START).end('{}'))).toEqual({
      came: 'answered',
      calls: 1,
    })
  })

  it('gives up a service that takes the request and says nothing, and tries again', async () => {
    expect(await readFrom(() => {})).toEqual({ came: 'TimeoutError', calls: 2 })
  })

  it('gives up a service that stops in the middle of its answer', async () => {
    expect(await readFrom((response) => response.writeHead(200, START).write('{'))).toMatchObject({
      came: expect.not.stringMatching('answered'),
    })
  })
})
