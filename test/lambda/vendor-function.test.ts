import { jest } from '@jest/globals'
import type { APIGatewayProxyEvent, Context } from 'aws-lambda'
import { dynamoRounds } from '../../functions/aws/dynamo-rounds.ts'
import { ENV, INVOCATION_SECONDS } from '../../functions/environment.ts'
import type { Vendor } from '../../functions/kit/vendor.ts'
import type { ScheduledTask } from '../../functions/lambda/task.ts'
import { lambdaHandler } from '../../functions/lambda/vendor-function.ts'
import { vendors } from '../../functions/vendors.ts'
import { listenOnLoopback, readBody } from '../../lib/local/loopback.ts'
import { localAws } from '../support/local-aws.ts'

const environment = { AWS_REGION: 'eu-west-1', VENDOMAT_TABLE: 'tokens', VENDOMAT_ENVELOPE_KEY: 'key' }
const ada = 'arn:aws:iam::111122223333:user/ada'

describe('the task of a minute', () => {
  it('begins the first check of all, goes on with one that is not done, and leaves alone one that is', async () => {
    const aws = await localAws()
    const table = await aws.createTable()
    const before = { ...process.env }
    Object.assign(process.env, environment, {
      ...{ AWS_ACCESS_KEY_ID: 'AKIDLOCAL', AWS_SECRET_ACCESS_KEY: 'local' },
      AWS_ENDPOINT_URL: aws.url,
      [ENV.table]: table,
      [ENV.envelopeKey]: aws.keyId,
    })
    const stdout = jest.spyOn(process.stdout, 'write').mockImplementation(() => true)
    try {
      const rounds = dynamoRounds({ client: aws.dynamo, table })
      const renew = async () => {
        const handler = lambdaHandler(vendors.accelo, async () => vendors.accelo)
        await handler({ task: 'renew' }, { getRemainingTimeInMillis: () => 20_000 } as Context)
        return rounds.last(vendors.accelo)
      }
      const first = await renew()
      expect(first).toMatchObject({ done: true })
      const stopped = { id: 'r1', since: new Date(), after: 'hq' }
      await rounds.replace(vendors.accelo, { seen: first, next: stopped })
      const done = await renew()
      expect(done).toMatchObject({ since: stopped.since, done: true })
      expect(await renew()).toEqual(done)
    } finally {
      stdout.mockRestore()
      process.env = before
      await aws.close()
    }
  })
})

describe('the time of an invocation', () => {
  const before = { ...process.env }
  afterEach(() => {
    process.env = { ...before }
  })

  const gateway = {
    ...{ resource: '/tokens/accelo/{connection}', httpMethod: 'GET', path: '/tokens/accelo/hq' },
    ...{ pathParameters: { connection: 'hq' }, body: null, isBase64Encoded: false },
    requestContext: { requestId: 'r-1', identity: { userArn: ada } },
    // What the gateway sends beside that, the function does not read.
  } as unknown as APIGatewayProxyEvent
  const secret = { deployment: 'acme', client_id: 'id', client_secret: 'secret' }

  /** Whether the function takes a lease when so many seconds of its five minutes are gone by the time it has read the row. */
  async function renews(vendor: Vendor, event: APIGatewayProxyEvent | ScheduledTask, goneSeconds: number) {
    let gone = 0
    let writes = 0
    const server = await listenOnLoopback(0, (request, response) => {
      readBody(request).then((body) => {
        const [, action = ''] = String(request.headers['x-amz-target']).split('.')
        if (action === 'UpdateItem') writes += 1
        const isIndex = action === 'Query' && String(body).includes('IndexName')
        if (action === 'Query' && !isIndex) gone = goneSeconds
        const answers: Readonly<Record<string, object>> = {
          Query: { Items: isIndex ? [{ pk: { S: `${vendor.id}#hq` } }] : [] },
          GetItem: { Item: { round: { S: '{"id":"r1","since":"2026-11-21T08:00:00.000Z","done":true}' } } },
          GetSecretValue: { SecretString: JSON.stringify(secret), VersionId: 'v1' },
        }
        const answer = answers[action] ?? { __type: 'com.amazonaws.dynamodb.v20120810#ResourceNotFoundException' }
        response.writeHead(answers[action] ? 200 : 400, { 'content-type': 'application/x-amz-json-1.0' })
        response.end(JSON.stringify(answer))
      })
    })
    const local = { AWS_ENDPOINT_URL: server.url, AWS_ACCESS_KEY_ID: 'AKIDLOCAL', AWS_SECRET_ACCESS_KEY: 'secret' }
    Object.assign(process.env, environment, local)
    const spies = [process.stdout, process.stderr].map((stream) =>
      jest.spyOn(stream, 'write').mockImplementation(() => true),
    )
    try {
      const left = { getRemainingTimeInMillis: () => (INVOCATION_SECONDS.task - gone) * 1000 } as Context
      await lambdaHandler(vendor, async () => vendor)(event, left)
      return writes > 0
    } finally {
      for (const spy of spies) spy.mockRestore()
      await server.close()
    }
  }

  it.each([
    ['a call renews what it can end within its 20 s', gateway, 5.9, true],
    ['a call begins nothing that would take longer, though the function has minutes left', gateway, 19.1, false],
    ['a task has the whole time of the function', { task: 'renew' }, 280, true],
    ['a task begins nothing that the function would not see the end of', { task: 'renew' }, 287, false],
  ] as const)('%s', async (_, event, gone, begins) => {
    expect(await renews(vendors.accelo, event, gone)).toBe(begins)
  })
})
