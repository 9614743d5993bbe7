import { jest } from '@jest/globals'
import type { APIGatewayProxyEvent, Context } from 'aws-lambda'
import { lambdaHandler } from '../../functions/lambda/vendor-function.ts'
import { vendors } from '../../functions/vendors.ts'

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
