import type { IncomingMessage, ServerResponse } from 'node:http'
import { DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb'
import { DecryptCommand, KMSClient } from '@aws-sdk/client-kms'
import { type SignedCallOptions, signedCall } from '../../functions/aws/signed-call.ts'
import { listenOnLoopback, readBody } from '../../lib/local/loopback.ts'
import { verifySigV4 } from '../../lib/local/sigv4.ts'

const credentials = { accessKeyId: 'AKIDLOCAL', secretAccessKey: 'local', sessionToken: 'session' }
const now = () => new Date()

interface Seen {
  readonly method: string
  readonly path: string
  readonly headers: NodeJS.Dict<string[]>
  readonly body: string
}

type Answer = (response: ServerResponse, nth: number, request: IncomingMessage) => void

const nothing: Seen = { method: '', path: '', headers: {}, body: '' }

/** A service that answers as it is told, and what it has seen. */
async function service(answer: Answer) {
  const seen: Seen[] = []
  const server = await listenOnLoopback(0, (request, response) => {
    readBody(request).then((body) => {
      const { method = '', url: path = '', headersDistinct: headers } = request
      seen.push({ method, path, headers, body: `${body}` })
      answer(response, seen.length, request)
    })
  })
  const call = (options: Partial<SignedCallOptions> = {}) =>
    signedCall({ service: 'dynamodb', region: 'eu-west-1', endpoint: server.url, credentials, now, ...options })
  return { ...server, seen, call }
}

const json =
  (body: string, status = 200): Answer =>
  (response) =>
    response.writeHead(status, { date: 'Sat, 21 Nov 2026 12:00:00 GMT' }).end(body)

const query = {
  TableName: 'tokens',
  KeyConditionExpression: 'pk = :pk',
  ExpressionAttributeValues: { ':pk': { S: 'ü' } },
}

describe('a signed call', () => {
  it('answers what the service answers, and is signed so that it is let in', async () => {
    const { seen, call, close } = await service(json('{"Items":[]}'))
    expect(await call()('Query', query)).toEqual({ Items: [] })
    const [{ method, path, headers, body } = nothing] = seen
    const request = { method, rawPath: path, rawQuery: '', headers, body: Buffer.from(body) }
    const expected = { ...credentials, region: 'eu-west-1', service: 'dynamodb', now: new Date() }
    expect(verifySigV4(request, expected)).toMatchObject({ ok: true })
    expect(verifySigV4(request, { ...expected, secretAccessKey: 'other' })).toMatchObject({ ok: false })
    await close()
  })

  it.each(['dynamodb', 'kms'] as const)('asks %s for what the SDK asks it for', async (name) => {
    const { seen, call, url, close } = await service(json('{}'))
    const config = { endpoint: url, region: 'eu-west-1', credentials }
    if (name === 'dynamodb') {
      const client = new DynamoDBClient(config)
      await client.send(new QueryCommand(query))
      client.destroy()
      await call()('Query', query)
    } else {
      const EncryptionContext = { app: 'vendomat' }
      const client = new KMSClient(config)
      await client.send(new DecryptCommand({ KeyId: 'key', CiphertextBlob: Buffer.from('abc'), EncryptionContext }))
      client.destroy()
      await call({ service: 'kms' })('Decrypt', { KeyId: 'key', CiphertextBlob: 'YWJj', EncryptionContext })
    }
    const asked = seen.map(({ method, path, headers, body }) => ({
      ...{ method, path, target: headers['x-amz-target'], type: headers['content-type'], body: JSON.parse(body) },
      ...{ token: headers['x-amz-security-token'], length: headers['content-length'] },
      scope: headers.authorization?.[0]?.match(/Credential=([^,]*)/)?.[1],
    }))
    expect(asked).toHaveLength(2)
    expect(asked[1]).toEqual(asked[0])
    await close()
  })

  it.each<[string, Answer]>([
    ['refuses it', json('{"__type":"AccessDeniedException"}', 400)],
    ['breaks', json('{}', 500)],
    ['answers nonsense', json('<html>')],
    ['answers no object', json('null')],
    ['hangs up', (response) => response.destroy()],
    [
      'stops halfway',
      (response) => response.writeHead(200, { 'content-length': '20' }).write('{', () => response.destroy()),
    ],
  ])('has no answer when the service %s, and is made once', async (_, answer) => {
    const { seen, call, close } = await service(answer)
    expect(await call()('Query', query)).toBeUndefined()
    expect(seen).toHaveLength(1)
    await close()
  })

  it('has no answer when nobody listens, and none after a second of silence', async () => {
    const { call, close } = await service(() => {})
    expect(await call({ endpoint: 'http://127.0.0.1:1' })('Query', query)).toBeUndefined()
    expect(await call()('Query', query)).toBeUndefined()
    await close()
  })

  it('is made again when the service had closed the connection it went by', async () => {
    const { seen, call, close } = await service((response, nth) =>
      nth === 2 ? response.destroy() : response.writeHead(200).end(`{"nth":${nth}}`),
    )
    const send = call()
    expect(await send('Query', query)).toEqual({ nth: 1 })
    expect(await send('Query', query)).toEqual({ nth: 3 })
    expect(seen).toHaveLength(3)
    await close()
  })

  it('tells the date of the answer to who times it, a refusal’s too', async () => {
    const dates: unknown[] = []
    const timing = () => (date: unknown) => dates.push(date)
    const { call, close } = await service(json('{}', 400))
    await call({ timing })('Query', query)
    expect(dates).toEqual(['Sat, 21 Nov 2026 12:00:00 GMT'])
    await close()
  })
})
