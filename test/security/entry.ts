import { connect } from 'node:net'
import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager'
import { jest } from '@jest/globals'
import { Sha256 } from '@smithy/core/checksum'
import { SignatureV4 } from '@smithy/signature-v4'
import type { Context } from 'aws-lambda'
import { acceloClients, acceloDeployment } from '../../functions/accelo/simulator.ts'
import { type Operation, ROUTES, type Route } from '../../functions/api/routes.ts'
import { ENV } from '../../functions/environment.ts'
import { lambdaHandler } from '../../functions/lambda/vendor-function.ts'
import { netrexApplication } from '../../functions/netrex/simulator.ts'
import { vendors } from '../../functions/vendors.ts'
import { type GatewayOptions, startGateway } from '../../lib/local/gateway.ts'
import { startSimulators } from '../../lib/local/simulators.ts'
import { jsonOf } from '../local/json.ts'
import { isLast } from '../support/audit-lines.ts'
import { localAws } from '../support/local-aws.ts'

/** The credentials of `hq`, the one connection that a vendor has here. */
const SECRETS = {
  accelo: {
    deployment: acceloDeployment,
    client_id: acceloClients.hq.clientId,
    client_secret: acceloClients.hq.clientSecret,
    scope: 'read(all)',
  },
  netrex: {
    host: 'system2.netrex.cz',
    client_id: netrexApplication.clientId,
    client_secret: netrexApplication.clientSecret,
    scope: 'read',
  },
}

export type VendorId = keyof typeof SECRETS

export const ADA = 'arn:aws:sts::111122223333:assumed-role/billing/ada'
export const REFUSED = 'the call did not come through the gateway'
const CALLER = { accessKeyId: 'AKIDCALLER', secretAccessKey: 'not-a-secret' }
const REGION = 'eu-west-1'

/** The path of a route, as the gateway names it or as a caller asks for it. */
export const pathOf = (operation: Operation, vendorId: string, connection = '{connection}'): string =>
  ROUTES[operation].path.replace('{vendor}', vendorId).replace('{connection}', () => connection)

/** Whether it is about all of a vendor, and names no connection. */
export const ofVendor = (operation: Operation): boolean => operation === 'list' || operation === 'describe'

/** The event that API Gateway makes of a call; `change` takes the place of what it would say. */
export const eventOf = (operation: Operation, vendorId: string, change: object = {}): object => ({
  resource: pathOf(operation, vendorId),
  path: pathOf(operation, vendorId, 'hq'),
  httpMethod: ROUTES[operation].method,
  headers: { host: 'abc123.execute-api.eu-west-1.amazonaws.com' },
  queryStringParameters: null,
  multiValueQueryStringParameters: null,
  pathParameters: ofVendor(operation) ? null : { connection: 'hq' },
  requestContext: { requestId: 'r-1', apiId: 'abc123', identity: { userArn: ADA } },
  body: null,
  isBase64Encoded: false,
  ...change,
})

/** What one call came to, seen from outside: the answer, the last audit line, and what AWS and the vendor were asked meanwhile. */
export interface Seen {
  /** What the function threw; then there is no answer. */
  readonly thrown?: string
  readonly answer?: { readonly statusCode: number; readonly headers: Record<string, string>; readonly body: string }
  readonly audit: readonly Readonly<Record<string, unknown>>[]
  readonly asked: Readonly<Record<string, number>>
}

/** The function of a vendor behind its real entry, and behind a gateway on loopback, with an AWS and a vendor of its own. */
export async function startEntry(vendorId: VendorId) {
  const before = { ...process.env }
  const [aws, simulators] = await Promise.all([localAws(), startSimulators({ port: 0 })])
  const table = await aws.createTable()
  const SecretString = JSON.stringify(SECRETS[vendorId])
  await aws.secrets.send(new CreateSecretCommand({ Name: `vendomat/${vendorId}/hq`, SecretString }))
  Object.assign(process.env, {
    ...{ AWS_REGION: REGION, AWS_ACCESS_KEY_ID: 'AKIDLOCAL', AWS_SECRET_ACCESS_KEY: 'local' },
    ...{ AWS_ENDPOINT_URL: aws.url, AWS_ENDPOINT_URL_DYNAMODB: aws.dynamoUrl },
    ...{ [ENV.table]: table, [ENV.envelopeKey]: aws.keyId, [ENV.simulatorUrl]: simulators.url },
  })
  const vendor = vendors[vendorId]
  const handler = lambdaHandler(vendor, async () => vendor)
  // The handler reads this member of the context and no other.
  const context = { getRemainingTimeInMillis: () => 20_000 } as Context
  const invoke = async (event: unknown): Promise<unknown> => handler(event, context)

  const routes = Object.entries<Route>(ROUTES).map(([operation, { method }]) => ({
    // The entries of ROUTES have its keys.
    ...{ method, resourcePath: pathOf(operation as Operation, vendorId), functionId: 'fn' },
  }))
  const pool = { invoke: (event: unknown) => invoke(event).catch(() => undefined), stop() {}, close() {} }
  const functions: GatewayOptions['functions'] = new Map([['fn', { ...pool, pids: () => [], logFile: '' }]])
  // As API Gateway has it where a stack says nothing. What ours says is a matter of the template.
  const saying = (message: string) => ({ headers: {}, body: JSON.stringify({ message }) })
  const gateway = await startGateway({
    ...{ port: 0, stage: 'v1', region: REGION, accountId: '000000000000', credentials: CALLER, routes, functions },
    gatewayResponses: {
      MISSING_AUTHENTICATION_TOKEN: saying('Missing Authentication Token'),
      INVALID_SIGNATURE: saying('The request signature we calculated does not match the signature you provided.'),
      DEFAULT_4XX: saying('The security token included in the request is invalid.'),
    },
  })

  const asked = async (): Promise<Readonly<Record<string, number>>> => {
    const control = await fetch(`${simulators.url}/_control/${vendorId}`)
    const { calls } = await jsonOf<{ readonly calls: { readonly total: number } }>(control)
    return { ...aws.calls(), vendor: calls.total }
  }

  /** What happens while `work` is done. */
  async function watch<T>(work: () => Promise<T>): Promise<{ done: T } & Pick<Seen, 'audit' | 'asked'>> {
    const written: string[] = []
    const spies = [process.stdout, process.stderr].map((stream) =>
      jest.spyOn(stream, 'write').mockImplementation((text) => {
        written.push(String(text))
        return true
      }),
    )
    const earlier = await asked()
    try {
      const done = await work()
      const more = Object.entries(await asked()).map(([name, count]) => [name, count - (earlier[name] ?? 0)] as const)
      const lines = written.flatMap((text) => text.split('\n')).filter((line) => line.includes('"op":'))
      return {
        done,
        audit: lines.map((line) => JSON.parse(line)).filter(isLast),
        asked: Object.fromEntries(more.filter(([, count]) => count > 0)),
      }
    } finally {
      for (const spy of spies) spy.mockRestore()
    }
  }

  return {
    gateway: new URL(gateway.url),
    /** Calls the function itself, with an event as API Gateway makes it or as nobody should. */
    async call(event: unknown): Promise<Seen> {
      const { done, ...seen } = await watch(() =>
        invoke(event).then(
          (answer) => ({ answer: answer as NonNullable<Seen['answer']> }),
          (error: unknown) => ({ thrown: String(error) }),
        ),
      )
      return { ...done, ...seen }
    },
    /** Sends these very bytes to the gateway on loopback. Returns the status and the body. */
    async send(bytes: string | Buffer) {
      const { done, ...seen } = await watch(() => exchange(gateway.url, bytes))
      return { ...done, ...seen }
    },
    close: async () => {
      process.env = before
      await Promise.all([gateway.close(), simulators.close(), aws.close()])
    },
  }
}

export type Entry = Awaited<ReturnType<typeof startEntry>>

/** The bytes of a signed request whose path no client has touched. */
export async function signedBytes(
  { host }: URL,
  { method, path, headers = {}, body = '' }: { method: string; path: string; headers?: object; body?: string },
): Promise<string> {
  const signer = new SignatureV4({ service: 'execute-api', region: REGION, credentials: CALLER, sha256: Sha256 })
  const signed = await signer.sign({ method, protocol: 'http:', hostname: host, path, headers: { host }, body })
  const all = { ...signed.headers, 'content-length': Buffer.byteLength(body), connection: 'close', ...headers }
  const lines = Object.entries(all).flatMap(([name, value]) => [value].flat().map((one) => `${name}: ${one}`))
  return [`${method} ${path} HTTP/1.1`, ...lines, '', body].join('\r\n')
}

function exchange(url: string, bytes: string | Buffer): Promise<{ readonly status: number; readonly body: string }> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const socket = connect(Number(port), hostname, () => socket.write(bytes))
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.on('error', reject)
    socket.on('close', () => {
      const parts = Buffer.concat(chunks).toString().split('\r\n\r\n')
      const [head = '', ...rest] = parts[0]?.endsWith('100 Continue') ? parts.slice(1) : parts
      resolve({ status: Number(head.split(' ')[1]), body: rest.join('\r\n\r\n') })
    })
  })
}
