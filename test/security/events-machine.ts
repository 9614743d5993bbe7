import { jest } from '@jest/globals'
import type { Context } from 'aws-lambda'
import { ENV } from '../../functions/environment.ts'
import { lambdaHandler } from '../../functions/lambda/vendor-function.ts'
import { vendors } from '../../functions/vendors.ts'
import { listenOnLoopback, readBody } from '../../lib/local/loopback.ts'

/** What the function asks of AWS. */
export interface AwsCall {
  readonly action: string
  readonly body: string
}

const isWrite = ({ action }: AwsCall): boolean => /^(Update|Put|Delete|Batch|Transact)/.test(action)

/** What an account answers that has an empty table and no secret. */
const EMPTY: Readonly<Record<string, object>> = {
  Query: { Items: [] },
  GetItem: {},
  UpdateItem: {},
  ListSecrets: { SecretList: [] },
}

/**
 * The function of Accelo as Lambda calls it, in an empty account: a table without rows, no secret, and a vendor who notes
 * that it is called. Whatever it is sent, there is nothing to obtain and nothing to write down.
 */
export async function emptyMachine() {
  let calls: AwsCall[] = []
  let vendorCalls = 0
  const account = await listenOnLoopback(0, async (request, response) => {
    const action = String(request.headers['x-amz-target']).split('.').at(-1) ?? ''
    calls.push({ action, body: String(await readBody(request)) })
    const answer = EMPTY[action] ?? { __type: 'ResourceNotFoundException', message: 'there is none' }
    response.writeHead(EMPTY[action] ? 200 : 400, { 'content-type': 'application/x-amz-json-1.1' })
    response.end(JSON.stringify(answer))
  })
  const vendor = await listenOnLoopback(0, (_request, response) => {
    vendorCalls += 1
    response.writeHead(500).end()
  })
  const before = { ...process.env }
  Object.assign(process.env, {
    ...{ AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'AKIDLOCAL', AWS_SECRET_ACCESS_KEY: 'local' },
    AWS_ENDPOINT_URL: account.url,
    [ENV.table]: 'tokens',
    [ENV.envelopeKey]: 'key',
    [ENV.simulatorUrl]: vendor.url,
  })
  const handler = lambdaHandler(vendors.accelo, async () => vendors.accelo)
  const said: string[] = []
  const spies = [process.stdout, process.stderr].map((stream) =>
    jest.spyOn(stream, 'write').mockImplementation((text) => {
      said.push(String(text))
      return true
    }),
  )
  return {
    /** What came of one event, whatever it is. */
    send: async (event: unknown) => {
      calls = []
      vendorCalls = 0
      said.length = 0
      // Lambda hands over whatever it was sent; what is read of its context is the time.
      const invoke = handler as (event: unknown, context: Context) => Promise<unknown>
      const context = { getRemainingTimeInMillis: () => 20_000 } as Context
      const outcome = await invoke(event, context).then(
        (answer) => ({ answer }),
        (error: unknown) => ({ error }),
      )
      return { ...outcome, calls, writes: calls.filter(isWrite), vendorCalls, said: said.join('') }
    },
    close: async () => {
      for (const spy of spies) spy.mockRestore()
      process.env = before
      await account.close()
      await vendor.close()
    },
  }
}

const gatewayContext = { requestId: 'r-1', identity: { userArn: 'arn:aws:iam::111122223333:user/ada' } }

/** A call that API Gateway makes of `GET /tokens/accelo/hq`. */
export const gatewayEvent = {
  ...{ resource: '/tokens/accelo/{connection}', httpMethod: 'GET', path: '/tokens/accelo/hq' },
  ...{ headers: {}, multiValueHeaders: {}, queryStringParameters: null, multiValueQueryStringParameters: null },
  ...{ pathParameters: { connection: 'hq' }, stageVariables: null, body: null, isBase64Encoded: false },
  requestContext: { ...gatewayContext, resourcePath: '/tokens/accelo/{connection}', httpMethod: 'GET', stage: 'v1' },
}

/** What is thrown for an event that is not ours: our own words, and none of the event's. */
export const REFUSAL = /^the (call did not come through the gateway|schedule asked for a task that there is not)$/
