import { jest } from '@jest/globals'
import type { APIGatewayProxyEvent, Context } from 'aws-lambda'
import { dynamoRounds } from '../../functions/aws/dynamo-rounds.ts'
import { ENV } from '../../functions/environment.ts'
import { lambdaHandler } from '../../functions/lambda/vendor-function.ts'
import { vendors } from '../../functions/vendors.ts'
import { localAws } from '../support/local-aws.ts'

const environment = { AWS_REGION: 'eu-west-1', VENDOMAT_TABLE: 'tokens', VENDOMAT_ENVELOPE_KEY: 'key' }
const ada = 'arn:aws:iam::111122223333:user/ada'

/** Headers by which others tell who calls. Anybody can send them. */
const headers = Object.fromEntries(
  ['x-caller', 'X-Caller', 'x-user-arn', 'x-amzn-iam-user-arn', 'x-forwarded-user', 'authorization'].map((name) => [
    name,
    'arn:aws:iam::111122223333:user/mallory',
  ]),
)

/** A call that is refused before it needs anything but its own words, so that only the audit line is left of it. */
async function call(identity: { readonly userArn?: string | null } | undefined) {
  const logged: string[] = []
  const spies = [process.stdout, process.stderr].map((stream) =>
    jest.spyOn(stream, 'write').mockImplementation((text) => {
      logged.push(String(text))
      return true
    }),
  )
  try {
    const event = {
      ...{ resource: '/tokens/accelo/{connection}', httpMethod: 'GET', path: '/tokens/accelo/no%20name' },
      ...{ headers, pathParameters: { connection: 'no name' }, body: null, isBase64Encoded: false },
      requestContext: { requestId: 'r-1', ...(identity && { identity }) },
      // What the gateway sends beside that, the function does not read.
    } as unknown as APIGatewayProxyEvent
    const context = { getRemainingTimeInMillis: () => 20_000 } as Context
    const answered = await lambdaHandler(vendors.accelo)(event, context)
    return { answered, callers: logged.flatMap((text) => text.match(/"caller":"[^"]*"/g) ?? []) }
  } finally {
    for (const spy of spies) spy.mockRestore()
  }
}

describe('who calls', () => {
  const before = { ...process.env }
  beforeEach(() => Object.assign(process.env, environment))
  afterEach(() => {
    process.env = { ...before }
  })

  it('is who the gateway has verified, whatever the headers say', async () => {
    const { answered, callers } = await call({ userArn: ada })
    expect(answered).toMatchObject({ statusCode: 400 })
    expect(callers).toEqual([`"caller":"${ada}"`])
  })

  it.each([
    ['names nobody', { userArn: null }],
    ['names nobody but the empty text', { userArn: '' }],
    ['says nothing of who it is', {}],
    ['was not there', undefined],
  ])('is nobody where the gateway %s: such a call has no answer', async (_, identity) => {
    await expect(call(identity)).rejects.toThrow('the call did not come through the gateway')
  })
})

describe('the task of a minute', () => {
  it('goes on with a daily check that is not done, and leaves alone one that is', async () => {
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
        const handler = lambdaHandler(vendors.accelo)
        await handler({ task: 'renew' }, { getRemainingTimeInMillis: () => 20_000 } as Context)
        return rounds.last(vendors.accelo)
      }
      expect(await renew()).toBeUndefined()
      const stopped = { id: 'r1', since: new Date(), after: 'hq' }
      await rounds.replace(vendors.accelo, { seen: undefined, next: stopped })
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
