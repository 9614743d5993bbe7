import type { IncomingMessage, ServerResponse } from 'node:http'
import dynalite from 'dynalite'
import { type Account, type AwsService, isRefusal, refusal } from './aws-service.ts'
import { type WireAnswer, type WireCall, wireCall } from './aws-wire.ts'
import { type BusEvent, eventBus } from './event-bus.ts'
import { kms } from './kms.ts'
import { type Functions, invoke, invoked } from './lambda.ts'
import { closed, type Loopback, listenOnLoopback, readBody } from './loopback.ts'
import { secretsManager } from './secrets-manager.ts'
import { type Notice, sns } from './sns.ts'
import { sts } from './sts.ts'

export interface AwsEndpoints extends Loopback {
  /** What was published to SNS, oldest first. */
  readonly messages: readonly Notice[]
  /** What was put on the event bus, oldest first. */
  readonly events: readonly BusEvent[]
  /** How often each operation was called, for example `{ 'secretsmanager.GetSecretValue': 3 }`. */
  calls(): Readonly<Record<string, number>>
}

export interface AwsEndpointsOptions extends Account {
  readonly port: number
  /** The clock that dates their answers. @default real time */
  readonly now?: () => Date
  readonly onNotice?: (notice: Notice) => void
  readonly onEvent?: (event: BusEvent) => void
  /** What Lambda can invoke, by name. @default none */
  readonly functions?: Functions
}

/** Of DynamoDB what dynalite has; it would refuse the others without a word. */
const DYNAMODB = [
  ...['BatchGetItem', 'BatchWriteItem', 'CreateTable', 'DeleteItem', 'DeleteTable', 'DescribeTable'],
  ...['DescribeTimeToLive', 'GetItem', 'ListTables', 'ListTagsOfResource', 'PutItem', 'Query', 'Scan'],
  ...['TagResource', 'UntagResource', 'UpdateItem', 'UpdateTable'],
]

/**
 * The AWS services of the machine on one loopback address, in memory: point `AWS_ENDPOINT_URL` at it. Each is as far there
 * as the machine and who looks at it need; anything else is refused in the caller's own protocol, with what there is.
 * Every call has to be signed, as AWS wants it and no page elsewhere can; the signature is not checked, which the gateway
 * does for the callers of Vendomat.
 */
export async function startAwsEndpoints(options: AwsEndpointsOptions): Promise<AwsEndpoints> {
  const { now = () => new Date(), functions = new Map() } = options
  const messages: Notice[] = []
  const events: BusEvent[] = []
  const counts = new Map<string, number>()
  const dynamo = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 })
  const services: Readonly<Record<string, AwsService>> = {
    secretsmanager: secretsManager(options, now),
    kms: kms(options, now),
    events: eventBus(now, (event) => {
      events.push(event)
      options.onEvent?.(event)
    }),
    sns: sns(options, (notice) => {
      messages.push(notice)
      options.onNotice?.(notice)
    }),
    sts: sts(options),
  }
  const operations: Readonly<Record<string, readonly string[]>> = {
    ...Object.fromEntries(Object.entries(services).map(([name, service]) => [name, Object.keys(service)])),
    dynamodb: DYNAMODB,
    lambda: ['Invoke'],
  }
  const count = (call: string) => counts.set(call, (counts.get(call) ?? 0) + 1)

  const server = await listenOnLoopback(options.port, (request, response) => {
    if (!request.headers.authorization) return void response.writeHead(403).end('Missing Authentication Token\n')
    const target = request.headersDistinct['x-amz-target']?.[0]
    const [prefix, name = ''] = target?.split('.') ?? []
    if (target && prefix?.startsWith('DynamoDB_')) {
      // The functions take the table's time for theirs, so it has to be the machine's (RFC 9110 section 6.6.1).
      response.setHeader('date', now().toUTCString())
      if (DYNAMODB.includes(name)) {
        count(target)
        return handOver(dynamo, request, response)
      }
    }
    readBody(request)
      .then((body) => answer(request, `${body}`))
      .then(({ status, headers, body }) => response.writeHead(status, headers).end(body))
      .catch(() => response.destroy())
  })

  async function answer(request: IncomingMessage, body: string): Promise<WireAnswer> {
    const call = wireCall(request, body)
    const name = invoked(request)
    const { service } = call
    const operation = name === undefined ? call.operation : 'Invoke'
    count(request.headersDistinct['x-amz-target']?.[0] ?? `${service}.${operation}`)
    try {
      if (name !== undefined) {
        const { headers } = request
        return await invoke({ name, body, headers }, { functions, account: options })
      }
      const run = offers(Object.hasOwn(services, service) ? services[service] : undefined, call)
      if (!run) throw notSimulated(service, operation, operations)
      return call.answer(run(call.input()))
    } catch (error) {
      return call.refuse(asRefusal(error))
    }
  }

  const close = async () => {
    await server.close()
    await closed(dynamo)
  }
  return { url: server.url, close, messages, events, calls: () => Object.fromEntries(counts) }
}

/** dynalite reads the body itself. Its own error listener throws: one client that leaves would end the process. */
function handOver(dynamo: ReturnType<typeof dynalite>, request: IncomingMessage, response: ServerResponse) {
  dynamo.emit('request', request, response)
  request.removeAllListeners('error').on('error', () => response.destroy())
}

const offers = (service: AwsService | undefined, { operation }: WireCall) =>
  service && Object.hasOwn(service, operation) ? service[operation] : undefined

function notSimulated(service: string, operation: string, operations: Readonly<Record<string, readonly string[]>>) {
  const known = Object.hasOwn(operations, service) ? operations[service] : undefined
  const there = known
    ? `of ${service} there are ${known.join(', ')}`
    : `there are ${Object.keys(operations).sort().join(', ')}`
  const asked = `${service} ${operation}`.trim()
  return refusal('UnknownOperationException', `${asked} is not simulated on this machine; ${there}`)
}

function asRefusal(error: unknown) {
  return isRefusal(error) ? error : refusal('InternalFailure', `The local endpoint failed: ${error}`, 500)
}
